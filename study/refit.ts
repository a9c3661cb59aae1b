/**
 * `npm run study -- study/refit.ts MODEL COHORT FOLDS [--views axial]`: the classification head of each fold anew, by ridge logistic
 * regression on the tower's embeddings of the fold's training patients, as prediction sees them: without augmentation,
 * in four images, and with the labels that are judged (`malignant`) where training learnt how sure the readers were.
 * Writes into MODEL's fold files; calibrate afterwards.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { HEADS } from '../src/clip/weight-names.ts'
import type { TensorData } from '../src/graph/tensor.ts'
import { openModelFolder } from '../src/model/folder.node.ts'
import type { ViewSet } from '../src/nodule/views.ts'
import { readSplits } from '../src/training/splits.node.ts'
import { decodeSafetensors, encodeSafetensors } from '../src/weights/safetensors.ts'
import { embedCohort, unitLength } from './embeddings.ts'
import { fitHead } from './supervised.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { views: { type: 'string', default: 'nine' }, ridge: { type: 'string', default: '30' } },
})
const [model, cohort, splits] = positionals
if (splits === undefined) throw new Error('usage: npm run study -- study/refit.ts MODEL COHORT FOLDS [--views axial]')

const { config } = await openModelFolder(model)
const { rows, folds } = await embedCohort(model, cohort, values.views as ViewSet)
const labels = rows.map(({ malignant }) => malignant)
const parts = await readSplits(splits)
if (parts.folds.length !== config.folds.length)
  throw new Error(`${splits} has ${parts.folds.length} folds, the model ${config.folds.length}`)

for (const [k, { train }] of parts.folds.entries()) {
  const patients = new Set(train)
  const fitted = rows.flatMap(({ pid }, i) => (patients.has(pid) && labels[i] !== null ? [i] : []))
  const { intercept, slopes } = fitHead(folds[k].map(unitLength), fitted, labels, Number(values.ridge))
  const file = join(model, config.folds[k].both)
  const tensors = new Map<string, TensorData>(decodeSafetensors(readFileSync(file), file).tensors)
  const put = (name: string, shape: readonly number[], numbers: readonly number[]) => {
    if (tensors.get(name)?.shape.join() !== shape.join())
      throw new Error(`${file} has no ${name} of ${shape.join('x')}`)
    tensors.set(name, { dtype: 'float32', shape, data: Float32Array.from(numbers) })
  }
  // Benign, malignant: their difference is the logit.
  put(
    `${HEADS.imageClassifier}.weight`,
    [2, slopes.length],
    [...slopes.map((slope) => -slope / 2), ...slopes.map((slope) => slope / 2)],
  )
  put(`${HEADS.imageClassifier}.bias`, [2], [-intercept / 2, intercept / 2])
  writeFileSync(file, encodeSafetensors(tensors, { format: 'pt' }))
  console.log(`fold ${k}: head fitted on ${fitted.length} nodules`)
}
