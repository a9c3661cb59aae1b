import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeShared } from '../../../test/shared.ts'
import { fileSource } from '../../files/bytes.node.ts'
import { readPrefix } from '../../files/bytes.ts'
import { rasToLps } from '../affine.ts'
import type { Box, Scan, Triple } from '../scan.ts'
import { parseNiftiHeader } from './header.ts'
import { openNifti } from './nifti.node.ts'
import { encodeNifti } from './write.ts'

interface Case {
  name: string
  /** Which of the files to open. */
  open: string
  /** Name to content, base64. */
  files: Record<string, string>
  version: 1 | 2
  littleEndian: boolean
  dtype: string
  shape: [number, number, number]
  affineRas: number[]
  values: number[]
}

const fixture = JSON.parse(
  gunzipSync(readFileSync(new URL('./fixtures/nibabel.json.gz', import.meta.url))).toString(),
) as { cases: Case[] }

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spicula-nifti-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const whole = (scan: Scan): Box => ({ startIjk: [0, 0, 0], sizeIjk: scan.shapeIjk })

function place(one: Case, ...without: string[]): string {
  for (const [name, content] of Object.entries(one.files)) {
    if (!without.includes(name)) writeFileSync(join(folder, name), Buffer.from(content, 'base64'))
  }
  return join(folder, one.open)
}

describe('files written by nibabel', () => {
  it.each(fixture.cases.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    const path = place(one)
    const scan = await openNifti(path)
    expect(scan.name).toBe(one.open)
    expect(scan.shapeIjk).toEqual(one.shape)
    const expected = rasToLps(one.affineRas)
    for (const [n, value] of expected.entries()) expect(Math.abs(scan.affineLps[n] - value)).toBeLessThan(1e-4)
    expect([...(await scan.readHu(whole(scan)))]).toEqual(one.values.map(Math.fround))
    // The last voxel alone
    const last: Triple = [one.shape[0] - 1, one.shape[1] - 1, one.shape[2] - 1]
    expect([...(await scan.readHu({ startIjk: last, sizeIjk: [1, 1, 1] }))]).toEqual([
      Math.fround(one.values.at(-1) ?? 0),
    ])
    const headerFile = path.replace('.img', '.hdr')
    const { version, littleEndian, type } = parseNiftiHeader(await readPrefix(await fileSource(headerFile), 540), 'a')
    expect({ version, littleEndian, type }).toEqual({
      version: one.version,
      littleEndian: one.littleEndian,
      type: one.dtype,
    })
  })

  it('notes that sform and qform disagree', async () => {
    const notes = async (name: string) =>
      (await openNifti(place(fixture.cases.find((one) => one.name === name) ?? fixture.cases[0]))).notes
    expect(await notes('plain')).toEqual([])
    expect(await notes('disagreeing')).toMatchObject([{ code: 'volume/orientation' }])
    expect(await notes('mirrored')).toMatchObject([{ message: expect.stringContaining('mirror image') }])
  })
})

describe('a pair', () => {
  const pair = fixture.cases.find((one) => one.name === 'pair_gz') ?? fixture.cases[0]

  it('opens by either name', async () => {
    place(pair)
    const scan = await openNifti(join(folder, 'pair_gz.img.gz'))
    expect(scan.name).toBe('pair_gz.img.gz')
    expect([...(await scan.readHu(whole(scan)))]).toEqual(pair.values.map(Math.fround))
  })

  it('opens where only one half is compressed', async () => {
    writeFileSync(join(folder, 'half.hdr'), gunzipSync(Buffer.from(pair.files['pair_gz.hdr.gz'], 'base64')))
    writeFileSync(join(folder, 'half.img.gz'), Buffer.from(pair.files['pair_gz.img.gz'], 'base64'))
    for (const name of ['half.hdr', 'half.img.gz']) {
      const scan = await openNifti(join(folder, name))
      expect([...(await scan.readHu(whole(scan)))]).toEqual(pair.values.map(Math.fround))
    }
  })

  it.each([
    ['pair_gz.hdr.gz', 'pair_gz.img.gz'],
    ['pair_gz.img.gz', 'pair_gz.hdr.gz'],
  ])('says that %s lacks %s', async (there, lacking) => {
    place(pair)
    rmSync(join(folder, lacking))
    await expect(openNifti(join(folder, there))).rejects.toMatchObject({
      code: 'volume/missing',
      message: `${there}: its other half ${lacking} is not beside it`,
    })
  })

  it('is not a .nii', async () => {
    writeFileSync(join(folder, 'renamed.nii.gz'), Buffer.from(pair.files['pair_gz.hdr.gz'], 'base64'))
    await expect(openNifti(join(folder, 'renamed.nii.gz'))).rejects.toMatchObject({ code: 'volume/missing' })
  })
})

describe('sizes that lie', () => {
  const good = (): DataView<ArrayBuffer> => {
    const voxels = new Int16Array(5 * 4 * 3)
    return new DataView(
      encodeNifti({ voxels, shapeIjk: [5, 4, 3], affineLps: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] }).buffer,
    )
  }
  const open = (view: DataView<ArrayBuffer>) => {
    writeFileSync(join(folder, 'lie.nii'), new Uint8Array(view.buffer))
    return openNifti(join(folder, 'lie.nii'))
  }

  it('27,000,000,000,000 voxels in half a kilobyte', async () => {
    const view = good()
    for (const axis of [1, 2, 3]) view.setInt16(40 + 2 * axis, 30000, true)
    await expect(open(view)).rejects.toMatchObject({
      code: 'volume/truncated',
      message: 'lie.nii: 54,000,000,000,352 bytes expected, 472 found',
    })
  })

  it('one voxel more than there is', async () => {
    const bytes = new Uint8Array(good().buffer)
    await expect(open(new DataView(bytes.slice(0, -1).buffer))).rejects.toMatchObject({
      code: 'volume/truncated',
      message: 'lie.nii: 472 bytes expected, 471 found',
    })
  })

  it('voxels that begin behind the end', async () => {
    const view = good()
    view.setFloat32(108, 4096, true)
    await expect(open(view)).rejects.toMatchObject({
      code: 'volume/header',
      message: "lie.nii: vox_offset 4,096 lies behind the file's 472 bytes",
    })
  })
})

describeShared('fixtures/preprocessing', (path) => {
  it('opens each case', async () => {
    for (const name of ['case4', 'sagittal', 'oblique']) {
      const scan = await openNifti(join(path(), `${name}.nii.gz`))
      const hu = await scan.readHu(whole(scan))
      expect(hu.length).toBe(scan.shapeIjk[0] * scan.shapeIjk[1] * scan.shapeIjk[2])
      expect(hu.every(Number.isFinite)).toBe(true)
    }
  })
})
