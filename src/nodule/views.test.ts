import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryScan } from '../scan/memory-scan.ts'
import type { Triple } from '../scan/scan.ts'
import { cropNodule } from './crop.ts'
import { DEFAULT_PREPROCESSING, prepareViews } from './prepare.ts'
import { nineViews, renderViews, VIEWS, type View, viewsOf } from './views.ts'

const CUBE: Triple = [100, 100, 100]

/** Where pixel (row, column) of a view of 50 mm round index 50 reads in the cube, by the formulas of docs/method.md M3. */
function positionZyx({ normal, about }: View, row: number, column: number): Triple {
  const o = [50, 50, 50]
  const [r, c] = [0, 1, 2].filter((axis) => axis !== normal)
  o[r] = 25 + (row * 49) / 223
  o[c] = 25 + (column * 49) / 223
  if (about !== undefined) {
    const [a, b] = [0, 1, 2].filter((axis) => axis !== about)
    const [oa, ob] = [o[a] - 49.5, o[b] - 49.5]
    const k = Math.sqrt(0.5)
    o[a] = 49.5 + oa * k + ob * k
    o[b] = 49.5 - oa * k + ob * k
  }
  return [o[0], o[1], o[2]]
}

function linearCube([gz, gy, gx]: Triple): Float32Array {
  const hu = new Float32Array(1e6)
  for (let z = 0, v = 0; z < 100; z++) {
    for (let y = 0; y < 100; y++) {
      for (let x = 0; x < 100; x++) hu[v++] = -250 + gz * (z - 50) + gy * (y - 50) + gx * (x - 50)
    }
  }
  return hu
}

describe('nineViews', () => {
  it('shows a linear field at the analytic positions of all nine planes', () => {
    const slope = fc.double({ min: -4, max: 4, noNaN: true })
    fc.assert(
      fc.property(fc.tuple(slope, slope, slope), (gradient) => {
        const placed = VIEWS.map((view) => ({ view, centreZyx: [50, 50, 50] as const }))
        const pixels = renderViews({ hu: linearCube(gradient), shapeZyx: CUBE }, placed)
        let worst = 0
        for (const [v, view] of VIEWS.entries()) {
          for (let row = 0; row < 224; row += 13) {
            for (let column = 0; column < 224; column += 11) {
              const offset = positionZyx(view, row, column).map((value) => value - 50)
              const hu = -250 + gradient[0] * offset[0] + gradient[1] * offset[1] + gradient[2] * offset[2]
              worst = Math.max(worst, Math.abs(pixels[(v * 224 + row) * 224 + column] - (hu + 1000) / 1500))
            }
          }
        }
        expect(worst).toBeLessThan(1e-6)
      }),
      { numRuns: 8 },
    )
  })

  it('keeps what cubic interpolation overshoots, and clips what the scan has beyond the window', () => {
    const hu = new Float32Array(1e6).fill(-3000)
    hu.fill(3000, 5e5)
    const centreZyx = [50, 50, 50] as const
    const [straight, turned] = [VIEWS[1], VIEWS[3]].map((view) =>
      renderViews({ hu, shapeZyx: CUBE }, [{ view, centreZyx }], { resolution: 50 }),
    )
    expect([Math.min(...straight), Math.max(...straight)]).toEqual([0, 1])
    expect(Math.min(...turned)).toBeLessThan(-0.01)
    expect(Math.max(...turned)).toBeGreaterThan(1.01)
  })

  it('refuses a view that does not fit', () => {
    const crop = { hu: new Float32Array(1000), shapeZyx: [10, 10, 10] as const }
    const centreZyx = [5, 5, 5] as const
    const refused = (view: View, centre: Triple, viewMm: number) =>
      expect(() => renderViews(crop, [{ view, centreZyx: centre }], { viewMm })).toThrow(
        expect.objectContaining({ code: 'nodule/size' }),
      )
    renderViews(crop, [{ view: VIEWS[0], centreZyx }], { viewMm: 10 })
    refused(VIEWS[0], centreZyx, 11)
    refused(VIEWS[0], [5, 6, 5], 10)
    refused(VIEWS[0], [10, 5, 5], 4)
    refused(VIEWS[0], centreZyx, 4.5)
    expect(() => renderViews(crop, [{ view: VIEWS[0], centreZyx }], { viewMm: 4, resolution: 0 })).toThrow('resolution')
    const slab = { hu: new Float32Array(900), shapeZyx: [9, 10, 10] as const }
    renderViews(slab, [{ view: VIEWS[0], centreZyx: [4, 5, 5] }], { viewMm: 4 })
    expect(() => renderViews(slab, [{ view: VIEWS[3], centreZyx: [4, 5, 5] }], { viewMm: 4 })).toThrow('does not fit')
  })

  it('has the views asked for, or the axial one where there is no other', () => {
    const crop = { shapeZyx: CUBE }
    expect(viewsOf(crop, 'nine')).toHaveLength(9)
    expect(viewsOf(crop, 'planes').map(({ name }) => name)).toEqual(['axial', 'coronal', 'sagittal'])
    expect(viewsOf({ shapeZyx: [1, 50, 50] }, 'nine').map(({ name }) => name)).toEqual(['axial'])
    expect(new Set(VIEWS.map(({ name }) => name)).size).toBe(9)
  })
})

describe('prepareViews', () => {
  const hu = Float32Array.from({ length: 120 * 110 * 100 }, (_, v) => ((v * 7919) % 1500) - 1000)
  const scan = memoryScan(hu, [120, 110, 100], [0.9, 0, 0, -50, 0, 0.9, 0, -50, 0, 0, 1.1, -50])

  it('gives the same views whether or not the others are wanted', async () => {
    const nine = await prepareViews(scan, [1.5, -3.2, 4.4], DEFAULT_PREPROCESSING)
    expect(nine.count).toBe(9)
    expect(nine.pixels).toHaveLength(9 * 224 * 224)
    for (const views of ['planes', 'axial'] as const) {
      const some = await prepareViews(scan, [1.5, -3.2, 4.4], { ...DEFAULT_PREPROCESSING, views })
      expect(some.pixels).toEqual(nine.pixels.subarray(0, some.pixels.length))
    }
  })

  it('shows a single slice in its axial view only, and says so', async () => {
    const slice = memoryScan(hu.subarray(0, 120 * 110), [120, 110, 1], [0.9, 0, 0, -50, 0, 0.9, 0, -50, 0, 0, 5, 0])
    const { count, views, notes, pixels } = await prepareViews(slice, [0, 0, 1], DEFAULT_PREPROCESSING)
    expect(count).toBe(1)
    expect(pixels).toHaveLength(224 * 224)
    expect(views.map(({ name }) => name)).toEqual(['axial'])
    expect(notes.map(({ code }) => code)).toContain('nodule/single-slice')
  })

  it('gives the sizes of its preprocessing', async () => {
    const sizes = { cropMm: 60, viewMm: 30, resolution: 64 }
    const { count, pixels } = await prepareViews(scan, [0, 0, 0], { geometry: 'exact', ...sizes })
    expect([count, pixels.length]).toEqual([9, 9 * 64 * 64])
    const crop = await cropNodule(scan, [0, 0, 0], { geometry: 'exact', sizeMm: 60 })
    expect(pixels).toEqual(nineViews(crop, sizes))
  })

  it('makes no views without saying how: the compiler sees to it, and so does the call', async () => {
    // @ts-expect-error a model's preprocessing is due
    await expect(prepareViews(scan, [0, 0, 0])).rejects.toThrow(TypeError)
  })
})

it('nineViews of a crop is what its example says', () => {
  const crop = {
    hu: linearCube([1, 2, 3]),
    shapeZyx: CUBE,
    centreZyx: [50, 50, 50],
    pointLps: [0, 0, 0],
    notes: [],
  } as const
  expect(nineViews({ ...crop, geometry: 'exact' })).toHaveLength(9 * 224 * 224)
  expect(nineViews({ ...crop, geometry: 'exact' }, { views: 'axial' })).toHaveLength(224 * 224)
})
