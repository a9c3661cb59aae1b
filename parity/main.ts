/**
 * `npm run parity -- DIR`: this implementation against numbers of the published one, a line a quantity.
 * DIR holds `preprocessing/` and `model/`, or one of them. Exit status 1 when anything fails.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { compareModel } from './model.ts'
import { comparePreprocessing } from './preprocessing.ts'
import { showComparison } from './report.ts'
import { compareTraining } from './training.ts'

const [given] = process.argv.slice(2)
// npm changes into the package's folder; the path is relative to where the user stands.
const folder = given === undefined ? undefined : resolve(process.env.INIT_CWD ?? '.', given)
if (folder === undefined || !existsSync(folder)) {
  console.error('usage: npm run parity -- DIR, where DIR has preprocessing/ or model/ (see docs/geometry.md)')
  process.exit(1)
}

const parts = [
  { part: 'preprocessing', file: 'cases.json', comparisons: comparePreprocessing },
  { part: 'model', file: 'outputs.safetensors', comparisons: compareModel },
  { part: 'model', file: 'gradients.safetensors', comparisons: compareTraining },
]
let count = 0
let failed = 0
for (const { part, file, comparisons } of parts) {
  if (!existsSync(join(folder, part, file))) {
    console.log(`----  ${part}/${file}: not in this folder`)
    continue
  }
  for await (const comparison of comparisons(join(folder, part))) {
    console.log(showComparison(comparison))
    count++
    if (!comparison.pass) failed++
  }
}
console.log(`${count - failed} of ${count} quantities agree`)
process.exitCode = failed > 0 || count === 0 ? 1 : 0
