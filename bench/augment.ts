/**
 * `npm run bench -- bench/augment.ts [rounds]`: training samples on one thread, at 224 pixels: nine views as prediction
 * sees them, with jitter, and with jitter and the published augmentation; the last also from the crop cache, as the
 * worker threads do it from the second epoch on.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AugmentationConfig,
  augmentedViews,
  drawAugmentation,
  jitterViews,
  PUBLISHED_AUGMENTATION,
} from '../src/nodule/augment/augment.ts'
import { type Crop, cropNodule } from '../src/nodule/crop.ts'
import { DEFAULT_PREPROCESSING } from '../src/nodule/prepare.ts'
import { nineViews, renderViews, VIEWS } from '../src/nodule/views.ts'
import { smallPhantom } from '../src/phantom/phantom.ts'
import { seededRandom } from '../src/random.ts'
import { memoryScan } from '../src/scan/memory-scan.ts'
import { writeNifti } from '../src/scan/nifti/write.node.ts'
import type { Triple } from '../src/scan/scan.ts'
import { openVariedPool, prepareVaried, type VariedTask } from '../src/training/varied-views.ts'
import { median, timeInTurn } from './timing.ts'

const rounds = Number(process.argv[2] ?? 40)
const pointLps: Triple = [72.3, -7.8, 33.6]
const made = smallPhantom({
  shapeIjk: [360, 300, 160],
  spacingMm: [0.8, 0.8, 1.25],
  centreLps: [12, 14, 30],
  nodules: [{ pointLps, mm: 14 }],
  seed: 1,
})
const crop = await cropNodule(memoryScan(made.voxels, made.shapeIjk, made.affineLps), pointLps, { geometry: 'exact' })

let sample = 0
const fork = (purpose: string) => seededRandom(1, `${sample}`).fork(purpose)
const varied = (
  shown: Pick<Crop, 'hu' | 'shapeZyx' | 'centreZyx'>,
  views = VIEWS.slice(),
  config?: AugmentationConfig,
) => {
  sample++
  const placed = jitterViews(views, shown.centreZyx, fork('jitter'))
  if (!config) return renderViews(shown, placed)
  return augmentedViews(shown, placed, drawAugmentation(config, fork('augmentation')), fork('noise'))
}
const slice = { hu: crop.hu.slice(5e5, 5.1e5), shapeZyx: [1, 100, 100], centreZyx: [0, 50, 50] } as const

const folder = mkdtempSync(join(tmpdir(), 'spicula-bench-'))
try {
  const imageFile = join(folder, 'scan.nii.gz')
  await writeNifti(imageFile, made)
  const task = (): VariedTask => ({
    key: 'bench',
    imageFile,
    point: pointLps,
    frame: 'lps',
    preprocessing: DEFAULT_PREPROCESSING,
    augmentation: PUBLISHED_AUGMENTATION,
    jitter: true,
    seed: `1/0/${sample++}/bench`,
    cacheDir: join(folder, 'cache'),
  })
  const start = performance.now()
  await prepareVaried(task())
  const first = performance.now() - start
  const pool = openVariedPool(1)
  const times = await timeInTurn(rounds, {
    'nine views': () => nineViews(crop),
    'nine views, jitter': () => varied(crop),
    'nine views, jitter and augmentation': () => varied(crop, undefined, PUBLISHED_AUGMENTATION),
    'axial view of a volume, the same': () => varied(crop, VIEWS.slice(0, 1), PUBLISHED_AUGMENTATION),
    'single slice, the same': () => varied(slice, VIEWS.slice(0, 1), PUBLISHED_AUGMENTATION),
    'prepareVaried, crop cached': () => prepareVaried(task()),
    'the same in a worker thread': () => pool.run(task()),
  })
  await pool.close()
  console.log(`${rounds} rounds, in turn; one sample each\n${''.padEnd(38)} median ms  slowest tenth from`)
  for (const [name, each] of Object.entries(times)) {
    const tenth = each.toSorted((a, b) => a - b)[Math.floor(0.9 * each.length)]
    console.log(`${name.padEnd(38)} ${median(each).toFixed(1).padStart(9)} ${tenth.toFixed(1).padStart(19)}`)
  }
  const size = `${made.shapeIjk.join(' x ')} voxels, gzipped`
  console.log(`\nfirst sample of a scan (${size}): ${first.toFixed(0)} ms, all code cold`)
} finally {
  rmSync(folder, { recursive: true })
}
