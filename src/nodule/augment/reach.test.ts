import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Triple } from '../../scan/scan.ts'
import { type PlacedView, renderViews, VIEWS, type View } from '../views.ts'
import { JITTER_MM } from './augment.ts'
import { reachOf } from './reach.ts'

const placedAt = (centreZyx: Triple): PlacedView[] => VIEWS.map((view) => ({ view, centreZyx }))

/** Indices along z, y, x of every sample that a view shows, in the cube as it is: docs/method.md M3. */
function samplesOf({ normal, about }: View, centreZyx: Triple, size: number, n: number): number[][] {
  const [row, column] = [0, 1, 2].filter((axis) => axis !== normal)
  const samples: number[][] = []
  for (let r = 0; r < size; r++)
    for (let c = 0; c < size; c++) {
      const o: number[] = [...centreZyx]
      o[row] += r - Math.floor(size / 2)
      o[column] += c - Math.floor(size / 2)
      if (about !== undefined) {
        const [a, b] = [0, 1, 2].filter((axis) => axis !== about)
        const [oa, ob, k] = [o[a] - (n - 1) / 2, o[b] - (n - 1) / 2, Math.SQRT1_2]
        o[a] = (n - 1) / 2 + (oa + ob) * k
        o[b] = (n - 1) / 2 + (ob - oa) * k
      }
      samples.push(o)
    }
  return samples
}

describe('reachOf', () => {
  it.each([-JITTER_MM, 0, JITTER_MM - 1])('holds all that counts in the views, moved by %i', (move) => {
    const placed = placedAt([50 + move, 50 - move, 50 + move])
    const { box, inside } = reachOf(placed, 50, [100, 100, 100])
    // White everywhere outside, where the window's lower end is black: the strongest influence there can be.
    const hu = new Float32Array(1e6).fill(500)
    const [z0, y0, x0] = box.startZyx
    for (let z = z0; z < z0 + box.sizeZyx[0]; z++)
      for (let y = y0; y < y0 + box.sizeZyx[1]; y++)
        hu.fill(-1000, (z * 100 + y) * 100 + x0, (z * 100 + y) * 100 + x0 + box.sizeZyx[2])
    const views = renderViews({ hu, shapeZyx: [100, 100, 100] }, placed)
    expect(views.every((value) => Math.abs(value) < 3e-6)).toBe(true)
    expect(inside).toBe(true)
    expect(Math.max(...box.sizeZyx)).toBeLessThan(72)
  })

  it('is the plane itself for a mid-plane, and knows views that leave the crop', () => {
    const [axial, , , oblique] = placedAt([10, 10, 10])
    expect(reachOf([axial], 10, [20, 20, 20])).toEqual({
      box: { startZyx: [10, 5, 5], sizeZyx: [1, 10, 10] },
      inside: true,
    })
    expect(reachOf([{ ...oblique, centreZyx: [18, 10, 10] }], 18, [20, 20, 20]).inside).toBe(false)
  })

  const n = 60
  const centre = fc.tuple(
    fc.integer({ min: 20, max: 40 }),
    fc.integer({ min: 20, max: 40 }),
    fc.integer({ min: 20, max: 40 }),
  )
  const placed = fc.array(fc.record({ view: fc.constantFrom<View>(...VIEWS), centreZyx: centre }), {
    minLength: 1,
    maxLength: 3,
  })
  it('is the box of all samples of all views, ten more for the spline of those that are turned', () => {
    fc.assert(
      fc.property(placed, fc.integer({ min: 2, max: 40 }), (views, size) => {
        const low = [n, n, n]
        const high = [0, 0, 0]
        let inside = true
        for (const { view, centreZyx } of views)
          for (const sample of samplesOf(view, centreZyx, size, n))
            for (const [axis, at] of sample.entries()) {
              const turned = view.about !== undefined && view.about !== axis
              // Four coefficients serve a turned point, floor - 1 to floor + 2.
              const [first, last] = turned ? [Math.floor(at) - 11, Math.floor(at) + 12] : [at, at]
              low[axis] = Math.max(0, Math.min(low[axis], first))
              high[axis] = Math.min(n - 1, Math.max(high[axis], last))
              if (turned) inside &&= at >= 0 && at <= n - 1
            }
        const sizeZyx = high.map((last, axis) => last - low[axis] + 1)
        expect(reachOf(views, size, [n, n, n])).toEqual({ box: { startZyx: low, sizeZyx }, inside })
      }),
    )
  })
})
