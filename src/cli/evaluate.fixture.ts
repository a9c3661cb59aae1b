/** For tests: a made cohort with its labels, predictions of two folds, another tool's scores, zero-shot features. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sigmoid } from '../evaluation/logistic.ts'
import { seededRandom } from '../random.ts'

const COLUMNS =
  'pid,nodule_id,malignant,sex,age,manufacturer,slice_thickness,kernel,longest_axial_diameter_(mm),nodule_consistency,' +
  'family_history,emphysema,lobe,nodule_count,nodule_margins,days'

/**
 * Writes NAME-truth.csv, NAME.csv, NAME-other.csv and NAME-features.csv. Names of patients are telling: no report may
 * hold them.
 * @param shift how far the predictions of cancers lie from others
 */
export async function makeCohort(folder: string, name: string, nodules: number, shift: number): Promise<void> {
  const random = seededRandom(3, name)
  const one = <T>(...values: T[]): T => values[random.integer(values.length)]
  const truth = [COLUMNS]
  const predictions = ['pid,nodule_id,raw_0,raw_1,ensemble']
  const other = ['pid,nodule_id,score']
  const features = ['pid,nodule_id,feature,value,probability']
  for (let i = 0; i < nodules; i++) {
    const pid = `SECRET-${name}-${Math.floor(i * 0.8)}`
    const malignant = random.uniform() < 0.3 ? 1 : 0
    const diameter = Math.max(3, 8 + 5 * malignant + 4 * random.normal()).toFixed(1)
    const margins = random.uniform() < 0.2 + 0.4 * malignant ? 'Spiculated/Serrated' : one('Smooth', 'Lobulated')
    const days = malignant ? 30 + random.integer(330) : 400 + random.integer(2000)
    truth.push(
      [
        pid,
        i,
        malignant,
        one('F', 'M'),
        50 + random.integer(26),
        one('GE', 'Siemens'),
        one(1, 1.25, 2.5),
        one('B30f', 'C'),
      ]
        .concat([
          diameter,
          one('Solid', 'Part-solid'),
          one(0, 1),
          one(0, 1),
          one('RUL', 'LLL'),
          1 + random.integer(5),
          margins,
          days,
        ])
        .join(','),
    )
    const base = shift * malignant - 1.5 + random.normal()
    const raw = [0, 1].map(() => sigmoid(1.7 * (base + 0.3 * random.normal())))
    predictions.push([pid, i, ...raw, (raw[0] + raw[1]) / 2].join(','))
    if (i % 9 !== 0) other.push([pid, i, (10 * malignant + 8 * random.normal()).toFixed(3)].join(','))
    const spiculated = sigmoid((margins.startsWith('Spic') ? 1 : -1) + random.normal())
    const rest = { Lobulated: (1 - spiculated) * 0.5, Smooth: (1 - spiculated) * 0.5 }
    for (const [value, p] of Object.entries({ 'Spiculated/Serrated': spiculated, ...rest })) {
      features.push([pid, i, 'nodule_margins', value, p].join(','))
    }
  }
  const write = (kind: string, lines: readonly string[]) =>
    writeFile(join(folder, `${name}${kind}.csv`), `${lines.join('\n')}\n`)
  await Promise.all([
    write('-truth', truth),
    write('', predictions),
    write('-other', other),
    write('-features', features),
  ])
}
