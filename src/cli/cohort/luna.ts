/** `spicula cohort from luna16` and `luna25`. */
import { basename } from 'node:path'
import { Command } from 'commander'
import { luna16Cohort, luna25Cohort, luna25PointsCohort } from '../../annotations/tables/luna.ts'
import { SpiculaError } from '../../error.ts'
import { quietOption } from '../shared/options.ts'
import { openTable } from '../shared/rows.node.ts'
import { imagesOption, type OutputOptions, readText, writeCohort } from './output.node.ts'

export function cohortLuna16Command(): Command {
  return new Command('luna16')
    .summary("LUNA16's annotations.csv")
    .description('Nodules of LUNA16: seriesuid, coordX, coordY, coordZ, diameter_mm. They have no diagnosis.')
    .argument('<annotations>', 'annotations.csv')
    .requiredOption('--out <csv>', 'the cohort to write')
    .addOption(imagesOption('{series}.mhd'))
    .addOption(quietOption())
    .action(async (file: string, options: OutputOptions & { images: string }) => {
      const about = {
        source: 'LUNA16 (Setio et al. 2017), from LIDC-IDRI, CC BY 3.0',
        frame: 'lps',
        malignant: 'not known',
      }
      await writeCohort(luna16Cohort(await openTable(file, options), options), about, options)
    })
}

interface Luna25Options extends OutputOptions {
  readonly images: string
  readonly pid?: string
  readonly clinical?: string
  readonly image?: string
}

export function cohortLuna25Command(): Command {
  return new Command('luna25')
    .summary("LUNA25's table, or the points of one scan")
    .description(
      "LUNA25's table of annotations, or the challenge's nodule-locations.json of one scan (with --pid and --image).",
    )
    .argument('<source>', 'the table (.csv) or nodule-locations.json')
    .requiredOption('--out <csv>', 'the cohort to write')
    .option('--pid <pid>', 'the patient of a nodule-locations.json')
    .option('--image <path>', 'the scan of a nodule-locations.json')
    .option('--clinical <json>', 'clinical-information.json beside it: gender, age')
    .addOption(imagesOption('{series}.mha'))
    .addOption(quietOption())
    .action(luna25)
}

async function luna25(file: string, options: Luna25Options): Promise<void> {
  const about = { source: 'LUNA25', frame: 'lps' }
  const { pid, image, clinical } = options
  if (!/\.json$/i.test(file)) {
    const malignant = 'label of the table: 1 malignant, 0 benign'
    return writeCohort(luna25Cohort(await openTable(file, options), options), { ...about, malignant }, options)
  }
  if (pid === undefined || image === undefined) {
    throw new SpiculaError('cli/usage', 'a document names neither patient nor scan: give --pid and --image')
  }
  const clinicalText = clinical === undefined ? undefined : await readText(clinical)
  const text = await readText(file)
  const converted = luna25PointsCohort(text, { name: basename(file), pid, image, clinicalText })
  await writeCohort(converted, { ...about, malignant: 'not known' }, options)
}
