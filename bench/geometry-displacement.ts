/**
 * How far the published geometry samples from where it says: prints the tables of docs/geometry.md and draws
 * docs/geometry-displacement.svg. `npm run bench -- bench/geometry-displacement.ts`
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chart } from '../src/drawing/chart/chart.ts'
import { polyline } from '../src/drawing/chart/marks.ts'
import { SERIES } from '../src/drawing/chart/style.ts'
import { round } from '../src/drawing/svg.ts'
import { publishedGrid } from '../src/nodule/geometry.ts'
import type { Taps } from '../src/nodule/sample.ts'
import type { Scan, Triple } from '../src/scan/scan.ts'

/** A scan of slices along z; of its voxels nothing is read. */
function scanOf(slices: number, thicknessMm: number): Scan {
  return {
    name: `${slices} slices of ${thicknessMm} mm`,
    shapeIjk: [512, 512, slices],
    affineLps: [0.7, 0, 0, 0, 0, 0.7, 0, 0, 0, 0, thicknessMm, 0],
    notes: [],
    readHu: () => Promise.reject(new Error('nothing is read')),
  }
}

/** Continuous index that the first sample of a table reads; undefined where it reads no voxel. */
function indexOf({ lower, upper, lowerWeight, upperWeight }: Taps): number | undefined {
  if (lowerWeight[0] > 0) return lower[0] + 1 - lowerWeight[0]
  return upperWeight[0] > 0 ? upper[0] - 1 + upperWeight[0] : undefined
}

/** Where the published crop of a nodule at `zMm` above the first slice really has its centre, less zMm. */
function displacementMm(slices: number, thicknessMm: number, zMm: number): number | undefined {
  const pointLps: Triple = [180, 180, zMm]
  const grid = publishedGrid(scanOf(slices, thicknessMm), { pointLps, shapeZyx: [1, 1, 1], centreZyx: [0, 0, 0] })
  const index = indexOf(grid.tapsIjk[2])
  return index === undefined ? undefined : index * thicknessMm - zMm
}

const HAIR = 1e-9 // above a whole millimetre, so that nothing is truncated

/** The same on the resampled grid: `share` of the way from the first slice (0) to the last (1). */
function gridDisplacement(slices: number, thicknessMm: number, share: number): number | undefined {
  return displacementMm(slices, thicknessMm, Math.floor(share * (slices - 1) * thicknessMm) + HAIR)
}

const signed = (value: number | undefined): string =>
  value === undefined
    ? '-'
    : `${value >= 0.005 ? '+' : ''}${round(value === 0 ? 0 : value).toFixed(2)}`.replace('-', '−')

const THICKNESSES = [0.5, 0.7, 1, 1.25, 2, 2.5, 3, 5]
const SHARES = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---:'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

console.log('Over a scan of 320 mm, by place in the scan (mm, positive is towards the head):\n')
console.log(
  table(
    ['slices', ...SHARES.map((share) => `${100 * share} %`)],
    THICKNESSES.map((mm) => {
      const slices = Math.round(320 / mm)
      return [`${slices} x ${mm} mm`, ...SHARES.map((share) => signed(gridDisplacement(slices, mm, share)))]
    }),
  ),
)
const COUNTS = [16, 32, 64, 128, 256]
console.log('\nAt the first slice, by number of slices:\n')
console.log(
  table(
    ['thickness', ...COUNTS.map((slices) => `${slices} slices`)],
    THICKNESSES.map((mm) => [`${mm} mm`, ...COUNTS.map((slices) => signed(gridDisplacement(slices, mm, 0)))]),
  ),
)

function extremes(slices: number, thicknessMm: number): string {
  const length = Math.floor((slices - 1) * thicknessMm)
  const found = Array.from({ length: length + 1 }, (_, mm) => displacementMm(slices, thicknessMm, mm + HAIR) ?? 0)
  return `${signed(Math.min(...found))} to ${signed(Math.max(...found))} mm`
}
console.log(`\n512 voxels of 0.7 mm: ${extremes(512, 0.7)}; 300 slices of 1.25 mm: ${extremes(300, 1.25)}`)
console.log(`64 slices of 5 mm: ${extremes(64, 5)}`)

// One line for each thickness over the place in the scan.
const DRAWN = [0.5, 1, 2, 3, 4, 5]
const curves = DRAWN.map((mm, n) => ({
  mm,
  style: SERIES[n],
  points: Array.from({ length: 101 }, (_, share) => share).flatMap((share) => {
    const value = gridDisplacement(Math.round(320 / mm), mm, share / 100)
    return value === undefined ? [] : [[share, value] as const]
  }),
}))
const drawn = chart({
  title: 'Displacement of the published crop along z, 320 mm scan',
  description: 'Displacement over the place in the scan, a line for each slice thickness: 0 in the middle.',
  x: {
    label: 'place of the nodule between the first and the last slice',
    from: 0,
    to: 100,
    ticks: [0, 25, 50, 75, 100],
    show: (share) => `${share} %`,
  },
  y: {
    label: 'displacement towards the head (mm)',
    from: -2.2,
    to: 2.2,
    ticks: [-2, -1, 0, 1, 2],
    show: (mm) => signed(mm).replace('.00', ''),
  },
  plotHeight: 320,
  legend: curves.map(({ mm, style }) => ({ sample: { line: style }, text: `slices of ${mm} mm` })),
  marks: (frame) =>
    curves.map(({ points, style }) =>
      polyline(
        points.map(([share, mm]) => frame.at(share, mm)),
        style,
      ),
    ),
})
writeFileSync(fileURLToPath(new URL('../docs/geometry-displacement.svg', import.meta.url)), drawn.toString())
console.log('\nwrote docs/geometry-displacement.svg')
