/** CT images as DICOM: PS3.10 files of CT Image Storage (PS3.3 A.3), explicit VR little endian, marked as synthetic. */
import { seededRandom } from '../../random.ts'
import type { Triple } from '../../scan/scan.ts'
import { VERSION } from '../../version.ts'
import { EXPOSURE, type Grid, type Scanner } from './scanner.ts'

type Vr = 'CS' | 'DA' | 'DS' | 'IS' | 'LO' | 'LT' | 'OB' | 'OW' | 'PN' | 'SH' | 'TM' | 'UI' | 'UL' | 'US'
type Value = string | number | Uint8Array
/** Tag, value representation, value; in the order of tags. */
type Element = readonly [tag: number, vr: Vr, value: Value]

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2'
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'
/** Stored value of 0 HU: unsigned 12 bits hold -1024 to 3071 HU. */
const INTERCEPT = -1024

/** What all slices of a series share. */
export interface CtSeries {
  readonly pid: string
  readonly grid: Grid
  readonly scanner: Scanner
  /** Whatever the series depends on, as text: the same text gives the same UIDs. */
  readonly identity: string
}

/**
 * A UID without a registered root: 2.25 and 128 bits as one number (PS3.5 B.2).
 * @param name what the UID names, e.g. the identity of a series and the number of a slice
 */
export function uidOf(name: string): string {
  const words = new Uint32Array(4)
  seededRandom(0, name).fill(words)
  return `2.25.${words.reduce((number, word) => number * 2n ** 32n + BigInt(word), 0n)}`
}

/**
 * One slice as a file.
 * @param hu of the slice, [j][i]; what is outside -1024 to 3071 is cut off
 * @param k index of the slice in the grid
 * @example
 * await writeFile('1-001.dcm', ctSlice(series, hu, 0))
 */
export function ctSlice(
  { pid, grid, scanner, identity }: CtSeries,
  hu: Int16Array,
  k: number,
): Uint8Array<ArrayBuffer> {
  const [columns, rows, slices] = grid.shapeIjk
  const [dx, dy, dz] = grid.spacingMm
  const position: Triple = [grid.originLps[0], grid.originLps[1], grid.originLps[2] + k * dz]
  const pixels = new DataView(new ArrayBuffer(2 * hu.length))
  for (let at = 0; at < hu.length; at++) pixels.setUint16(2 * at, Math.min(4095, Math.max(0, hu[at] - INTERCEPT)), true)
  const instance = uidOf(`${identity} slice ${k}`)
  return file(instance, [
    [0x00080005, 'CS', 'ISO_IR 192'],
    [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    [0x00080016, 'UI', CT_IMAGE_STORAGE],
    [0x00080018, 'UI', instance],
    [0x0008001c, 'CS', 'YES'], // SyntheticData
    // A day on which nobody was scanned: some tools want one.
    [0x00080020, 'DA', '20000101'],
    [0x00080030, 'TM', '000000'],
    [0x00080050, 'SH', ''],
    [0x00080060, 'CS', 'CT'],
    [0x00080070, 'LO', 'spicula'],
    [0x00080090, 'PN', ''],
    [0x00081030, 'LO', 'Phantom chest, for research use'],
    [
      0x0008103e,
      'LO',
      `Synthetic, ${scanner.dose === 'none' ? 'no noise' : `${scanner.dose} dose`}, ${scanner.kernel} kernel`,
    ],
    [0x00081090, 'LO', 'phantom'],
    [0x00100010, 'PN', 'PHANTOM'],
    [0x00100020, 'LO', pid],
    [0x00100030, 'DA', ''],
    [0x00100040, 'CS', ''],
    [0x00104000, 'LT', 'A computed phantom, no patient. For research use.'],
    [0x00180015, 'CS', 'CHEST'],
    [0x00180050, 'DS', decimal(scanner.thicknessMm)],
    [0x00180060, 'DS', '120'],
    [0x00181020, 'LO', `spicula ${VERSION}`],
    [0x00181152, 'IS', String(Math.round(EXPOSURE[scanner.dose]))],
    [0x00181210, 'SH', scanner.kernel.toUpperCase()],
    [0x00185100, 'CS', 'HFS'],
    [0x0020000d, 'UI', uidOf(`${identity} study`)],
    [0x0020000e, 'UI', uidOf(`${identity} series`)],
    [0x00200010, 'SH', '1'],
    [0x00200011, 'IS', '1'],
    [0x00200012, 'IS', '1'],
    [0x00200013, 'IS', String(k + 1)],
    [0x00200032, 'DS', position.map(decimal).join('\\')],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
    [0x00200052, 'UI', uidOf(`${identity} frame`)],
    [0x00201002, 'IS', String(slices)],
    [0x00201040, 'LO', ''],
    [0x00204000, 'LT', 'Synthetic. For research use.'],
    [0x00280002, 'US', 1],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', rows],
    [0x00280011, 'US', columns],
    [0x00280030, 'DS', `${decimal(dy)}\\${decimal(dx)}`],
    [0x00280100, 'US', 16],
    [0x00280101, 'US', 12],
    [0x00280102, 'US', 11],
    [0x00280103, 'US', 0],
    [0x00281050, 'DS', '-600'],
    [0x00281051, 'DS', '1500'],
    [0x00281052, 'DS', String(INTERCEPT)],
    [0x00281053, 'DS', '1'],
    [0x00281054, 'LO', 'HU'],
    [0x7fe00010, 'OW', new Uint8Array(pixels.buffer)],
  ])
}

/** A decimal string: at most 16 characters (PS3.5 6.2), a micrometre fine. */
const decimal = (mm: number): string => String(Math.round(mm * 1e6) / 1e6)

function file(instance: string, elements: readonly Element[]): Uint8Array<ArrayBuffer> {
  const meta = encode([
    [0x00020001, 'OB', new Uint8Array([0, 1])],
    [0x00020002, 'UI', CT_IMAGE_STORAGE],
    [0x00020003, 'UI', instance],
    [0x00020010, 'UI', EXPLICIT_LITTLE_ENDIAN],
    [0x00020012, 'UI', uidOf(`spicula ${VERSION}`)],
    [0x00020013, 'SH', `SPICULA ${VERSION}`],
  ])
  const preamble = new Uint8Array(132)
  preamble.set(new TextEncoder().encode('DICM'), 128)
  return join([preamble, encode([[0x00020000, 'UL', meta.length]]), meta, encode(elements)])
}

const encode = (elements: readonly Element[]): Uint8Array<ArrayBuffer> =>
  join(
    elements.flatMap(([tag, vr, value]) => {
      const content = contentOf(vr, value)
      const long = vr === 'OB' || vr === 'OW'
      const head = new DataView(new ArrayBuffer(long ? 12 : 8))
      head.setUint16(0, tag >>> 16, true)
      head.setUint16(2, tag & 0xffff, true)
      head.setUint8(4, vr.charCodeAt(0))
      head.setUint8(5, vr.charCodeAt(1))
      if (long) head.setUint32(8, content.length, true)
      else head.setUint16(6, content.length, true)
      return [new Uint8Array(head.buffer), content]
    }),
  )

function contentOf(vr: Vr, value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'number') {
    const view = new DataView(new ArrayBuffer(vr === 'UL' ? 4 : 2))
    if (vr === 'UL') view.setUint32(0, value, true)
    else view.setUint16(0, value, true)
    return new Uint8Array(view.buffer)
  }
  const bytes = new TextEncoder().encode(value)
  // To an even length: UIDs with a zero byte, text with a blank.
  if (bytes.length % 2 === 0) return bytes
  return join([bytes, new Uint8Array([vr === 'UI' ? 0 : 0x20])])
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
