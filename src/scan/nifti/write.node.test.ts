import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openScan } from '../open.node.ts'
import { writeNifti } from './write.node.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spicula-write-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const image = {
  voxels: Float32Array.from({ length: 60 }, (_, n) => n / 3),
  shapeIjk: [5, 4, 3],
  affineLps: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
} as const

describe('writeNifti', () => {
  it.each(['scan.nii', 'scan.nii.gz'])('writes %s, replaces it, and leaves nothing else', async (name) => {
    const path = join(folder, name)
    writeFileSync(path, 'an older file')
    await writeNifti(path, image)
    expect(readFileSync(path)[0]).toBe(name.endsWith('.gz') ? 0x1f : 348 & 255)
    const scan = await openScan(path)
    expect(await scan.readHu({ startIjk: [0, 0, 0], sizeIjk: [5, 4, 3] })).toEqual(image.voxels)
    expect(readdirSync(folder).filter((file) => file.endsWith('.tmp'))).toEqual([])
  })

  it('says why it cannot write', async () => {
    await expect(writeNifti(join(folder, 'none', 'scan.nii'), image)).rejects.toMatchObject({
      name: 'SpiculaError',
      code: 'volume/unwritable',
      message: 'scan.nii: its folder does not exist',
    })
  })
})
