import { isNIFTI, NIFTI1, NIFTI2, readHeader, readImage } from 'nifti-reader-js'
import { describe, expect, it } from 'vitest'
import { memorySource } from '../../files/bytes.ts'
import { multiplyAffine, rasToLps } from '../affine.ts'
import type { Affine, Triple } from '../scan.ts'
import { parseNiftiHeader } from './header.ts'
import { niftiScan } from './nifti.ts'
import { encodeNifti, type NiftiVoxels } from './write.ts'

const shapeIjk: Triple = [4, 3, 2]
const numbers = Array.from({ length: 24 }, (_, n) => n * 5)
const CT: Affine = [-0.7, 0, 0, 180.5, 0, 0.7, 0, -170, 0, 0, 1.25, -300]
const [c, s] = [Math.cos(0.3), Math.sin(0.3)]
const OBLIQUE = multiplyAffine([c, -s, 0, 5, s, c, 0, 6, 0, 0, 1, 7], [0, 0.8, 0, 0, 0, 0, 2.5, 0, 0.7, 0, 0, 0])
const SHEARED: Affine = [1, 0.2, 0, 1, 0, 1, 0, 2, 0, 0, 2, 3]

const arrays: NiftiVoxels[] = [
  Int8Array.from(numbers),
  Uint8Array.from(numbers),
  Int16Array.from(numbers, (n) => n - 1024),
  Uint16Array.from(numbers, (n) => n + 60000),
  Int32Array.from(numbers, (n) => n - 1e6),
  Uint32Array.from(numbers, (n) => n + 4e9),
  BigInt64Array.from(numbers, (n) => BigInt(n) - 1000n),
  BigUint64Array.from(numbers, BigInt),
  Float32Array.from(numbers, (n) => n / 7),
  Float64Array.from(numbers, (n) => n / 7),
]

async function readBack(bytes: Uint8Array) {
  const source = memorySource('scan.nii', bytes)
  const scan = niftiScan('scan.nii', parseNiftiHeader(bytes, 'scan.nii'), source)
  return { scan, hu: await scan.readHu({ startIjk: [0, 0, 0], sizeIjk: scan.shapeIjk }) }
}

describe('encodeNifti', () => {
  it.each(arrays.map((voxels) => [voxels.constructor.name, voxels] as const))('keeps %s', async (_, voxels) => {
    const bytes = encodeNifti({ voxels, shapeIjk, affineLps: CT })
    const { scan, hu } = await readBack(bytes)
    expect(scan.shapeIjk).toEqual(shapeIjk)
    expect(scan.notes).toEqual([])
    expect([...hu]).toEqual([...voxels].map((value) => Math.fround(Number(value))))
    // An independent reader sees the same stored bytes.
    expect(isNIFTI(bytes.buffer)).toBe(true)
    const theirs = readHeader(bytes.buffer)
    const image = readImage(theirs, bytes.buffer)
    expect(Buffer.from(image).equals(Buffer.from(voxels.buffer))).toBe(true)
    expect(theirs.numBitsPerVoxel).toBe(8 * voxels.BYTES_PER_ELEMENT)
    expect(theirs.datatypeCode).toBe(new DataView(bytes.buffer).getInt16(70, true))
  })

  it.each([
    ['axial', CT, 1],
    ['oblique', OBLIQUE, 1],
    ['sheared', SHEARED, 0],
  ] as const)('keeps the %s affine', async (_, affineLps, qformCode) => {
    const bytes = encodeNifti({ voxels: new Int16Array(24), shapeIjk, affineLps, slope: 2, intercept: -1024 })
    const { scan, hu } = await readBack(bytes)
    affineLps.forEach((value, n) => void expect(scan.affineLps[n]).toBeCloseTo(value, 4))
    expect(hu[0]).toBe(-1024)
    const theirs = readHeader(bytes.buffer)
    expect(theirs).toBeInstanceOf(NIFTI1)
    expect([theirs.sform_code, theirs.qform_code]).toEqual([1, qformCode])
    expect([theirs.scl_slope, theirs.scl_inter]).toEqual([2, -1024])
    const ras = rasToLps(affineLps)
    ras.forEach((value, n) => void expect(theirs.affine[Math.floor(n / 4)][n % 4]).toBeCloseTo(value, 4))
    if (qformCode === 0) return
    // And by qform alone
    new DataView(bytes.buffer).setInt16(254, 0, true)
    const byQform = parseNiftiHeader(bytes, 'scan.nii').affineLps
    affineLps.forEach((value, n) => void expect(byQform[n]).toBeCloseTo(value, 4))
  })

  it('writes NIfTI-2 where an axis is too long for NIfTI-1', async () => {
    const voxels = Int16Array.from({ length: 40000 }, (_, n) => n % 3000)
    const bytes = encodeNifti({ voxels, shapeIjk: [40000, 1, 1], affineLps: OBLIQUE, description: 'a long one' })
    const { scan, hu } = await readBack(bytes)
    expect(scan.shapeIjk).toEqual([40000, 1, 1])
    expect(scan.affineLps).toEqual(OBLIQUE.map((value) => expect.closeTo(value, 12)))
    expect(hu).toEqual(Float32Array.from(voxels))
    const theirs = readHeader(bytes.buffer)
    expect(theirs).toBeInstanceOf(NIFTI2)
    expect(theirs.dims.slice(0, 4)).toEqual([3, 40000, 1, 1])
    expect(theirs.description).toMatch(/^a long one/)
  })

  it('cuts a description that is too long', () => {
    const bytes = encodeNifti({ voxels: new Int8Array(24), shapeIjk, affineLps: CT, description: 'ä'.repeat(100) })
    expect(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(148, 148 + 78))).toBe('ä'.repeat(39))
    expect(bytes[148 + 79]).toBe(0)
  })

  it('writes a view of a larger array', async () => {
    const voxels = Int16Array.from({ length: 100 }, (_, n) => n).subarray(10, 34)
    expect([...(await readBack(encodeNifti({ voxels, shapeIjk, affineLps: CT }))).hu]).toEqual([...voxels])
  })

  it.each([
    [[4, 3, 3] as Triple, CT, 'volume/shape'],
    [[-4, -3, 2] as Triple, CT, 'volume/shape'],
    [shapeIjk, CT.with(0, Number.NaN), 'volume/affine'],
    [shapeIjk, CT.with(0, 0), 'volume/affine'],
  ])('refuses %s with %s', (shape, affineLps, code) => {
    expect(() => encodeNifti({ voxels: new Int16Array(24), shapeIjk: shape, affineLps })).toThrow(
      expect.objectContaining({ code }),
    )
  })
})
