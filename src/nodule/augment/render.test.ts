import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../random.ts'
import type { Triple } from '../../scan/scan.ts'
import { type PlacedView, renderViews, VIEWS } from '../views.ts'
import { reachOf } from './reach.ts'
import { renderIntensities } from './render.ts'

const N = 44
const SHAPE: Triple = [N, N, N]
const SIZE = { viewMm: 8, resolution: 8 }
const placed: PlacedView[] = VIEWS.map((view) => ({ view, centreZyx: [22, 21, 23] }))
const { box } = reachOf(placed, SIZE.viewMm, SHAPE)
const [depth, height, width] = box.sizeZyx
const random = seededRandom(1)
const intensities = Float32Array.from({ length: depth * height * width }, () => random.uniform())

/** Intensities laid into a whole crop, in HU. */
function wholeOf(values: Float32Array): Float32Array {
  const hu = new Float32Array(N ** 3).fill(-1000)
  for (let z = 0, v = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, v++) {
        const [Z, Y, X] = [z + box.startZyx[0], y + box.startZyx[1], x + box.startZyx[2]]
        hu[(Z * N + Y) * N + X] = 1500 * values[v] - 1000
      }
  return hu
}
const render = (values: Float32Array, inside = true, views = placed) =>
  renderIntensities({ box, intensities: values }, SHAPE, views, { ...SIZE, inside })

describe('views of intensities', () => {
  it.each([true, false])('within [0, 1] are those of the same in HU (inside: %s)', (inside) => {
    const expected = renderViews({ hu: wholeOf(intensities), shapeZyx: SHAPE }, placed, SIZE)
    render(intensities, inside).forEach((value, p) => {
      expect(value).toBeCloseTo(expected[p], 4)
    })
  })

  it.each([
    [7, 0],
    [-3, 0],
    [0.9, 40],
    [1, -40],
  ])('beyond it are not cut: times %d plus %d', (factor, more) => {
    const plain = render(intensities)
    const moved = render(intensities.map((a) => factor * a + more))
    const tolerance = 1e-6 * (Math.abs(factor) + Math.abs(more)) + 1e-5
    plain.forEach((value, p) => {
      // A constant is its own interpolation, so that what is added comes out as it went in.
      expect(Math.abs(moved[p] - (factor * value + more))).toBeLessThan(20 * tolerance)
    })
  })

  it('show 0 where they leave the crop, whatever the intensities', () => {
    const edge: PlacedView[] = [{ view: VIEWS[3], centreZyx: [36, 22, 36] }]
    const far = reachOf(edge, 8, SHAPE)
    expect(far.inside).toBe(false)
    const [d, h, w] = far.box.sizeZyx
    const bright = { box: far.box, intensities: new Float32Array(d * h * w).fill(5) }
    const views = renderIntensities(bright, SHAPE, edge, { ...SIZE, inside: false })
    const share = renderViews({ hu: new Float32Array(N ** 3).fill(500), shapeZyx: SHAPE }, edge, SIZE)
    expect(share).toContain(0)
    expect(share).toContain(1)
    views.forEach((value, p) => {
      if (share[p] === 0) expect(Math.abs(value)).toBeLessThan(1e-5)
    })
  })
})
