/** Files that lost their preamble or group 2, or are stored otherwise than they say. */
import { describe, expect, it } from 'vitest'
import { memorySource } from '../../files/bytes.ts'
import { chooseSeries } from './choose.ts'
import { type Attributes, dicomDataset, dicomFile, join8, sliceAttributes, type WriteOptions } from './dicom.fixture.ts'
import { listSources } from './list.ts'
import { dicomScan } from './scan.ts'
import { isDicom } from './start.ts'

const voxels = Int16Array.from({ length: 48 }, (_, n) => 40 * n - 1000)
const volume = { voxels, shapeIjk: [4, 3, 4], affineLps: [1, 0, 0, 5, 0, 1, 0, 6, 0, 0, 2, 7] } as const
const [IMPLICIT, EXPLICIT, BIG, DEFLATED, RLE] = ['', '.1', '.2', '.1.99', '.5'].map((end) => `1.2.840.10008.1.2${end}`)
const DICM = join8([new Uint8Array(128), new TextEncoder().encode('DICM')])
const big = (a: Attributes): Attributes => ({
  ...a,
  PixelData: Uint8Array.from(a.PixelData as Uint8Array, (_, n) => (a.PixelData as Uint8Array)[n ^ 1]),
})

/** How a data set may be stored. */
const STORED: Readonly<Record<string, (a: Attributes) => Uint8Array>> = {
  explicit: (a) => dicomDataset(a),
  implicit: (a) => dicomDataset(a, { explicit: false }),
  big: (a) => dicomDataset(big(a), { littleEndian: false }),
}
const meta = (syntax?: string): Uint8Array =>
  dicomDataset({ MediaStorageSOPClassUID: '1.2.840.10008.5.1.4.1.1.2', TransferSyntaxUID: syntax })

const tools = {
  inflateRaw: () => Promise.reject(new Error('not deflated')),
  decompress: () => Promise.reject(new Error('not compressed')),
}
const open = async (write: (attributes: Attributes) => Uint8Array) => {
  const files = Array.from({ length: 4 }, (_, k) => memorySource(`${k}.dcm`, write(sliceAttributes(volume, k))))
  const listed = await listSources(files, tools)
  return dicomScan('study', chooseSeries(listed), listed.notes)
}

describe('the beginning of a file', () => {
  it.each<[string, (dataset: Uint8Array) => Uint8Array, readonly string[], string]>([
    ['without group 2', (d) => join8([DICM, d]), ['explicit', 'implicit', 'big'], 'no meta information'],
    ['without a preamble', (d) => join8([meta(EXPLICIT), d]), ['explicit', 'implicit'], 'no preamble'],
    ['in a named big endian without a preamble', (d) => join8([meta(BIG), d]), ['big'], 'no preamble'],
    ['without a named syntax', (d) => join8([DICM, meta(), d]), ['explicit', 'implicit', 'big'], 'no transfer syntax'],
    ['named explicit', (d) => join8([DICM, meta(EXPLICIT), d]), ['implicit'], 'named Explicit VR Little Endian'],
    ['named implicit', (d) => join8([DICM, meta(IMPLICIT), d]), ['explicit'], 'named Implicit VR Little Endian'],
    ['named big endian', (d) => join8([DICM, meta(BIG), d]), ['explicit', 'implicit'], 'named Explicit VR Big Endian'],
    ['named deflated', (d) => join8([DICM, meta(DEFLATED), d]), ['explicit'], 'named Deflated'],
    ['named compressed', (d) => join8([DICM, meta(RLE), d]), ['explicit'], 'its pixels stored uncompressed'],
  ])('%s: read as it is stored, with a note', async (_, write, stored, note) => {
    for (const how of stored) {
      const scan = await open((a) => write(STORED[how](a)))
      expect([...(await scan.readHu({ startIjk: [0, 0, 0], sizeIjk: [4, 3, 4] }))], how).toEqual([...voxels])
      expect(scan.affineLps).toEqual(volume.affineLps)
      expect(scan.notes, how).toMatchObject([{ code: 'volume/dicom-odd', message: expect.stringContaining(note) }])
    }
  })

  it.each([EXPLICIT, IMPLICIT])('named %s, but big endian: refused, for nobody can tell the pixels', async (syntax) => {
    await expect(open((a) => join8([DICM, meta(syntax), STORED.big(a)]))).rejects.toMatchObject({
      code: 'volume/transfer-syntax',
      message: expect.stringContaining('stored big endian'),
    })
  })

  it.each<[string, WriteOptions]>([
    ['explicit', {}],
    ['implicit', { syntax: IMPLICIT, explicit: false }],
  ])('as the standard has it, %s: no note', async (_, options) => {
    expect((await open((a) => dicomFile(a, options))).notes).toEqual([])
    expect((await open((a) => dicomDataset(a, options))).notes).toEqual([])
  })

  it('is not seen where there is none', () => {
    const texts = ['NRRD0005\n', 'ObjectType = Image', '\x02\0\0\0zz', '\x08\0\x05\0', 'PK\x03\x04']
    for (const text of texts)
      expect(isDicom(Buffer.concat([Buffer.from(text), Buffer.alloc(132, 7)])), text).toBe(false)
  })
})
