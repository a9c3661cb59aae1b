import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SpiculaError } from '../error.ts'
import { encodeNifti } from './nifti/write.ts'
import { openScan } from './open.node.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spicula-open-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const voxels = Int16Array.from({ length: 6 * 5 * 4 }, (_, n) => n)
const nifti = encodeNifti({ voxels, shapeIjk: [6, 5, 4], affineLps: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] })

function write(name: string, content: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('openScan', () => {
  it('opens NIfTI whatever its name', async () => {
    for (const path of [write('a.nii', nifti), write('b', nifti), write('c.dcm', gzipSync(nifti))]) {
      const scan = await openScan(path)
      expect(scan.shapeIjk).toEqual([6, 5, 4])
      expect([...(await scan.readHu({ startIjk: [1, 2, 3], sizeIjk: [2, 1, 1] }))]).toEqual([103, 104])
    }
  })

  const at128 = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(400)])
  it.each<[string, Uint8Array, string, RegExp]>([
    ['scan.dcm', at128, 'transfer-syntax', /^scan\.dcm: its meta information names no transfer syntax$/],
    ['scan.nrrd', Buffer.from('NRRD0005\ntype: short\n'), 'truncated', /^scan\.nrrd: its NRRD header does not end$/],
    ['scan.mha', Buffer.from('ObjectType = Image\n'), 'truncated', /^scan\.mha: its MetaImage header ends without/],
    ['crop.npy', Buffer.from('\x93NUMPY\x01\x00', 'latin1'), 'format', /a NumPy array, which/],
    ['scan.zip', Buffer.from('PK\x03\x04'), 'zip', /^scan\.zip: not a sound zip archive: it has no directory/],
    ['notes.txt', Buffer.from('no scan'), 'format', /not a scan in a format that is read/],
    ['notes.txt.gz', gzipSync('no scan'), 'format', /not a scan in a format that is read/],
    ['empty.nii', Buffer.alloc(0), 'empty', /the file is empty/],
    ['cut.nii', nifti.subarray(0, 100), 'truncated', /348 bytes of header expected, 100 found/],
    ['cut.nii.gz', gzipSync(nifti).subarray(0, 5), 'truncated', /348 bytes of header expected, 0 found/],
  ])('says what %s is', async (name, content, code, message) => {
    await expect(openScan(write(name, content))).rejects.toMatchObject({
      name: 'SpiculaError',
      code: `volume/${code}`,
      message: expect.stringMatching(message),
    })
  })

  it('names the formats that it reads', async () => {
    await expect(openScan(write('x', Buffer.from('?')))).rejects.toMatchObject({
      hint: expect.stringMatching(/NIfTI \(\.nii\.gz, .*DICOM \(.*a folder\), .*NRRD/),
    })
  })

  it('says that a file is missing, without its folder', async () => {
    for (const path of [join(folder, 'none.nii'), join(write('file', nifti), 'none.nii')]) {
      await expect(openScan(path)).rejects.toMatchObject({
        code: 'volume/missing',
        message: 'none.nii: there is no such file',
      })
    }
    await expect(openScan(join(folder, 'none.img'))).rejects.toMatchObject({ code: 'volume/missing' })
  })

  it('says that a folder holds no slices', async () => {
    mkdirSync(join(folder, 'series'), { recursive: true })
    await expect(openScan(join(folder, 'series'))).rejects.toMatchObject({ code: 'volume/empty' })
    writeFileSync(join(folder, 'series', 'notes.txt'), 'no scan')
    await expect(openScan(join(folder, 'series'))).rejects.toMatchObject({
      code: 'volume/dicom-series',
      message: 'series: there are no CT slices among its files (1 file that is not DICOM left out)',
    })
  })

  it('says that a file has gone since it was opened', async () => {
    const path = write('gone.nii.gz', gzipSync(nifti))
    const scan = await openScan(path)
    rmSync(path)
    const read = scan.readHu({ startIjk: [0, 0, 0], sizeIjk: [1, 1, 1] })
    await expect(read).rejects.toMatchObject({ name: 'SpiculaError', code: 'volume/missing' })
  })

  it('gives a scan or a SpiculaError for damaged bytes, always', async () => {
    let state = 20250401
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const started = performance.now()
    const outcomes = new Set<string>()
    for (let trial = 0; trial < 600; trial++) {
      const compressed = trial % 2 === 1
      const bytes = compressed && trial % 4 === 1 ? new Uint8Array(gzipSync(nifti)) : nifti.slice()
      // Most of the damage where it hurts: in the header.
      const reach = trial % 3 === 0 ? bytes.length : Math.min(bytes.length, 352)
      for (let n = 0; n <= random(4); n++) bytes[random(reach)] = random(256)
      const damaged = random(10) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes
      const path = write('damaged.nii', compressed && trial % 4 === 3 ? gzipSync(damaged) : damaged)
      try {
        const scan = await openScan(path)
        expect(scan.affineLps.every(Number.isFinite)).toBe(true)
        const [ni, nj, nk] = scan.shapeIjk
        const hu = await scan.readHu({ startIjk: [0, 0, nk - 1], sizeIjk: [Math.min(ni, 8), Math.min(nj, 8), 1] })
        expect(hu.length).toBeGreaterThan(0)
        outcomes.add('read')
      } catch (error) {
        if (!(error instanceof SpiculaError)) throw error
        expect(error.message).toContain('damaged.nii')
        outcomes.add(error.code)
      }
    }
    expect(outcomes.size).toBeGreaterThan(5)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})
