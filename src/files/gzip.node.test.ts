import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SpiculaError } from '../error.ts'
import { openNifti } from '../scan/nifti/nifti.node.ts'
import { encodeNifti } from '../scan/nifti/write.ts'
import type { Box, Triple } from '../scan/scan.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spicula-gzip-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const shapeIjk: Triple = [128, 128, 64] // 2 MiB of int16
const voxels = new Int16Array(128 * 128 * 64)
let state = 1
for (let n = 0; n < voxels.length; n++) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  voxels[n] = (state >>> 24) - 1000
}
const nifti = encodeNifti({ voxels, shapeIjk, affineLps: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] })
const gz = gzipSync(nifti, { level: 1 })
/** A member with the first half of the file, then one whose first block is of the type that does not exist. */
const damagedHalfway = Buffer.concat([
  gzipSync(nifti.subarray(0, nifti.length >> 1), { level: 1 }),
  gz.subarray(0, 10),
  Buffer.alloc(5000, 0xff),
])
const all: Box = { startIjk: [0, 0, 0], sizeIjk: shapeIjk }
const slice = (k: number): Box => ({ startIjk: [0, 0, k], sizeIjk: [128, 128, 1] })
const stored = (k: number) => Float32Array.from(voxels.subarray(k * 128 * 128, (k + 1) * 128 * 128))

async function open(content: Uint8Array) {
  const path = join(folder, 'scan.nii.gz')
  writeFileSync(path, content)
  return openNifti(path)
}
/** Whether these are all voxels (vitest compares a million numbers in seconds). */
const same = (hu: Float32Array): boolean => hu.length === voxels.length && hu.every((value, n) => value === voxels[n])
const read = async (content: Uint8Array, box: Box) => (await open(content)).readHu(box)

describe('a gzip file', () => {
  it('is known by its content, not by its name', async () => {
    writeFileSync(join(folder, 'compressed.nii'), gz)
    writeFileSync(join(folder, 'plain.nii.gz'), nifti)
    for (const name of ['compressed.nii', 'plain.nii.gz']) {
      expect(await (await openNifti(join(folder, name))).readHu(slice(63))).toEqual(stored(63))
    }
  })

  it('of several members is one stream', async () => {
    const cuts = [0, 100, 400, 5000, 1_000_000, nifti.length]
    const members = cuts.slice(1).map((end, n) => gzipSync(nifti.subarray(cuts[n], end)))
    expect(same(await read(Buffer.concat(members), all))).toBe(true)
  })

  it('of hundreds of members (block gzip) is one stream', async () => {
    const members = Array.from({ length: Math.ceil(nifti.length / 8192) }, (_, n) =>
      gzipSync(nifti.subarray(n * 8192, (n + 1) * 8192)),
    )
    const scan = await open(Buffer.concat([...members, gzipSync(new Uint8Array(0))]))
    expect(await scan.readHu(slice(63))).toEqual(stored(63))
  })

  it('may have names, comments and extra fields in its header', async () => {
    const extra = Buffer.concat([
      Buffer.from([5, 0]),
      Buffer.from('extra'),
      Buffer.from('name\0comment\0'),
      Buffer.alloc(2),
    ])
    const header = Buffer.from(gz.subarray(0, 10))
    header[3] = 2 | 4 | 8 | 16
    expect(await read(Buffer.concat([header, extra, gz.subarray(10)]), slice(5))).toEqual(stored(5))
  })

  it.each([
    ['text', Buffer.from('appended by a careless script')],
    ['zeros', Buffer.alloc(1000)],
    ['what looks like a member', Buffer.from([0x1f, 0x8b, 9, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9])],
  ])('may be followed by %s', async (_, garbage) => {
    expect(same(await read(Buffer.concat([gz, garbage]), all))).toBe(true)
  })

  it('is inflated no further than asked: what is damaged behind is not met', async () => {
    const scan = await open(damagedHalfway)
    expect(await scan.readHu(slice(16))).toEqual(stored(16))
    await expect(scan.readHu(slice(60))).rejects.toMatchObject({ code: 'volume/corrupt' })
    const both = await Promise.allSettled([scan.readHu(slice(60)), scan.readHu(slice(3))])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
  })

  it('that was cut gives what it has, and says what is missing', async () => {
    const scan = await open(gz.subarray(0, Math.floor(gz.length / 2)))
    expect(await scan.readHu(slice(30))).toEqual(stored(30))
    await expect(scan.readHu(slice(63))).rejects.toMatchObject({
      code: 'volume/truncated',
      message: expect.stringMatching(/^scan\.nii\.gz: 2,097,504 bytes expected, 1,0\d\d,\d{3} found$/),
    })
  })

  it('cut anywhere is truncated, or complete but for its checksum', async () => {
    for (let n = 0; n < 60; n++) {
      const length = n < 30 ? n + 1 : n < 45 ? gz.length - (n - 29) : Math.floor((gz.length * (n - 45)) / 15) + 31
      const outcome = await read(gz.subarray(0, length), all).then(
        () => 'read',
        (error: unknown) => (error instanceof SpiculaError ? error.code : error),
      )
      // The last byte or two before the checksum may hold nothing but the end of the block.
      const complete = length >= gz.length - 8 || (outcome === 'read' && length >= gz.length - 10)
      expect([length, outcome]).toEqual([length, complete ? 'read' : 'volume/truncated'])
    }
  })

  it('whose checksum is wrong is not trusted where it is read to its end', async () => {
    const damaged = Buffer.from(gz)
    damaged[gz.length - 8] ^= 1
    const scan = await open(damaged)
    await expect(scan.readHu(all)).rejects.toMatchObject({ code: 'volume/checksum' })
    expect(await scan.readHu(slice(3))).toEqual(stored(3))
  })

  it('cannot claim more than deflate can hold', async () => {
    const lying = new DataView(nifti.slice(0, 1000).buffer)
    for (const axis of [1, 2, 3]) lying.setInt16(40 + 2 * axis, 30000, true)
    await expect(open(gzipSync(new Uint8Array(lying.buffer)))).rejects.toMatchObject({
      code: 'volume/truncated',
      message: expect.stringContaining('cannot inflate to more than'),
    })
  })

  it('that is a bomb takes no memory', async () => {
    const header = nifti.slice(0, 352)
    new DataView(header.buffer).setInt16(46, 4096, true) // 128 x 128 x 4096
    const zeros = gzipSync(Buffer.alloc(1 << 26))
    const scan = await open(Buffer.concat([gzipSync(header), zeros, zeros]))
    const before = process.memoryUsage().rss
    const hu = await scan.readHu({ startIjk: [60, 60, 4095], sizeIjk: [4, 4, 1] })
    expect([...hu]).toEqual(new Array(16).fill(0))
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20)
  })

  it.runIf(existsSync('/proc/self/fd'))('is left open by no read, whole or partial or failed', async () => {
    const scan = await open(damagedHalfway)
    const openFiles = () => readdirSync('/proc/self/fd').length
    const before = openFiles()
    for (let n = 0; n < 20; n++) await Promise.allSettled([scan.readHu(slice(0)), scan.readHu(slice(63))])
    expect(openFiles()).toBeLessThan(before + 10)
  })
})
