/** Many places in one scan: each has its own outcome, in order, and none loses another. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SpiculaError } from '../error.ts'
import { writeNifti } from '../scan/nifti/write.node.ts'
import type { Triple } from '../scan/scan.ts'
import { forEachPlace, prepareScan } from './prepare-scan.node.ts'

let folder = ''
let file = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prepare-scan-'))
  file = join(folder, 'ct.nii')
  // Stored i runs to the right, and a voxel's HU is 10 k + i - 600: what a view shows tells its place.
  const voxels = Int16Array.from({ length: 40 ** 3 }, (_, v) => 10 * Math.floor(v / 1600) + (v % 40) - 600)
  await writeNifti(file, { voxels, shapeIjk: [40, 40, 40], affineLps: [-1, 0, 0, 20, 0, 1, 0, -20, 0, 0, 1, 0] })
})
afterAll(() => rm(folder, { recursive: true }))

const preprocessing = { geometry: 'exact', resolution: 8, views: 'axial', viewMm: 8, cropMm: 16 } as const

describe('forEachPlace', () => {
  it('hands out every place in LPS with its index, and gathers results in order', async () => {
    const points: Triple[] = Array.from({ length: 20 }, (_, n) => [1 + (n % 7), 5, n])
    const seen: number[] = []
    const outcomes = await forEachPlace(file, { frame: 'ras', points }, async (scan, pointLps, index) => {
      seen.push(index)
      // The later ones are done first.
      await new Promise((resolve) => setTimeout(resolve, 20 - index))
      return { name: scan.name, pointLps, index }
    })
    expect(outcomes).toEqual(
      points.map(([x, y, z], index) => ({ name: expect.stringContaining('ct.nii'), pointLps: [-x, -y, z], index })),
    )
    expect(seen).toEqual([...points.keys()])
  })

  it('has at most eight under way', async () => {
    let running = 0
    let most = 0
    await forEachPlace(
      file,
      { frame: 'lps', points: Array.from({ length: 21 }, () => [0, 0, 9] as Triple) },
      async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setTimeout(resolve, 2))
        running--
      },
    )
    expect([most, running]).toEqual([8, 0])
  })

  it('loses no place to one that fails', async () => {
    const points: Triple[] = [
      [0, 0, 1],
      [0, 0, 2],
      [0, 0, 3],
    ]
    const outcomes = await forEachPlace(file, { frame: 'lps', points }, async (_, [, , z]) => {
      if (z === 2) throw new SpiculaError('test/two', 'two')
      return z
    })
    expect(outcomes).toEqual([1, { failed: { code: 'test/two', message: 'two', hint: undefined } }, 3])
  })

  it('fails at every place of a scan that cannot be opened', async () => {
    const points: Triple[] = [
      [0, 0, 1],
      [0, 0, 2],
    ]
    const outcomes = await forEachPlace(join(folder, 'gone.nii'), { frame: 'lps', points }, async () => 1)
    const missing = { failed: expect.objectContaining({ code: 'volume/missing' }) }
    expect(outcomes).toEqual([missing, missing])
  })
})

describe('prepareScan', () => {
  it('makes the views of every nodule as its preprocessing says, with the notes of scan and place', async () => {
    const points: Triple[] = [
      [20, 20, 12],
      [20, 20, 99],
      [20, 1, 20],
    ]
    const [first, outside, edge] = await prepareScan({ imageFile: file, frame: 'voxel', points, preprocessing })
    if (!('prepared' in first) || !('prepared' in edge)) throw new Error('a nodule has no views')
    expect(first.pointLps).toEqual([0, 0, 12])
    expect(first.prepared.pixels).toHaveLength(64)
    // Columns run to the left, from 4 mm right of the point, which is i = 24; the window is -1000 to 500 HU.
    for (const [p, value] of first.prepared.pixels.entries())
      expect(value).toBeCloseTo((10 * 12 + 24 - (p % 8) - 600 + 1000) / 1500, 6)
    expect(first.prepared.views.map(({ name }) => name)).toEqual(['axial'])
    expect(outside).toMatchObject({ failed: { code: 'nodule/outside' } })
    expect(first.notes).toEqual([])
    expect(edge.notes.map(({ code }) => code)).toEqual(['nodule/border'])
  })
})
