import { describe, expect, it } from 'vitest'
import type { Affine } from '../scan.ts'
import { NIFTI_PREFIX_BYTES, parseNiftiHeader } from './header.ts'
import { encodeNifti } from './write.ts'

const CT: Affine = [0.7, 0, 0, -180, 0, 0.7, 0, -170, 0, 0, 1.25, -300]

/** A good header of either version, changed by `change`. */
function header(version: 1 | 2, change: (view: DataView) => void = () => {}): Uint8Array {
  const shapeIjk = version === 1 ? ([5, 4, 3] as const) : ([40000, 1, 1] as const)
  const voxels = new Int16Array(shapeIjk[0] * shapeIjk[1] * shapeIjk[2])
  const bytes = encodeNifti({ voxels, shapeIjk, affineLps: CT }).slice(0, NIFTI_PREFIX_BYTES)
  change(new DataView(bytes.buffer))
  return bytes
}
const v1 = (change?: (view: DataView) => void) => header(1, change)
const v2 = (change?: (view: DataView) => void) => header(2, change)
const put16 = (at: number, value: number) => (view: DataView) => view.setInt16(at, value, true)
const putFloat = (at: number, value: number) => (view: DataView) => view.setFloat32(at, value, true)
const both =
  (...changes: ((view: DataView) => void)[]) =>
  (view: DataView) =>
    changes.forEach((change) => void change(view))
/** dim[0..] of NIfTI-1 */
const dims = (...sizes: number[]) => both(...sizes.map((size, n) => put16(40 + 2 * n, size)))
const onlyQform = put16(254, 0)
const onlySform = put16(252, 0)

describe('a good header', () => {
  it('of NIfTI-1', () => {
    const { notes, affineLps, ...rest } = parseNiftiHeader(v1(), 'scan.nii')
    expect(rest).toEqual({
      version: 1,
      littleEndian: true,
      singleFile: true,
      shapeIjk: [5, 4, 3],
      type: 'int16',
      voxelOffset: 352,
      slope: 1,
      intercept: 0,
    })
    expect(notes).toEqual([])
    affineLps.forEach((value, n) => void expect(value).toBeCloseTo(CT[n], 5))
  })

  it('of NIfTI-2', () => {
    const { version, shapeIjk, voxelOffset, notes, affineLps } = parseNiftiHeader(v2(), 'scan.nii')
    expect({ version, shapeIjk, voxelOffset, notes }).toEqual({
      version: 2,
      shapeIjk: [40000, 1, 1],
      voxelOffset: 544,
      notes: [],
    })
    expect(affineLps).toEqual(CT)
  })

  it('with four axes or two, where only three or one slice are meant', () => {
    expect(parseNiftiHeader(v1(dims(4, 5, 4, 3, 1)), 'a').shapeIjk).toEqual([5, 4, 3])
    expect(parseNiftiHeader(v1(dims(7, 5, 4, 3, 1, 1, 1, 1)), 'a').shapeIjk).toEqual([5, 4, 3])
    expect(parseNiftiHeader(v1(dims(2, 5, 4, 9)), 'a').shapeIjk).toEqual([5, 4, 1])
    const flat = both(dims(2, 5, 4), onlyQform, putFloat(88, 0))
    expect(parseNiftiHeader(v1(flat), 'a').affineLps[10]).toBeCloseTo(1, 6)
  })

  it('by qform alone equals the one by sform', () => {
    const [a, b] = [onlyQform, onlySform].map((change) => parseNiftiHeader(v1(change), 'a').affineLps)
    a.forEach((value, n) => void expect(value).toBeCloseTo(b[n], 4))
  })

  it.each<[string, (view: DataView) => void, number, number]>([
    ['slope 0', both(putFloat(112, 0), putFloat(116, 0)), 1, 0],
    ['slope not a number', both(putFloat(112, Number.NaN), putFloat(116, Number.NaN)), 1, 0],
    ['slope 2', both(putFloat(112, 2), putFloat(116, -1024)), 2, -1024],
    ['slope -1', both(putFloat(112, -1), putFloat(116, 5)), -1, 5],
  ])('scales by %s', (_, change, slope, intercept) => {
    expect(parseNiftiHeader(v1(change), 'a')).toMatchObject({ slope, intercept, notes: [] })
  })

  it.each<[string, (view: DataView) => void, string, RegExp]>([
    ['an ignored intercept', both(putFloat(112, 0), putFloat(116, -1024)), 'volume/scaling', /-1024 is ignored/],
    ['an unknown unit', (view) => view.setUint8(123, 0), 'volume/units', /taken as mm/],
    ['millimetres called metres', (view) => view.setUint8(123, 1), 'volume/spacing', /700 x 700 x 1250 mm/],
    ['a wrong bitpix', put16(72, 8), 'volume/header', /bitpix 8 is not int16/],
    ['qform elsewhere', putFloat(268, -10), 'volume/orientation', /apart; sform used/],
    ['qform not usable', putFloat(256, 3), 'volume/orientation', /qform is not usable/],
  ])('notes %s', (_, change, code, message) => {
    const { notes } = parseNiftiHeader(v1(change), 'scan.nii')
    expect(notes).toEqual([{ code, message: expect.stringMatching(message) }])
    expect(notes[0].message).toContain('scan.nii')
  })

  it('notes a mirrored qform', () => {
    const { notes } = parseNiftiHeader(v1(putFloat(76, -1)), 'scan.nii')
    expect(notes).toEqual([{ code: 'volume/orientation', message: expect.stringMatching(/mirror image/) }])
  })
})

describe('a bad header', () => {
  const int64 = (at: number, value: bigint) => (view: DataView) => view.setBigInt64(at, value, true)
  const none = new Uint8Array(0)
  const text = new TextEncoder().encode('These are the findings of the radiologist. '.repeat(20))
  it.each<[string, Uint8Array, string, RegExp]>([
    ['nothing', none, 'truncated', /348 bytes of header expected, 0 found/],
    ['text', text, 'format', /not a NIfTI file/],
    ['cut', v1().subarray(0, 347), 'truncated', /348 bytes of header expected, 347 found/],
    ['NIfTI-2, cut', v2().subarray(0, 500), 'truncated', /540 bytes of header expected, 500 found/],
    ['wrong magic', v1((view) => view.setUint8(345, 0x2a)), 'format', /Analyze 7\.5/],
    ['no magic', v1((view) => view.setUint32(344, 0)), 'format', /Analyze 7\.5/],
    ['NIfTI-2 without magic', v2((view) => view.setUint8(4, 0)), 'format', /not a NIfTI file/],
    ['NIfTI-2 in text mode', v2((view) => view.setUint8(8, 10)), 'corrupt', /line ends in the NIfTI-2 magic/],
    ['wrong sizeof_hdr', v1((view) => view.setInt32(0, 349, true)), 'format', /not a NIfTI file/],
    ['no axes', v1(dims(0)), 'shape', /dim\[0\] is 0/],
    ['eight axes', v1(dims(8)), 'shape', /dim\[0\] is 8/],
    ['one axis', v1(dims(1, 5)), 'shape', /one axis of 5/],
    ['zero voxels', v1(dims(3, 5, 0, 3)), 'shape', /dim\[2\] is 0, of 5 x 0 x 3/],
    ['negative voxels', v1(dims(3, 5, 4, -3)), 'shape', /dim\[3\] is -3/],
    ['4-D', v1(dims(4, 5, 4, 3, 20)), 'shape', /5 x 4 x 3 x 20 voxels are 4-D/],
    ['vectors', v1(dims(5, 5, 4, 3, 1, 3)), 'shape', /5-D/],
    ['4-D of no volumes', v1(dims(4, 5, 4, 3, 0)), 'shape', /dim\[4\] is 0/],
    ['beyond numbers', v2(both(int64(24, 2n ** 40n), int64(32, 2n ** 40n))), 'shape', /more than any file/],
    ['beyond int64', v2(int64(24, 2n ** 62n)), 'shape', /dim\[1\]/],
    ['RGB24', v1(put16(70, 128)), 'datatype', /128 \(RGB24\)/],
    ['RGBA32', v1(put16(70, 2304)), 'datatype', /RGBA32/],
    ['complex64', v1(put16(70, 32)), 'datatype', /complex64/],
    ['float128', v1(put16(70, 1536)), 'datatype', /float128/],
    ['binary', v1(put16(70, 1)), 'datatype', /binary/],
    ['datatype 5', v1(put16(70, 5)), 'datatype', /5 \(not a type/],
    ['vox_offset in the header', v1(putFloat(108, 347)), 'header', /vox_offset is 347/],
    ['vox_offset 0', v1(putFloat(108, 0)), 'header', /vox_offset is 0/],
    ['vox_offset not a number', v1(putFloat(108, Number.NaN)), 'header', /vox_offset is NaN/],
    ['vox_offset half', v1(putFloat(108, 352.5)), 'header', /vox_offset is 352\.5/],
    ['vox_offset negative', v2(int64(168, -1n)), 'header', /vox_offset is -1/],
    ['infinite slope', v1(putFloat(112, Number.POSITIVE_INFINITY)), 'header', /scl_slope Infinity/],
    ['intercept not a number', v1(putFloat(116, Number.NaN)), 'header', /scl_inter NaN/],
    ['no orientation', v1(both(onlyQform, onlySform)), 'orientation', /left and right cannot be told apart/],
    ['sform NaN', v1(putFloat(288, Number.NaN)), 'affine', /sform cannot place voxels: its row 1, column 3 is NaN/],
    ['sform singular', v1(putFloat(280, 0)), 'affine', /singular: axis i has no length/],
    ['qform NaN', v1(both(onlyQform, putFloat(256, Number.NaN))), 'affine', /qform cannot place voxels/],
    ['qform no rotation', v1(both(onlyQform, putFloat(256, 2))), 'affine', /qform cannot place voxels/],
    ['qform without spacing', v1(both(onlyQform, putFloat(88, 0))), 'affine', /qform cannot place voxels/],
    ['qform offset infinite', v1(both(onlyQform, putFloat(268, -1 / 0))), 'affine', /column 4 is -Infinity/],
  ])('is refused: %s', (_, bytes, code, message) => {
    expect(() => parseNiftiHeader(bytes, 'scan.nii')).toThrow(
      expect.objectContaining({
        name: 'SpiculaError',
        code: `volume/${code}`,
        message: expect.stringMatching(message),
      }),
    )
    expect(() => parseNiftiHeader(bytes, 'scan.nii')).toThrow(/^scan\.nii: /)
  })
})
