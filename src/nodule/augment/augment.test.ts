import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Random, seededRandom } from '../../random.ts'
import { memoryScan } from '../../scan/memory-scan.ts'
import type { Triple } from '../../scan/scan.ts'
import { cropNodule } from '../crop.ts'
import { unitIntensity } from '../hounsfield.ts'
import { type PlacedView, renderViews, VIEWS } from '../views.ts'
import {
  type Augmentation,
  augmentCrop,
  augmentedViews,
  drawAugmentation,
  jitterViews,
  PUBLISHED_AUGMENTATION,
} from './augment.ts'

const CUBE = { shapeZyx: [100, 100, 100], centreZyx: [50, 50, 50] } as const
const NOTHING: Augmentation = {
  flipZyx: [false, false, false],
  rotationDegreesZyx: [0, 0, 0],
  scaleZyx: [1, 1, 1],
  noise: 0,
  gamma: 1,
}
const random = seededRandom(1)
const largest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, n) => Math.max(most, Math.abs(value - b[n])), 0)

/** A crop [n, n, n] whose value is a function of the offset from index n / 2. */
function cubeOf(hu: (z: number, y: number, x: number) => number, n = 100) {
  const half = n / 2
  const data = new Float32Array(n ** 3)
  for (let z = 0, v = 0; z < n; z++) {
    for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) data[v++] = hu(z - half, y - half, x - half)
  }
  return { hu: data, shapeZyx: [n, n, n], centreZyx: [half, half, half] } as const
}

/** Structure at all scales, in the HU window and beyond. */
const textured = cubeOf((z, y, x) => -250 + 900 * Math.sin(0.3 * x + 0.02 * y * z) * Math.cos(0.23 * y - 0.1 * z))

/** A generator whose uniform numbers are given, again and again; integers come from them. */
const fixedDraws = (...draws: readonly number[]): Random => {
  let n = 0
  const uniform = () => draws[n++ % draws.length]
  return { ...random, uniform, integer: (below) => Math.floor(uniform() * below) }
}

describe('drawAugmentation', () => {
  it('draws within the published bounds, flips half of the time', () => {
    const drawn = Array.from({ length: 2000 }, (_, i) =>
      drawAugmentation(PUBLISHED_AUGMENTATION, seededRandom(2, `${i}`)),
    )
    const flips = [0, 1, 2].map((axis) => drawn.filter(({ flipZyx }) => flipZyx[axis]).length)
    for (const count of flips) expect(Math.abs(count - 1000)).toBeLessThan(100)
    const spread = (values: number[]) => [Math.min(...values), Math.max(...values)]
    for (const axis of [0, 1, 2]) {
      const [lowAngle, highAngle] = spread(drawn.map((one) => one.rotationDegreesZyx[axis]))
      expect([lowAngle >= -10, lowAngle < -9.9, highAngle <= 10, highAngle > 9.9]).not.toContain(false)
      const [small, large] = spread(drawn.map((one) => one.scaleZyx[axis]))
      expect([small >= 0.9, small < 0.901, large <= 1.1, large > 1.099]).not.toContain(false)
    }
    const [low, high] = spread(drawn.map(({ gamma }) => Math.log(gamma)))
    expect([low >= -0.2, low < -0.199, high <= 0.2, high > 0.199]).not.toContain(false)
    expect(new Set(drawn.map(({ noise }) => noise))).toEqual(new Set([0.02]))
  })

  it('draws nothing where the bounds are 0', () => {
    const none = { flip: 0, rotationDegrees: 0, scale: 0, noise: 0, logGamma: 0 }
    const drawn = drawAugmentation(none, seededRandom(3))
    expect(drawn).toMatchObject({ flipZyx: [false, false, false], scaleZyx: [1, 1, 1], noise: 0, gamma: 1 })
    expect(drawn.rotationDegreesZyx.every((angle) => angle === 0)).toBe(true)
  })
})

describe('jitterViews', () => {
  it('moves every view by integers in [-5, 5), each value as often, each view by itself', () => {
    const counts = new Map<number, number>()
    const centres = new Set<string>()
    for (let i = 0; i < 400; i++) {
      for (const { centreZyx } of jitterViews(VIEWS, CUBE.centreZyx, seededRandom(4, `${i}`))) {
        centres.add(centreZyx.join())
        for (const index of centreZyx) counts.set(index - 50, (counts.get(index - 50) ?? 0) + 1)
      }
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-5, -4, -3, -2, -1, 0, 1, 2, 3, 4])
    for (const count of counts.values()) expect(Math.abs(count - 1080)).toBeLessThan(150)
    expect(centres.size).toBeGreaterThan(900)
  })

  it('keeps a view that is the only one on its plane', () => {
    for (const view of VIEWS.slice(0, 3)) {
      const placed = Array.from(
        { length: 50 },
        (_, i) => jitterViews([view], CUBE.centreZyx, seededRandom(5, `${i}`))[0],
      )
      const places = [0, 1, 2].map((axis) => new Set(placed.map(({ centreZyx }) => centreZyx[axis])).size)
      expect(places.map((count) => count === 1)).toEqual([0, 1, 2].map((axis) => axis === view.normal))
    }
  })
})

describe('augmentedViews', () => {
  it('changes nothing where nothing is drawn', () => {
    const placed = jitterViews(VIEWS, CUBE.centreZyx, seededRandom(6))
    expect(largest(augmentedViews(textured, placed, NOTHING, random), renderViews(textured, placed))).toBeLessThan(3e-6)
  })

  it('shows 0 outside the crop like renderViews, also where views leave it', () => {
    const small = cubeOf((z, y, x) => -400 + 9 * z + 7 * y - 5 * x, 40)
    const placed = VIEWS.slice(3).map((view): PlacedView => {
      const [z, y, x] = [0, 1, 2].map((axis) => (axis === view.normal ? 36 : 20))
      return { view, centreZyx: [z, y, x] }
    })
    const size = { viewMm: 40, resolution: 64 }
    for (const noise of [0, 1e-30]) {
      const pixels = augmentedViews(small, placed, { ...NOTHING, noise }, random, size)
      expect(largest(pixels, renderViews(small, placed, size))).toBeLessThan(3e-6)
    }
    expect(renderViews(small, placed, size)).toContain(0)
  })

  it.each([
    [0, 'z'],
    [1, 'y'],
    [2, 'x'],
  ])('flips axis %i as a flipped volume does', async (axis, name) => {
    const hu = Float32Array.from({ length: 111 ** 3 }, (_, v) => 600 * Math.sin(v * 0.37) * Math.cos(v * 1e-4) - 300)
    const stride = [111 * 111, 111, 1][axis]
    const flipped = hu.map((_, v) => hu[v + stride * (110 - 2 * (Math.floor(v / stride) % 111))])
    const affine = [1, 0, 0, -55, 0, 1, 0, -55, 0, 0, 1, -55]
    const [crop, mirrored] = await Promise.all(
      [hu, flipped].map((voxels) =>
        cropNodule(memoryScan(voxels, [111, 111, 111], affine), [0, 0, 0], { geometry: 'exact' }),
      ),
    )
    // Draws in their order: flips z, y, x; three rotations; three scales; gamma. 0.5 is the middle: no change.
    const draws = [0, 1, 2].map((one) => (one === axis ? 0 : 0.9))
    const config = { ...PUBLISHED_AUGMENTATION, noise: 0 }
    const augmentation = drawAugmentation(config, fixedDraws(...draws, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5))
    const placed = jitterViews(VIEWS, crop.centreZyx, seededRandom(7, name))
    const forced = augmentedViews(crop, placed, augmentation, random)
    expect(largest(forced, renderViews(mirrored, placed))).toBeLessThan(3e-6)
    expect(largest(forced, augmentedViews(mirrored, placed, NOTHING, random))).toBe(0)
    expect(largest(forced, renderViews(crop, placed))).toBeGreaterThan(0.1)
  })
})

describe('augmentCrop', () => {
  const box = { startZyx: [41, 37, 44], sizeZyx: [9, 12, 11] } as const

  it('moves a linear field as flips, scales and rotations tell', () => {
    const number = (most: number) => fc.double({ min: -most, max: most, noNaN: true })
    const three = <Value>(one: fc.Arbitrary<Value>) => fc.tuple(one, one, one)
    fc.assert(
      fc.property(
        three(number(4)),
        three(fc.boolean()),
        three(number(10)),
        three(number(0.1)),
        (slope, flip, angle, s) => {
          const field = cubeOf((z, y, x) => -250 + slope[0] * z + slope[1] * y + slope[2] * x)
          const augmentation = { ...NOTHING, flipZyx: flip, rotationDegreesZyx: angle } as const
          const scaleZyx: Triple = [1 + s[0], 1 + s[1], 1 + s[2]]
          const { intensities } = augmentCrop(field, box, { ...augmentation, scaleZyx }, random)
          let worst = 0
          for (let z = 0, v = 0; z < 9; z++) {
            for (let y = 0; y < 12; y++) {
              for (let x = 0; x < 11; x++, v++) {
                // One rotation after another, in plain words: about x, then y, then z.
                let o = { x: x + 44 - 50, y: y + 37 - 50, z: z + 41 - 50 }
                const [cz, cy, cx] = angle.map((degrees) => Math.cos((degrees * Math.PI) / 180))
                const [sz, sy, sx] = angle.map((degrees) => Math.sin((degrees * Math.PI) / 180))
                o = { x: o.x, y: cx * o.y - sx * o.z, z: sx * o.y + cx * o.z }
                o = { x: cy * o.x + sy * o.z, y: o.y, z: cy * o.z - sy * o.x }
                o = { x: cz * o.x - sz * o.y, y: sz * o.x + cz * o.y, z: o.z }
                const read = [o.z, o.y, o.x].map((offset, axis) => ((flip[axis] ? -1 : 1) * offset) / scaleZyx[axis])
                const hu = -250 + slope[0] * read[0] + slope[1] * read[1] + slope[2] * read[2]
                worst = Math.max(worst, Math.abs(intensities[v] - unitIntensity(hu)))
              }
            }
          }
          expect(worst).toBeLessThan(1e-6)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('keeps the nodule where it is, and enlarges by the scale', () => {
    const ball = cubeOf((z, y, x) => (Math.hypot(z, y, x) <= 8 ? 0 : -900))
    const large = { ...NOTHING, scaleZyx: [1.1, 1.1, 1.1], rotationDegreesZyx: [7, -4, 9] } as const
    const whole = { startZyx: [0, 0, 0], sizeZyx: CUBE.shapeZyx } as const
    const { intensities } = augmentCrop(ball, whole, large, random)
    const [count, sum] = intensities.reduce(
      ([n, at], value, v) => (value > 0.35 ? [n + 1, at + (v % 100)] : [n, at]),
      [0, 0],
    )
    expect(count / ((4 / 3) * Math.PI * 8.8 ** 3)).toBeCloseTo(1, 1)
    expect(sum / count).toBeCloseTo(50, 1)
  })

  it('fills with the least of the crop', () => {
    const bright = cubeOf((z, y, x) => (z + y + x === 0 ? -400 : 100))
    const small = { ...NOTHING, scaleZyx: [0.9, 0.9, 0.9] } as const
    const corner = { startZyx: [0, 0, 0], sizeZyx: [2, 2, 2] } as const
    expect([...augmentCrop(bright, corner, small, random).intensities]).toEqual(new Array(8).fill(Math.fround(0.4)))
  })

  it('cuts to the window before it interpolates', () => {
    const metal = cubeOf((_z, _y, x) => (x >= 0 ? 3000 : -1000))
    const shrunk = { ...NOTHING, scaleZyx: [1, 1, 0.9] } as const
    const row = { startZyx: [50, 50, 49], sizeZyx: [1, 1, 1] } as const
    // Offset -1 reads -1 / 0.9, a ninth beyond the last dark voxel: dark. Offset -0.9 of 1.1111 would be between.
    expect(augmentCrop(metal, row, shrunk, random).intensities[0]).toBe(0)
    const grown = { ...NOTHING, scaleZyx: [1, 1, 1.1] } as const
    expect(augmentCrop(metal, row, grown, random).intensities[0]).toBeCloseTo(1 - 1 / 1.1, 6)
  })

  it('adds Gaussian noise of the wanted deviation, each voxel by itself', () => {
    const flat = cubeOf(() => -250)
    const cube = { startZyx: [20, 20, 20], sizeZyx: [60, 60, 60] } as const
    const { intensities } = augmentCrop(flat, cube, { ...NOTHING, noise: 0.02 }, seededRandom(8))
    const noise = [...intensities].map((value) => value - 0.5)
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(Math.abs(mean(noise))).toBeLessThan(0.02 / 100)
    expect(Math.sqrt(mean(noise.map((value) => value ** 2))) / 0.02).toBeCloseTo(1, 2)
    expect(Math.abs(mean(noise.map((value) => (value / 0.02) ** 4)) - 3)).toBeLessThan(0.08)
    for (const lag of [1, 60, 3600]) {
      const products = noise.slice(lag).map((value, v) => (value * noise[v]) / 0.02 ** 2)
      expect(Math.abs(mean(products))).toBeLessThan(0.01)
    }
  })

  it('raises to gamma, negative values keeping their sign', () => {
    const air = cubeOf(() => -1000)
    const options = { ...NOTHING, noise: 0.02 }
    const { intensities: plain } = augmentCrop(air, box, options, seededRandom(9))
    const { intensities: raised } = augmentCrop(air, box, { ...options, gamma: 1.2 }, seededRandom(9))
    expect(Math.min(...plain)).toBeLessThan(0)
    for (const [v, value] of plain.entries()) {
      expect(raised[v]).toBeCloseTo(Math.sign(value) * Math.abs(value) ** 1.2, 7)
    }
    expect([...augmentCrop(air, box, { ...NOTHING, gamma: 0.9 }, random).intensities]).toEqual(
      new Array(9 * 12 * 11).fill(0),
    )
  })

  it('varies a single slice within its plane', () => {
    const hu = Float32Array.from(
      { length: 1e4 },
      (_, v) => -250 + 3 * ((v % 100) - 50) - 5 * (Math.floor(v / 100) - 50),
    )
    const slice = { hu, shapeZyx: [1, 100, 100], centreZyx: [0, 50, 50] } as const
    const plane = { startZyx: [0, 40, 40], sizeZyx: [1, 20, 20] } as const
    const augmentation = {
      ...NOTHING,
      flipZyx: [true, false, true],
      rotationDegreesZyx: [10, -8, 6],
      scaleZyx: [0.9, 1.05, 0.95],
    } as const
    const { intensities } = augmentCrop(slice, plane, augmentation, random)
    const [c, s] = [Math.cos(Math.PI / 18), Math.sin(Math.PI / 18)]
    for (let y = 0, v = 0; y < 20; y++) {
      for (let x = 0; x < 20; x++, v++) {
        const [oy, ox] = [y - 10, x - 10]
        const hu = -250 + 3 * (-(c * ox - s * oy) / 0.95) - 5 * ((s * ox + c * oy) / 1.05)
        expect(intensities[v]).toBeCloseTo(unitIntensity(hu), 6)
      }
    }
  })
})
