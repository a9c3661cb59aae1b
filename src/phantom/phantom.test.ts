import { describe, expect, it } from 'vitest'
import type { Box, Triple } from '../scan/scan.ts'
import { buildChest, CAVITY, FIELDS, HEART, LUNG, MUSCLE, SKIN } from './anatomy/chest.ts'
import { cohortMember } from './cohort.ts'
import { buildPhantom, drawNodules, type PhantomSpec, phantomSpec, renderPhantom, smallPhantom } from './phantom.ts'

/** Coarse voxels of the whole chest: few, and quickly drawn. */
const coarse: PhantomSpec = phantomSpec({
  seed: 5,
  shapeIjk: [58, 52, 16],
  spacingMm: [5, 5, 8],
  dose: 'none',
  nodules: drawNodules(5, 2),
})

describe('renderPhantom', () => {
  const phantom = buildPhantom(coarse)
  const whole = renderPhantom(phantom)
  const [ni, nj] = whole.shapeIjk

  it('gives the same bits for the same specification, others for another seed', () => {
    expect(renderPhantom(buildPhantom(coarse)).voxels).toEqual(whole.voxels)
    expect(renderPhantom(buildPhantom({ ...coarse, seed: 6 })).voxels).not.toEqual(whole.voxels)
  })

  it('draws of a box the very voxels that the whole has there, noise included', () => {
    const noisy = buildPhantom({ ...coarse, dose: 'low', kernel: 'lung', thicknessMm: 7 })
    const all = renderPhantom(noisy)
    const box: Box = { startIjk: [11, 23, 7], sizeIjk: [25, 21, 5] }
    const part = renderPhantom(noisy, box)
    const expected = Int16Array.from({ length: 25 * 21 * 5 }, (_, n) => {
      const [i, j, k] = [n % 25, Math.floor(n / 25) % 21, Math.floor(n / (25 * 21))]
      return all.voxels[i + 11 + ni * (j + 23 + nj * (k + 7))]
    })
    expect(part.voxels).toEqual(expected)
    const corner = (axis: number) => all.affineLps[4 * axis + 3] + box.startIjk[axis] * all.affineLps[5 * axis]
    expect([part.affineLps[3], part.affineLps[7], part.affineLps[11]]).toEqual([corner(0), corner(1), corner(2)])
  })

  it('has the attenuation of lung, fat, muscle, blood and bone', () => {
    const fields = new Float64Array(FIELDS)
    const values: Record<'lung' | 'fat' | 'muscle' | 'heart' | 'air', number[]> = {
      lung: [],
      fat: [],
      muscle: [],
      heart: [],
      air: [],
    }
    const { affineLps: a, voxels } = whole
    // Deep in each tissue, away from what else is there.
    voxels.forEach((hu, n) => {
      const [x, y, z] = [n % ni, Math.floor(n / ni) % nj, Math.floor(n / (ni * nj))].map(
        (index, axis) => a[5 * axis] * index + a[4 * axis + 3],
      )
      phantom.scene.chest.fieldsAt(x, y, z, fields)
      if (fields[SKIN] > 12 && y < 60) values.air.push(hu)
      if (fields[LUNG] < -14 && fields[LUNG] > -40) values.lung.push(hu)
      if (fields[HEART] < -12) values.heart.push(hu)
      if (fields[SKIN] < -6 && fields[MUSCLE] > 6 && fields[CAVITY] > 12 && z < 40) values.fat.push(hu)
      if (fields[MUSCLE] < -8 && fields[CAVITY] > 16 && z < 60) values.muscle.push(hu)
    })
    const median = (list: readonly number[]): number => list.toSorted((p, q) => p - q)[list.length >> 1]
    expect(Math.min(...Object.values(values).map(({ length }) => length))).toBeGreaterThan(60)
    expect(median(values.air)).toBe(-1000)
    expect(Math.abs(median(values.lung) + 855)).toBeLessThan(30)
    expect(Math.abs(median(values.fat) + 104)).toBeLessThan(15)
    expect(Math.abs(median(values.muscle) - 52)).toBeLessThan(20)
    expect(Math.abs(median(values.heart) - 42)).toBeLessThan(8)
    expect(voxels.reduce((most, hu) => Math.max(most, hu), -1000)).toBeGreaterThan(400)
  })

  it('refuses what is not a scan of a chest', () => {
    for (const wrong of [{ shapeIjk: [4000, 4000, 4000] }, { spacingMm: [0, 1, 1] }, { thicknessMm: 90 }] as const)
      expect(() => buildPhantom({ ...coarse, ...wrong })).toThrow(
        expect.objectContaining({ code: 'datasets/phantom-size' }),
      )
  })
})

describe('buildChest', () => {
  it('has two lungs of a human size, with vessels that grow thinner outwards and reach both', () => {
    const chest = buildChest(11)
    const litres = [0, 0]
    for (let x = -150; x < 150; x += 6)
      for (let y = -110; y < 110; y += 6)
        for (let z = -170; z < 140; z += 6) if (chest.lung(x, y, z) < 0) litres[x < 0 ? 0 : 1] += 6 ** 3 / 1e6
    for (const lung of litres) {
      expect(lung).toBeGreaterThan(1.2)
      expect(lung).toBeLessThan(3.5)
    }
    const { vessel } = chest.tubesIn({ min: [-200, -200, -200], max: [200, 200, 200] }, 0)
    const beyond = (mm: number) => vessel.filter(({ to }) => Math.abs(to[0]) > mm)
    const mean = (mm: number): number => beyond(mm).reduce((sum, { toRadius }) => sum + toRadius, 0) / beyond(mm).length
    expect(mean(100)).toBeLessThan(0.85 * mean(0))
    expect(beyond(90).filter(({ to }) => to[0] < 0).length).toBeGreaterThan(200)
    expect(beyond(90).filter(({ to }) => to[0] > 0).length).toBeGreaterThan(200)
  })
})

describe('smallPhantom', () => {
  it('has its nodule where it is asked for', () => {
    const pointLps: Triple = [74, 4, 22]
    const { voxels, shapeIjk, affineLps } = smallPhantom({
      shapeIjk: [30, 30, 24],
      spacingMm: [2, 2, 2.5],
      centreLps: [70, 0, 20],
      nodules: [{ pointLps, mm: 20 }],
      seed: 1,
    })
    const [i, j, k] = pointLps.map((mm, axis) => Math.round((mm - affineLps[4 * axis + 3]) / affineLps[5 * axis]))
    expect(voxels[i + shapeIjk[0] * (j + shapeIjk[1] * k)]).toBeGreaterThan(-80)
  })

  it('refuses a point outside the lungs, or at their border', () => {
    const at = (pointLps: Triple) => () =>
      smallPhantom({
        shapeIjk: [8, 8, 8],
        spacingMm: [2, 2, 2],
        centreLps: pointLps,
        nodules: [{ pointLps, mm: 20 }],
        seed: 1,
      })
    const refused = expect.objectContaining({ code: 'datasets/phantom-place' })
    expect(at([0, 60, 0])).toThrow(refused)
    expect(at([128, 0, 0])).toThrow(refused)
  })
})

describe('cohortMember', () => {
  const options = {
    seed: 3,
    sizeMm: 44,
    spacingMm: [1.5, 1.5, 2],
    thicknessMm: 2,
    dose: 'low',
    kernel: 'lung',
  } as const

  it('is made again by its specification alone', () => {
    const member = cohortMember(options, 4)
    const again = buildPhantom(member.spec)
    expect(again.scene.nodules[0].pointLps).toEqual(member.scene.nodules[0].pointLps)
    expect(renderPhantom(again).voxels).toEqual(renderPhantom(member).voxels)
  })

  it('has its nodule whole and in the middle', () => {
    for (let index = 0; index < 3; index++) {
      const { scene, grid } = cohortMember(options, index)
      scene.nodules[0].pointLps.forEach((mm, axis) => {
        const voxel = (mm - grid.originLps[axis]) / grid.spacingMm[axis]
        expect(Math.abs(voxel - (grid.shapeIjk[axis] - 1) / 2)).toBeLessThan(0.51)
      })
    }
  })
})
