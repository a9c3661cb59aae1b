import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { FORMATS_IN_FULL, SCAN_FORMATS, scansIn, stemOf } from './formats.node.ts'

const folder = mkdtempSync(join(tmpdir(), 'spicula-formats-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('the formats of scans', () => {
  it('have endings of their own, and all stand in the hint', () => {
    const endings = SCAN_FORMATS.flatMap((format) => format.endings)
    expect(new Set(endings).size).toBe(endings.length)
    expect(endings.filter((ending) => !/^(\.[a-z.]+)?$/.test(ending))).toEqual([])
    for (const { name, endings } of SCAN_FORMATS)
      for (const part of [name, ...endings]) expect(FORMATS_IN_FULL).toContain(part)
  })

  it.each([
    ['ct/1.3.6.1.nii.gz', '1.3.6.1'],
    ['A.NII.GZ', 'A'],
    ['a.hdr.gz', 'a'],
    ['1.2.840.10008', '1.2.840.10008'],
    ['a.mha', 'a'],
    ['a.seg.nrrd', 'a.seg'],
    ['a.zip', 'a'],
  ])('the name of %s is %s', (path, stem) => {
    expect(stemOf(path)).toBe(stem)
  })

  it('finds the scans of a name, a folder last', () => {
    mkdirSync(join(folder, 'a'))
    for (const name of ['a.nrrd', 'a.nii.gz', 'a.txt', 'ab.nii']) writeFileSync(join(folder, name), '')
    expect(scansIn(folder, 'a')).toEqual(['a.nii.gz', 'a.nrrd', 'a'].map((name) => join(folder, name)))
    expect(scansIn(folder, 'b')).toEqual([])
  })
})
