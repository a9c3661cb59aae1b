/** `spicula check`: is this cohort sound, and is every nodule where its row says? No model needed. */
import { Command } from 'commander'
import type { Geometry } from '../../nodule/geometry.ts'
import { isDicomPlace } from '../../scan/dicom/dicom.node.ts'
import { frameOption, geometryOption, quietOption } from '../shared/options.ts'
import { printSeries } from './series-table.ts'
import { type WriteOptions, writeProducts } from './write-cohort.node.ts'

export function checkCommand(): Command {
  return new Command('check')
    .summary('validate a cohort and look at its nodules, without a model')
    .description(
      "Checks every row's file, frame and place in its scan, and duplicates; draws for each nodule the three planes " +
        'through it with a cross-hair, so that a person sees whether the points are right. Of a DICOM folder, archive, ' +
        'DICOMDIR or file it lists the series, and marks the best one for the chest.',
    )
    .argument('<cohort>', 'CSV with pid, nodule_id, image_path, coordX, coordY, coordZ; or DICOM, to list its series')
    .option('--out <folder>', 'where the pictures and errors.csv go', 'check')
    .addOption(geometryOption())
    .addOption(frameOption())
    .addOption(quietOption())
    .action(check)
}

async function check(cohort: string, { geometry, ...options }: WriteOptions & { geometry: Geometry }): Promise<void> {
  if (await isDicomPlace(cohort)) return printSeries(cohort)
  const { manifest, done, problems } = await writeProducts(cohort, { kind: 'check', geometry }, options)
  const labels = { 0: 0, 1: 0, none: 0 }
  for (const { malignant } of manifest.rows) labels[malignant ?? 'none']++
  const scans = new Set(manifest.rows.map(({ imageFile }) => imageFile)).size
  const patients = new Set(manifest.rows.map(({ pid }) => pid)).size
  console.log(`${manifest.name}: ${done} of ${done + problems.length} rows sound, ${patients} patients, ${scans} scans`)
  console.log(`labels: ${labels[1]} malignant, ${labels[0]} benign, ${labels.none} without`)
  console.log(`pictures: ${options.out}  (spicula, for research use)`)
}
