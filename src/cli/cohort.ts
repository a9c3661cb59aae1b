/**
 * `spicula cohort from SOURCE`: other people's tables as one manifest. Each source is a subcommand in a file of its own,
 * `cohort-<source>.ts`, and registers by one entry in `SOURCES`.
 */
import { Command } from 'commander'
import { cohortBoxesCommand } from './cohort-boxes.ts'
import { cohortDlcs24Command } from './cohort-dlcs24.ts'
import { cohortLidcCommand } from './cohort-lidc.ts'
import { cohortLuna16Command, cohortLuna25Command } from './cohort-luna.ts'
import { cohortLungxCommand } from './cohort-lungx.ts'
import { cohortMaskCommand } from './cohort-mask.ts'
import { cohortMonaiCommand } from './cohort-monai.ts'
import { cohortNlstCommand } from './cohort-nlst.ts'
import { cohortRtstructCommand } from './cohort-rtstruct.ts'
import { cohortSrCommand } from './cohort-sr.ts'
import { cohortTableCommand } from './cohort-table.ts'

/** Builders of the subcommands of `from`, in the order in which help lists them. */
const SOURCES: readonly (() => Command)[] = [
  cohortLidcCommand,
  cohortLungxCommand,
  cohortNlstCommand,
  cohortDlcs24Command,
  cohortLuna16Command,
  cohortLuna25Command,
  cohortMonaiCommand,
  cohortTableCommand,
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
