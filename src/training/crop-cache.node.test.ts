import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Crop } from '../nodule/crop.ts'
import { writeNifti } from '../scan/nifti/write.node.ts'
import { type CropRequest, cachedCrop, cutCrop } from './crop-cache.node.ts'
import { openVariedPool } from './varied-views.ts'

let folder = ''
let cache = ''
let scan = ''
let request: CropRequest

/** A ball in mottled lung: whole numbers only, the same for ever, for the checksums below. */
function made(seed: number) {
  const shapeIjk = [60, 50, 40] as const
  const voxels = Int16Array.from({ length: 60 * 50 * 40 }, (_, n) => {
    const [i, j, k] = [n % 60, Math.floor(n / 60) % 50, Math.floor(n / 3000)]
    const inBall = (i - 39) ** 2 + (j - 26) ** 2 + (k - 20) ** 2 < 10
    return (inBall ? 30 : -850) + ((Math.imul(n + seed, 2654435761) >>> 24) % 60)
  })
  return { voxels, shapeIjk, affineLps: [2, 0, 0, -59, 0, 2, 0, -49, 0, 0, 2.5, -48.75] }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crops-'))
  ;[cache, scan] = [join(folder, 'cache'), join(folder, 'scan.nii')]
  await writeNifti(scan, made(1))
  const options = { geometry: 'exact', sizeMm: 40, extent: 'cube', shownMm: 20 } as const
  request = { imageFile: scan, point: [20.2, 4.4, 3.1], frame: 'lps', options }
})
afterEach(() => rm(folder, { recursive: true }))

const entries = async (): Promise<string[]> => {
  const all = await readdir(cache, { recursive: true })
  return all.filter((name) => name.includes('.')).map((name) => join(cache, name))
}
/** When the entries were written. */
const written = async () => Promise.all((await entries()).map(async (path) => (await stat(path)).mtimeMs))

/** A crop with its voxels as their checksum: equal where all bits are, and compared quickly. */
const summary = ({ hu, ...fields }: Crop) => ({ ...fields, length: hu.length, hash: hash(hu) })
const hash = (data: Float32Array): string => createHash('sha256').update(data).digest('hex').slice(0, 16)

it('gives the same crop, bit for bit, from scan and cache', async () => {
  const cut = await cutCrop(request)
  const miss = await cachedCrop(cache, request)
  const before = await written()
  const hit = await cachedCrop(cache, request)
  expect(summary(miss)).toEqual(summary(cut))
  expect(summary(hit)).toEqual(summary(cut))
  expect(await written()).toEqual(before)
  expect(before).toHaveLength(1)
})

it("refuses an entry of another crop that was moved to this one's place", async () => {
  await cachedCrop(cache, request)
  const [own] = await entries()
  const bytes = await readFile(own)
  await cachedCrop(cache, { ...request, point: [21.2, 4.4, 3.1] })
  const [other] = (await entries()).filter((path) => path !== own)
  await rename(other, own)
  expect(summary(await cachedCrop(cache, request))).toEqual(summary(await cutCrop(request)))
  expect(bytes.equals(await readFile(own))).toBe(true)
})

it.each([
  ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 4)],
  ['empty', () => Buffer.alloc(0)],
  ['lengthened', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(4)])],
  ['of another kind', () => Buffer.from('not a crop, though long enough to be one')],
  ['flipped in a bit of a voxel', (bytes: Buffer) => flip(bytes, bytes.length - 1000)],
  ['flipped in a bit of its fields', (bytes: Buffer) => flip(bytes, 40)],
  ['flipped in a bit of its length', (bytes: Buffer) => flip(bytes, 13)],
  ['all zeros after the magic', (bytes: Buffer) => Buffer.from(bytes).fill(0, 8)],
])('makes an entry anew that is %s', async (_how, damage) => {
  const cut = await cachedCrop(cache, request)
  const [path] = await entries()
  const good = await readFile(path)
  await writeFile(path, damage(good))
  expect(summary(await cachedCrop(cache, request))).toEqual(summary(cut))
  expect(good.equals(await readFile(path))).toBe(true)
})

const flip = (bytes: Buffer, at: number): Buffer => {
  const damaged = Buffer.from(bytes)
  damaged[at] ^= 4
  return damaged
}

it('notices a scan that was replaced, even by one of the same size and date', async () => {
  const first = await cachedCrop(cache, request)
  const { atime, mtime } = await stat(scan)
  await writeNifti(scan, made(2))
  await utimes(scan, atime, mtime)
  const second = await cachedCrop(cache, request)
  expect(summary(second)).toEqual(summary(await cutCrop(request)))
  expect(hash(second.hu)).not.toBe(hash(first.hu))
})

it('notices that the voxels of a pair were replaced', async () => {
  const pair = async (seed: number) => {
    await writeNifti(scan, made(seed))
    const bytes = await readFile(scan)
    const header = Buffer.from(bytes.subarray(0, 352))
    header.write('ni1\0', 344, 'latin1')
    header.writeFloatLE(0, 108)
    await writeFile(join(folder, 'pair.img'), bytes.subarray(352))
    return header
  }
  await writeFile(join(folder, 'pair.hdr'), await pair(1))
  const first = await cachedCrop(cache, { ...request, imageFile: join(folder, 'pair.hdr') })
  await pair(2)
  const second = await cachedCrop(cache, { ...request, imageFile: join(folder, 'pair.hdr') })
  expect(hash(second.hu)).not.toBe(hash(first.hu))
})

it('keeps crops apart that differ in anything', async () => {
  const others: CropRequest[] = [
    request,
    { ...request, point: [20.2, 4.4, 3.2] },
    { ...request, frame: 'ras', point: [20.2, 4.4, 3.1] },
    { ...request, options: { ...request.options, geometry: 'published' } },
    { ...request, options: { ...request.options, sizeMm: 42 } },
    { ...request, options: { ...request.options, extent: 'axial' } },
    { ...request, options: { ...request.options, shownMm: 22 } },
  ]
  for (const one of others) expect(summary(await cachedCrop(cache, one))).toEqual(summary(await cutCrop(one)))
  expect(await entries()).toHaveLength(others.length)
  for (const one of others) expect(summary(await cachedCrop(cache, one))).toEqual(summary(await cutCrop(one)))
})

it('serves threads that write the same entries at once', async () => {
  const pool = openVariedPool(2)
  const bag = { key: '1 1', seed: '1', augmentation: null, jitter: false, cacheDir: cache, frame: 'lps' } as const
  const preprocessing = { geometry: 'exact', resolution: 8, viewMm: 20, cropMm: 40 } as const
  const tasks = Array.from({ length: 24 }, (_, i) => ({
    ...bag,
    preprocessing,
    imageFile: scan,
    point: [20 + (i % 3), 4, 3] as const,
  }))
  try {
    const here = cachedCrop(cache, { ...request, point: [20, 4, 3] })
    const nodules = await Promise.all(tasks.map((task) => pool.run(task)))
    for (const [i, { pixels }] of nodules.entries()) expect(pixels).toEqual(nodules[i % 3].pixels)
    expect(summary(await here)).toEqual(summary(await cutCrop({ ...request, point: [20, 4, 3] })))
  } finally {
    await pool.close()
  }
  expect(await entries()).toHaveLength(3)
})

it('stays within its bound, the oldest going first, and clears what killed processes left', async () => {
  const small = { ...request, options: { ...request.options, sizeMm: 10 } }
  const at = (i: number) => ({ ...small, point: [20 + i / 8, 4, 3] as const })
  const one = 4 * 10 ** 3 + 500
  await cachedCrop(cache, at(0))
  const [oldest] = await entries()
  await utimes(oldest, 1, 1)
  const leftover = join(oldest, '..', '.spicula-1.tmp')
  const fresh = join(oldest, '..', '.spicula-2.tmp')
  await writeFile(leftover, 'half')
  await utimes(leftover, 1, 1)
  await writeFile(fresh, 'half')
  for (let i = 1; i < 100; i++) await cachedCrop(cache, at(i), { maxBytes: 16 * 2 * one })
  const left = await entries()
  expect(left).not.toContain(oldest)
  expect(left).not.toContain(leftover)
  expect(left).toContain(fresh)
  expect(left.length).toBeLessThanOrEqual(2 * 16 + 1)
  expect(left.length).toBeGreaterThan(16)
})

it('goes on without a cache that cannot be written, and says so', async () => {
  await writeFile(cache, 'a file where the folder should be')
  const crop = await cachedCrop(cache, request)
  expect(hash(crop.hu)).toBe(hash((await cutCrop(request)).hu))
  expect(crop.notes.map(({ code }) => code)).toContain('training/crop-cache')
})

it('leaves nothing behind for a request that fails', async () => {
  await mkdir(cache)
  await expect(cachedCrop(cache, { ...request, point: [900, 0, 0] })).rejects.toMatchObject({ code: 'nodule/outside' })
  await expect(cachedCrop(cache, { ...request, imageFile: `${scan}x` })).rejects.toMatchObject({
    code: 'volume/missing',
  })
  expect(await entries()).toEqual([])
})

it('cuts the crops that CROP_VERSION stands for: where this fails on purpose, raise it', async () => {
  const { hu } = await cutCrop(request)
  const published = await cutCrop({ ...request, options: { ...request.options, geometry: 'published' } })
  expect([hash(hu), hash(published.hu)]).toEqual(['33d5851ba95e333e', '4586ebfe51e25d2f'])
})
