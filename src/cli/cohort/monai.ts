/** `spicula cohort from monai`: what a detector found, or its training list. */
import { basename } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { BOX_MODES, type BoxMode, monaiCohort } from '../../annotations/tables/monai.ts'
import type { WorldFrame } from '../../cohort/frame.ts'
import { quietOption } from '../shared/options.ts'
import { type OutputOptions, readText, tableFrameOption, writeCohort } from './output.node.ts'

interface MonaiOptions extends OutputOptions {
  readonly frame: WorldFrame
  readonly minScore: number
  readonly boxMode?: BoxMode
}

export function cohortMonaiCommand(): Command {
  return new Command('monai')
    .summary("MONAI's nodule detection JSON")
    .description(
      'Images with box [[cx, cy, cz, w, h, d]] in world mm, and label_scores where a detector made them. Boxes that can ' +
        'only be corners are refused unless --box-mode says so.',
    )
    .argument('<json>', 'data list or results')
    .requiredOption('--out <csv>', 'the cohort to write')
    .option('--min-score <p>', 'leave out detections with a lower score', share, 0)
    .addOption(new Option('--box-mode <mode>', "MONAI's name of what a box is").choices([...BOX_MODES]))
    .addOption(tableFrameOption())
    .addOption(quietOption())
    .action(async (file: string, options: MonaiOptions) => {
      const about = {
        source: 'MONAI lung nodule detection',
        frame: 'lps',
        malignant: 'not known',
        minScore: options.minScore,
      }
      await writeCohort(monaiCohort(await readText(file), { ...options, name: basename(file) }), about, options)
    })
}

function share(text: string): number {
  const value = Number(text)
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError(`'${text}' is not a number from 0 to 1`)
  return value
}
