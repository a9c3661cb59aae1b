import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SpiculaError } from '../error.ts'
import { PUBLISHED_AUGMENTATION } from '../nodule/augment/augment.ts'
import { DEFAULT_PREPROCESSING, prepareViews } from '../nodule/prepare.ts'
import { VIEWS } from '../nodule/views.ts'
import { smallPhantom } from '../phantom/phantom.ts'
import { writeNifti } from '../scan/nifti/write.node.ts'
import { openScan } from '../scan/open.node.ts'
import type { Triple } from '../scan/scan.ts'
import { openVariedPool, prepareVaried, type VariedTask } from './varied-views.ts'

const POINT: Triple = [71.3, -7.8, 33.6]
let folder = ''
let volume = ''
let slice = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'varied-'))
  ;[volume, slice] = [join(folder, 'volume.nii'), join(folder, 'slice.nii')]
  const made = smallPhantom({
    shapeIjk: [110, 100, 54],
    spacingMm: [1.1, 1.2, 2],
    centreLps: [68, -5, 32],
    nodules: [{ pointLps: POINT, mm: 14 }],
    seed: 1,
  })
  await writeNifti(volume, made)
  // One slice through the nodule.
  const [ni, nj] = made.shapeIjk
  const affineLps = [...made.affineLps.slice(0, 11), 0]
  await writeNifti(slice, {
    voxels: made.voxels.slice(27 * ni * nj, 28 * ni * nj),
    shapeIjk: [ni, nj, 1],
    affineLps,
  })
})
afterAll(() => rm(folder, { recursive: true }))

const task = (changes: Partial<VariedTask> = {}): VariedTask => ({
  key: '1 1',
  imageFile: volume,
  point: POINT,
  frame: 'lps',
  preprocessing: { ...DEFAULT_PREPROCESSING, resolution: 64 },
  augmentation: PUBLISHED_AUGMENTATION,
  jitter: true,
  seed: '1/0/17/1 1',
  cacheDir: null,
  ...changes,
})
/** Compared as bytes: bit for bit, and quickly. */
const bits = ({ pixels }: { readonly pixels: Float32Array }): Buffer =>
  Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength)
const sameBits = (a: { readonly pixels: Float32Array }, b: { readonly pixels: Float32Array }): boolean =>
  bits(a).equals(bits(b))
const still = { augmentation: null, jitter: false } as const

describe('prepareVaried', () => {
  it.each([
    ['exact', 'nine', 9],
    ['exact', 'planes', 3],
    ['exact', 'axial', 1],
    ['published', 'nine', 9],
    ['published', 'axial', 1],
  ] as const)('gives the very views that prediction sees: %s, %s', async (geometry, views, count) => {
    const preprocessing = { ...DEFAULT_PREPROCESSING, geometry, views }
    const expected = await prepareViews(await openScan(volume), POINT, preprocessing)
    for (const cacheDir of [null, join(folder, 'cache'), join(folder, 'cache')]) {
      const bag = await prepareVaried(task({ ...still, preprocessing, cacheDir }))
      expect(sameBits(bag, expected)).toBe(true)
      expect(bag).toMatchObject({
        count,
        views: VIEWS.slice(0, count),
        notes: expected.notes,
      })
    }
  })

  it('gives the very view of a single slice, and says that there is no other', async () => {
    const expected = await prepareViews(await openScan(slice), [71.3, -7.8, 0], DEFAULT_PREPROCESSING)
    const bag = await prepareVaried(
      task({ ...still, imageFile: slice, point: [71.3, -7.8, 0], preprocessing: DEFAULT_PREPROCESSING }),
    )
    expect(sameBits(bag, expected)).toBe(true)
    expect(bag).toMatchObject({ count: 1, views: [VIEWS[0]] })
    expect(bag.notes.map(({ code }) => code)).toContain('nodule/single-slice')
  })

  it('takes points in any frame', async () => {
    const lps = await prepareVaried(task())
    expect(sameBits(await prepareVaried(task({ frame: 'ras', point: [-71.3, 7.8, 33.6] })), lps)).toBe(true)
  })

  it('is told by its seed alone', async () => {
    const first = await prepareVaried(task())
    const again = await prepareVaried(task({ key: 'other', cacheDir: join(folder, 'cache') }))
    expect(sameBits(again, first)).toBe(true)
    const all = [first]
    for (const changes of [{ seed: '1/1/17/1 1' }, { jitter: false }, { augmentation: null }, still]) {
      const bag = await prepareVaried(task(changes))
      for (const other of all) expect(sameBits(bag, other)).toBe(false)
      all.push(bag)
    }
    expect(first.pixels.every(Number.isFinite)).toBe(true)
  })

  it('varies the mid-planes as among the nine views, and the axial view alone on the plane of the nodule', async () => {
    // The noise goes over what is shown, so it would differ.
    const augmentation = { ...PUBLISHED_AUGMENTATION, noise: 0 }
    const [nine, planes, axial] = await Promise.all(
      (['nine', 'planes', 'axial'] as const).map((views) =>
        prepareVaried(task({ augmentation, preprocessing: { ...DEFAULT_PREPROCESSING, resolution: 64, views } })),
      ),
    )
    expect([nine, planes, axial].map(({ count }) => count)).toEqual([9, 3, 1])
    expect(axial.pixels).toHaveLength(64 * 64)
    const difference = planes.pixels.reduce((most, value, p) => Math.max(most, Math.abs(value - nine.pixels[p])), 0)
    expect(difference).toBeLessThan(1e-6)
    const middle = ({ pixels }: { readonly pixels: Float32Array }) => pixels[32 * 64 + 32]
    expect(middle(axial)).toBeGreaterThan(0.4)
  })

  it('moves and varies a single slice within its plane', async () => {
    const one = { imageFile: slice, point: [71.3, -7.8, 0] as const }
    const moved = await prepareVaried(task({ ...one, augmentation: null }))
    const varied = await prepareVaried(task(one))
    const plain = await prepareVaried(task({ ...one, ...still }))
    for (const bag of [moved, varied, plain]) expect(bag).toMatchObject({ count: 1, views: [VIEWS[0]] })
    expect([sameBits(varied, moved), sameBits(moved, plain)]).toEqual([false, false])
    expect(Math.max(...moved.pixels)).toBeLessThanOrEqual(1)
    // The nodule is still in the middle half of the view.
    expect(varied.pixels[32 * 64 + 32]).toBeGreaterThan(0.4)
  })

  it('says what is wrong with a task', async () => {
    const rejected = async (changes: Partial<VariedTask>, code: string) => {
      for (const cacheDir of [null, join(folder, 'cache')]) {
        const error: unknown = await prepareVaried(task({ ...changes, cacheDir })).catch((reason) => reason)
        expect(error).toBeInstanceOf(SpiculaError)
        expect(error).toMatchObject({ code })
      }
    }
    await rejected({ point: [-POINT[0] - 300, 0, 0] }, 'nodule/outside')
    await rejected({ point: [Number.NaN, 0, 0] }, 'nodule/point')
    await rejected({ imageFile: join(folder, 'none.nii') }, 'volume/missing')
    await rejected({ preprocessing: { ...DEFAULT_PREPROCESSING, cropMm: 58 } }, 'nodule/size')
    await rejected({ preprocessing: { ...DEFAULT_PREPROCESSING, resolution: 0.5 } }, 'nodule/size')
    await rejected(
      { imageFile: slice, point: [71.3, -7.8, 0], preprocessing: { ...DEFAULT_PREPROCESSING, geometry: 'published' } },
      'nodule/geometry',
    )
  })
})

describe('a pool', () => {
  it('gives the same bits from one thread and from two, and revives errors', async () => {
    const tasks = Array.from({ length: 6 }, (_, draw) =>
      task({ seed: `1/0/${draw}/1 1`, cacheDir: join(folder, 'pool') }),
    )
    const here = await Promise.all(tasks.map(prepareVaried))
    for (const threads of [1, 2]) {
      const pool = openVariedPool(threads)
      try {
        const there = await Promise.all(tasks.map((one) => pool.run(one)))
        for (const [i, bag] of there.entries()) {
          expect(sameBits(bag, here[i])).toBe(true)
          expect({ ...bag, pixels: 0 }).toEqual({ ...here[i], pixels: 0 })
        }
        await expect(pool.run(task({ point: [900, 0, 0] }))).rejects.toMatchObject({
          code: 'nodule/outside',
          hint: expect.stringContaining('row'),
        })
      } finally {
        await pool.close()
      }
    }
  })
})
