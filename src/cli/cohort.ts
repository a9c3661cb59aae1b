/**
 * `spicula cohort from SOURCE`: other people's tables as one manifest. Each source is a subcommand in a file of its own,
 * `cohort-<source>.ts`, and registers by one entry in `SOURCES`.
 */
import { Command } from 'commander'
import { cohortBoxesCommand } from './cohort-boxes.ts'
import { cohortLidcCommand } from './cohort-lidc.ts'
import { cohortMaskCommand } from './cohort-mask.ts'
import { cohortRtstructCommand } from './cohort-rtstruct.ts'
import { cohortSrCommand } from './cohort-sr.ts'

/** Builders of the subcommands of `from`, in the order in which help lists them. */
const SOURCES: readonly (() => Command)[] = [
  cohortLidcCommand,
  cohortMaskCommand,
  cohortRtstructCommand,
  cohortSrCommand,
  cohortBoxesCommand,
]

export function cohortCommand(): Command {
  const cohort = new Command('cohort').description('manifests from the tables that data sets are distributed with')
  const from = cohort
    .command('from')
    .description("Turns a data set's own tables into a manifest. The traps of each format: docs/cohorts.md.")
  for (const source of SOURCES) from.addCommand(source())
  return cohort
}
