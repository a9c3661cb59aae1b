/** MetaImage and NRRD that are wrong, or unusual but right; what is right by ITK is in independent.test.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { openScan } from './open.node.ts'

const folder = mkdtempSync(join(tmpdir(), 'spicula-raw-'))
afterAll(() => rmSync(folder, { recursive: true }))

const voxels = new Uint8Array(Int16Array.from({ length: 60 }, (_, n) => n - 20).buffer)
const write = (name: string, ...parts: (string | Uint8Array)[]): string => {
  const path = join(folder, name)
  writeFileSync(path, Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array))))
  return path
}
const META = {
  ObjectType: 'Image',
  NDims: '3',
  TransformMatrix: '1 0 0 0 1 0 0 0 1',
  Offset: '1 2 3',
  ElementSpacing: '1 1 2',
  DimSize: '5 4 3',
  ElementType: 'MET_SHORT',
}
const meta = (change: Record<string, string | undefined>, dataFile = 'LOCAL'): string =>
  `${Object.entries({ ...META, ...change })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('')}ElementDataFile = ${dataFile}\n`

const NRRD = {
  type: 'short',
  dimension: '3',
  space: 'left-posterior-superior',
  sizes: '5 4 3',
  'space directions': '(1,0,0) (0,1,0) (0,0,2)',
  endian: 'little',
  encoding: 'raw',
  'space origin': '(1,2,3)',
}
const nrrd = (change: Record<string, string | undefined>): string =>
  `NRRD0004\n${Object.entries({ ...NRRD, ...change })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('')}\n`

async function expectRead(path: string): Promise<void> {
  const scan = await openScan(path)
  expect(scan.affineLps).toEqual([1, 0, 0, 1, 0, 1, 0, 2, 0, 0, 2, 3])
  expect([...(await scan.readHu({ startIjk: [4, 3, 1], sizeIjk: [1, 1, 2] }))]).toEqual([19, 39])
}

describe('MetaImage', () => {
  it('reads voxels at the end of a longer file, and inflated ones', async () => {
    write('tail.raw', 'a header of another program', voxels)
    await expectRead(write('tail.mhd', meta({ HeaderSize: '-1' }, 'tail.raw')))
    await expectRead(write('packed.mha', meta({ CompressedData: 'True' }), deflateSync(voxels)))
    await expectRead(write('crlf.mha', meta({}).replaceAll('\n', '\r\n'), voxels))
  })

  it('says where it has no orientation', async () => {
    const scan = await openScan(write('plain.mha', meta({ TransformMatrix: undefined }), voxels))
    expect(scan.notes).toMatchObject([{ code: 'volume/orientation' }])
  })

  it.each<[string, Record<string, string | undefined>, string, string?]>([
    ['sizes that do not fit', { DimSize: '5 4' }, 'header'],
    ['a size of 0', { DimSize: '5 0 3' }, 'shape'],
    ['huge sizes', { DimSize: '999999 999999 999999' }, 'truncated'],
    ['no number', { ElementSpacing: '1 x 1' }, 'affine'],
    ['colours', { ElementNumberOfChannels: '3' }, 'header'],
    ['text voxels', { BinaryData: 'False' }, 'header'],
    ['a strange type', { ElementType: 'MET_STRING' }, 'datatype'],
    ['a singular matrix', { TransformMatrix: '1 0 0 1 0 0 0 0 1' }, 'affine'],
    ['another object', { ObjectType: 'Tube' }, 'header'],
    ['a list of files', {}, 'header', 'LIST'],
    ['a pattern of files', {}, 'header', 'a%03d.raw 1 3 1'],
    ['a path that climbs', {}, 'header', '../tail.raw'],
    ['an absolute path', {}, 'header', '/etc/passwd'],
    ['a file that is not there', {}, 'missing', 'none.raw'],
    ['too few voxels', { DimSize: '5 4 4' }, 'truncated'],
    ['more channels than inflated bytes', { CompressedData: 'True' }, 'corrupt'],
  ])('refuses %s', async (_, change, code, dataFile) => {
    const path = write('bad.mha', meta(change, dataFile), voxels)
    const read = openScan(path).then((scan) => scan.readHu({ startIjk: [0, 0, 0], sizeIjk: scan.shapeIjk }))
    await expect(read).rejects.toMatchObject({ name: 'SpiculaError', code: `volume/${code}` })
  })

  it('finds damage by the checksum', async () => {
    const packed = deflateSync(voxels)
    packed[packed.length - 1] ^= 1
    const scan = await openScan(write('sum.mha', meta({ CompressedData: 'True' }), packed))
    const read = scan.readHu({ startIjk: [0, 0, 0], sizeIjk: [5, 4, 3] })
    await expect(read).rejects.toMatchObject({ code: 'volume/checksum' })
  })
})

describe('NRRD', () => {
  it('reads attached and detached voxels', async () => {
    await expectRead(write('a.nrrd', nrrd({}), voxels))
    await expectRead(write('skip.nrrd', nrrd({ 'byte skip': '-1' }), 'xyz', voxels))
    write('n.raw', voxels)
    await expectRead(write('a.nhdr', nrrd({ 'data file': 'n.raw' })))
    const four = { dimension: '4', sizes: '1 5 4 3', 'space directions': 'none (1,0,0) (0,1,0) (0,0,2)' }
    await expectRead(write('four.nrrd', nrrd(four), voxels))
  })

  it.each<[string, Record<string, string | undefined>, string]>([
    ['no space', { space: undefined }, 'orientation'],
    ['no directions', { 'space directions': undefined }, 'orientation'],
    ['a strange space', { space: 'scanner-xyz' }, 'orientation'],
    ['bzip2', { encoding: 'bzip2' }, 'header'],
    ['no byte order', { endian: undefined }, 'header'],
    [
      'several volumes',
      { dimension: '4', sizes: '2 5 4 3', 'space directions': 'none (1,0,0) (0,1,0) (0,0,2)' },
      'shape',
    ],
    ['blocks', { type: 'block' }, 'datatype'],
    ['a path that climbs', { 'data file': '../n.raw' }, 'header'],
    ['too few voxels', { sizes: '5 4 9' }, 'truncated'],
    ['a singular matrix', { 'space directions': '(1,0,0) (1,0,0) (0,0,2)' }, 'affine'],
    ['an origin without numbers', { 'space origin': '(1,,3)' }, 'affine'],
  ])('refuses %s', async (_, change, code) => {
    await expect(openScan(write('bad.nrrd', nrrd(change), voxels))).rejects.toMatchObject({ code: `volume/${code}` })
  })
})
