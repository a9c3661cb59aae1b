/**
 * `spicula cohort from SOURCE`: other people's tables as one manifest. Each source is a subcommand in a file of its
 * own, `<source>.ts`, and registers by one entry in `SOURCES`.
 */
import { Command } from 'commander'
import { cohortDlcs24Command } from './dlcs24.ts'
import { cohortLidcCommand } from './lidc.ts'
import { cohortLuna16Command, cohortLuna25Command } from './luna.ts'
import { cohortLungxCommand } from './lungx.ts'
import { cohortMarkupsCommand } from './markups.ts'
import { cohortMaskCommand } from './mask.ts'
import { cohortMonaiCommand } from './monai.ts'
import { cohortNlstCommand } from './nlst.ts'
import { cohortBoxesCommand } from './pascal-voc.ts'
import { cohortRtstructCommand } from './rtstruct.ts'
import { cohortSrCommand } from './sr.ts'
import { cohortTableCommand } from './table.ts'
import { cohortToCommand } from './to.ts'

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
  cohortMarkupsCommand,
  cohortBoxesCommand,
]

export function cohortCommand(): Command {
  const cohort = new Command('cohort')
    .summary('manifests from what data sets and viewers have, and for them')
    .description('Makes manifests from what data sets and viewers have, and files for them.')
  const from = cohort
    .command('from')
    .description("Turns a data set's own tables into a manifest. The traps of each format: docs/cohorts.md.")
  for (const source of SOURCES) from.addCommand(source())
  cohort.addCommand(cohortToCommand())
  return cohort
}
