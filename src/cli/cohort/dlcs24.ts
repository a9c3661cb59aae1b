/** `spicula cohort from dlcs24`: Duke Lung Cancer Screening 2024. */
import { Command } from 'commander'
import { dlcsCohort } from '../../annotations/tables/dlcs.ts'
import type { WorldFrame } from '../../cohort/frame.ts'
import { quietOption } from '../shared/options.ts'
import { openTable } from '../shared/rows.node.ts'
import { type OutputOptions, tableFrameOption, writeCohort } from './output.node.ts'

interface DlcsOptions extends OutputOptions {
  readonly folder: string
  readonly frame: WorldFrame
}

export function cohortDlcs24Command(): Command {
  return new Command('dlcs24')
    .summary("Duke's DLCS24 table")
    .description(
      'Reads the columns patient-id, nodule_id, ct_nifti_file, coordX, coordY, coordZ, w, h, d, Malignant_lbl, benchmark_split.',
    )
    .argument('<table>', "DLCS24's table of annotations")
    .requiredOption('--out <csv>', 'the cohort to write')
    .option('--folder <path>', 'folder of the scans, put before ct_nifti_file', '')
    .addOption(tableFrameOption())
    .addOption(quietOption())
    .action(async (file: string, options: DlcsOptions) => {
      const about = { source: 'Duke Lung Cancer Screening 2024 (DLCS24)', frame: 'lps', malignant: 'Malignant_lbl' }
      await writeCohort(dlcsCohort(await openTable(file, options), options), about, options)
    })
}
