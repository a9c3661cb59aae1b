import { describe, expect, it } from 'vitest'
import type { Triple } from '../../scan/scan.ts'
import { FIELDS, SKIN } from '../anatomy/chest.ts'
import { chestOf } from '../phantom.fixture.ts'
import { noisePlanes } from './noise.ts'
import { renderBox } from './render.ts'
import { gridRound, type Kernel, noiseHu, type Scanner, spreadTaps } from './scanner.ts'

const SIZE = 96
const SLICES = 24
const grid = gridRound([0, 0, 0], [SIZE, SIZE, SLICES], [0.7, 0.7, 1.25])
const whole = { startIjk: [0, 0, 0], sizeIjk: [SIZE, SIZE, SLICES] } as const

function slices(kernel: Kernel, thicknessMm = 1.25, seed = 1): Float32Array[] {
  const fill = noisePlanes(seed, grid, { dose: 'low', kernel, thicknessMm }, whole)
  return Array.from({ length: SLICES }, (_, k) => {
    const out = new Float32Array(SIZE * SIZE)
    fill(k, out)
    return out
  })
}

/** Mean power at a spatial frequency (cycles/mm along x and y), straight from the definition. */
function power(planes: readonly Float32Array[], fx: number, fy: number): number {
  let sum = 0
  for (const plane of planes) {
    let [re, im] = [0, 0]
    for (let j = 0, at = 0; j < SIZE; j++)
      for (let i = 0; i < SIZE; i++, at++) {
        const angle = 2 * Math.PI * 0.7 * (fx * i + fy * j)
        re += plane[at] * Math.cos(angle)
        im += plane[at] * Math.sin(angle)
      }
    sum += (re * re + im * im) / (SIZE * SIZE)
  }
  return sum / planes.length
}

const product = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, n) => sum + value * b[n], 0) / a.length

describe('noisePlanes', () => {
  it.each(['soft', 'lung'] as const)('%s: mean 0, standard deviation 1', (kernel) => {
    const all = slices(kernel)
    const mean = all.reduce((sum, plane) => sum + plane.reduce((s, value) => s + value, 0) / plane.length, 0) / SLICES
    const variance = all.reduce((sum, plane) => sum + product(plane, plane), 0) / SLICES
    expect(Math.abs(mean)).toBeLessThan(0.01)
    expect(Math.abs(Math.sqrt(variance) - 1)).toBeLessThan(0.02)
  })

  it('has the spectrum of a ramp with a window: little at low frequencies, a peak that the sharp kernel has higher', () => {
    const frequencies = [0.02, 0.1, 0.15, 0.2, 0.25, 0.3, 0.36, 0.42, 0.5, 0.58, 0.66]
    const peakOf = (kernel: Kernel): number => {
      const planes = slices(kernel)
      const radial = frequencies.map(
        (f) => (power(planes, f, 0) + power(planes, 0, f) + power(planes, f * 0.6, f * 0.8)) / 3,
      )
      const peak = radial.indexOf(Math.max(...radial))
      expect(radial[0]).toBeLessThan(0.12 * radial[peak])
      return frequencies[peak]
    }
    const [soft, lung] = [peakOf('soft'), peakOf('lung')]
    expect(soft).toBeGreaterThan(0.12)
    expect(soft).toBeLessThan(0.28)
    expect(lung).toBeGreaterThan(0.32)
    expect(lung).toBeLessThan(0.62)
  })

  it('is the same in all directions', () => {
    const planes = slices('soft')
    const axis = [0.18, 0.2, 0.22].map((f) => power(planes, f, 0) + power(planes, 0, f))
    const diagonal = [0.18, 0.2, 0.22].map((f) => 2 * power(planes, f * Math.SQRT1_2, f * Math.SQRT1_2))
    const ratio = axis.reduce((a, b) => a + b) / diagonal.reduce((a, b) => a + b)
    expect(ratio).toBeGreaterThan(0.65)
    expect(ratio).toBeLessThan(1.5)
  })

  it('links neighbouring slices as far as they overlap', () => {
    const link = (thicknessMm: number, apart: number): number => {
      const planes = slices('soft', thicknessMm)
      return planes.slice(apart).reduce((sum, plane, k) => sum + product(plane, planes[k]), 0) / (SLICES - apart)
    }
    expect(link(1.25, 1)).toBeLessThan(0.4)
    expect(link(3.75, 1)).toBeGreaterThan(0.75)
    expect(Math.abs(link(1.25, 4))).toBeLessThan(0.05)
  })

  it('depends on the seed', () => {
    expect(Math.abs(product(slices('soft', 1.25, 1)[3], slices('soft', 1.25, 2)[3]))).toBeLessThan(0.1)
  })
})

describe('the noise of a scan', () => {
  it('has the deviation of its dose, and less under the skin', () => {
    const chest = chestOf(2)
    const fields = new Float64Array(FIELDS)
    const deviations = (scanner: Scanner, centre: Triple): { hu: number; depth: number } => {
      const small = gridRound(centre, [40, 40, 8], [0.8, 0.8, 1.25])
      const box = { startIjk: [0, 0, 0], sizeIjk: small.shapeIjk } as const
      const scene = { chest, nodules: [], noiseSeed: 4 }
      const [noisy, clean] = [scanner, { ...scanner, dose: 'none' } as const].map((one) =>
        renderBox(scene, small, one, box),
      )
      const variance = noisy.reduce((sum, hu, n) => sum + (hu - clean[n]) ** 2, 0) / noisy.length
      chest.fieldsAt(...centre, fields)
      return { hu: Math.sqrt(variance), depth: -fields[SKIN] }
    }
    for (const [dose, kernel, expected] of [
      ['standard', 'soft', 12],
      ['low', 'soft', 24],
      ['low', 'lung', 24 * 2.3],
    ] as const) {
      const scanner = { dose, kernel, thicknessMm: 1.25 }
      expect(noiseHu(scanner)).toBeCloseTo(expected, 6)
      // In the middle of the heart.
      const { hu, depth } = deviations(scanner, [20, -20, -35])
      expect(depth).toBeGreaterThan(60)
      const share = 0.55 + (0.45 * Math.min(90, depth)) / 90
      expect(Math.abs(hu / (expected * share) - 1)).toBeLessThan(0.08)
      const near = deviations(scanner, [0, 108, -35])
      expect(near.hu).toBeLessThan(0.85 * expected)
    }
    expect(noiseHu({ dose: 'low', kernel: 'soft', thicknessMm: 5 })).toBeCloseTo(12, 6)
  })
})

describe('spreadTaps', () => {
  it.each([
    ['soft', 1.25],
    ['lung', 0.8],
  ] as const)('%s: sums to 1 and is as wide as it says', (kernel, fwhm) => {
    const { weights, before } = spreadTaps(kernel, 0.1, 1)
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12)
    expect(weights.length).toBe(2 * before + 1)
    const above = weights.filter((weight) => weight > weights[before] / 2).length * 0.1
    expect(Math.abs(above - fwhm)).toBeLessThan(0.15)
    expect(Math.min(...weights) < 0).toBe(kernel === 'lung')
  })

  it('is no finer than a voxel', () => {
    const { weights, before } = spreadTaps('lung', 3, 4)
    const middle = (weights.length - 1) / 2
    const second = weights.reduce((sum, weight, n) => sum + weight * ((n - middle) * 0.75) ** 2, 0)
    expect(before).toBeGreaterThan(0)
    expect(Math.sqrt(Math.abs(second))).toBeGreaterThan(0.4)
  })
})
