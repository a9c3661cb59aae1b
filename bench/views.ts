/**
 * From a CT to the nine views: time of each step, and SciPy's three rotations and nine zooms on the same cube.
 * `npm run bench -- bench/views.ts`; PYTHON names the interpreter that has SciPy.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cropNodule } from '../src/nodule/crop.ts'
import { DEFAULT_PREPROCESSING, prepareViews } from '../src/nodule/prepare.ts'
import { nineViews } from '../src/nodule/views.ts'
import { applyAffine } from '../src/scan/affine.ts'
import { memoryScan } from '../src/scan/memory-scan.ts'
import type { Affine, Scan, Triple } from '../src/scan/scan.ts'

const RUNS = 31
const SCIPY_RUNS = 5

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]

/** First call and median of the others, ms. */
async function time(work: () => unknown): Promise<{ first: number; typical: number }> {
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now()
    await work()
    times.push(performance.now() - start)
  }
  return { first: times[0], typical: median(times.slice(1)) }
}

/** A chest-like scan: soft tissue, lungs with vessels, some noise. */
function syntheticScan(shapeIjk: Triple, affineLps: Affine): Scan {
  const hu = new Int16Array(shapeIjk[0] * shapeIjk[1] * shapeIjk[2])
  const [ni, nj, nk] = shapeIjk
  for (let k = 0, v = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      for (let i = 0; i < ni; i++, v++) {
        const lung = Math.sin((9 * i) / ni) * Math.sin((7 * j) / nj) > -0.3
        const vessel = Math.sin(i / 3) + Math.sin(j / 4) + Math.sin(k / 5) > 2.2
        hu[v] = (lung ? (vessel ? 20 : -860) : 40) + ((v * 7919) % 61) - 30
      }
    }
  }
  return memoryScan(hu, shapeIjk, affineLps)
}

interface ScipyResult {
  readonly version: string
  readonly milliseconds: readonly number[]
  readonly views: Float32Array
}

function scipyViews(cube: Float32Array): ScipyResult | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'spicula-bench-'))
  try {
    const [cubePath, viewsPath] = [join(folder, 'cube.f32'), join(folder, 'views.f32')]
    writeFileSync(cubePath, cube)
    const script = fileURLToPath(new URL('peers/views_scipy.py', import.meta.url))
    for (const python of process.env.PYTHON ? [process.env.PYTHON] : ['python3', '/usr/bin/python3']) {
      const run = spawnSync(python, [script, cubePath, viewsPath, `${SCIPY_RUNS}`], { encoding: 'utf8' })
      if (run.status !== 0) continue
      const bytes = readFileSync(viewsPath)
      const views = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
      return { ...JSON.parse(run.stdout), views }
    }
    return undefined
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const aligned = syntheticScan([512, 512, 300], [0.7, 0, 0, -179, 0, 0.7, 0, -179, 0, 0, 1.25, -187])
const [c, s] = [Math.cos(0.2), Math.sin(0.2)]
const tilted: Affine = [0.7, 0, 0, -179, 0, 0.7 * c, -1.25 * s, -140, 0, 0.7 * s, 1.25 * c, -220]
const oblique: Scan = { ...aligned, affineLps: tilted }
const [here, there] = [aligned, oblique].map(({ affineLps }) => applyAffine(affineLps, [250.3, 260.4, 150.6]))
const crop = await cropNodule(aligned, here, { geometry: 'exact' })

const rows: [string, { first: number; typical: number }][] = [
  ['nine views of the crop', await time(() => nineViews(crop))],
  ['crop of 100 mm, exact', await time(() => cropNodule(aligned, here, { geometry: 'exact' }))],
  ['crop of 100 mm, published', await time(() => cropNodule(aligned, here, { geometry: 'published' }))],
  ['crop of 100 mm, oblique scan', await time(() => cropNodule(oblique, there, { geometry: 'exact' }))],
  ['scan to nine views', await time(() => prepareViews(aligned, here, DEFAULT_PREPROCESSING))],
  [
    'scan to the three mid-planes',
    await time(() => prepareViews(aligned, here, { ...DEFAULT_PREPROCESSING, views: 'planes' })),
  ],
  [
    'scan to the axial view',
    await time(() => prepareViews(aligned, here, { ...DEFAULT_PREPROCESSING, views: 'axial' })),
  ],
]
console.log(`512 x 512 x 300 voxels of 0.7 x 0.7 x 1.25 mm in memory; one thread; ${RUNS - 1} runs\n`)
console.log(`${''.padEnd(32)} median ms  first call ms`)
for (const [name, { first, typical }] of rows) {
  console.log(`${name.padEnd(32)} ${typical.toFixed(2).padStart(9)} ${first.toFixed(1).padStart(14)}`)
}
const scipy = scipyViews(crop.hu)
if (!scipy) console.log('\nSciPy was not found: set PYTHON to an interpreter that has it to compare.')
else {
  const ours = nineViews(crop)
  const difference = ours.reduce((most, value, n) => Math.max(most, Math.abs(value - scipy.views[n])), 0)
  const theirs = median(scipy.milliseconds)
  console.log(`${`SciPy ${scipy.version}: nine views`.padEnd(32)} ${theirs.toFixed(2).padStart(9)}`)
  console.log(
    `\nnine views: ${(theirs / rows[0][1].typical).toFixed(0)} times as fast as SciPy; ` +
      `largest difference ${difference.toExponential(1)}`,
  )
}
