/** `spicula cohort from nlst`: the National Lung Screening Trial. */
import { Command } from 'commander'
import { nlstCohort } from '../../annotations/tables/nlst.ts'
import { parseWhole, quietOption } from '../shared/options.ts'
import { openTable } from '../shared/rows.node.ts'
import { imagesOption, type OutputOptions, writeCohort } from './output.node.ts'

interface NlstCommandOptions extends OutputOptions {
  readonly participants: string
  readonly points?: string
  readonly days: number
  readonly byLobe?: boolean
  readonly images: string
}

export function cohortNlstCommand(): Command {
  return new Command('nlst')
    .summary("NLST's abnormality and participant tables")
    .description(
      'Nodules of the screening CTs (sct_ab_desc 51), malignant where lung cancer was diagnosed within 365 days after ' +
        'that screen. The tables have no places in millimetres: give yours by --points.',
    )
    .argument('<abnormalities>', 'table of CT abnormalities (ctab): pid, study_yr, sct_ab_num, sct_ab_desc, ...')
    .requiredOption('--participants <csv>', 'table of participants (prsn): pid, candx_days, scr_days0, ...')
    .requiredOption('--out <csv>', 'the cohort to write')
    .option('--points <csv>', 'pid, study_yr, sct_ab_num, coordX, coordY, coordZ (LPS mm)')
    .option('--days <n>', 'days after the screen within which a diagnosis counts', parseWhole(1), 365)
    .option('--by-lobe', "label only nodules in the lobe of their patient's cancer")
    .addOption(imagesOption('{pid}/{year}'))
    .addOption(quietOption())
    .action(convert)
}

async function convert(file: string, options: NlstCommandOptions): Promise<void> {
  const { participants, points, days, byLobe = false } = options
  const converted = nlstCohort(await openTable(file, options), await openTable(participants, options), {
    ...options,
    points: points === undefined ? undefined : await openTable(points, options),
  })
  const about = {
    source: 'National Lung Screening Trial, NCI (CDAS)',
    malignant: `lung cancer within ${days} days after the screen${byLobe ? ", in the nodule's lobe" : ''}`,
  }
  await writeCohort(converted, about, options)
}
