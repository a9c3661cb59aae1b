/** For tests and benchmarks: DICOM files written from scratch, sound or wrong in one chosen way. */
import { spacingMm } from '../affine.ts'
import type { Affine, Triple } from '../scan.ts'
import { type Keyword, TAGS } from './tags.ts'

/** A value of an attribute: text, numbers of a binary representation, raw bytes, or items of a sequence. */
export type Value = string | number | readonly number[] | Uint8Array | readonly Attributes[]
export type Attributes = { readonly [K in Keyword]?: Value | undefined }

export const CT_CLASS = '1.2.840.10008.5.1.4.1.1.2'
export const EXPLICIT = '1.2.840.10008.1.2.1'

export interface WriteOptions {
  readonly syntax?: string
  readonly explicit?: boolean
  readonly littleEndian?: boolean
  /** Sequences and items with delimiters instead of lengths. */
  readonly undefinedLengths?: boolean
  /** Fragments of encapsulated pixel data, in place of PixelData; the first is the offset table. */
  readonly fragments?: readonly Uint8Array[]
}

const LONG = new Set(['OB', 'OD', 'OF', 'OV', 'OW', 'SQ', 'UN', 'UT'])

/**
 * A DICOM file (PS3.10).
 * @example dicomFile({ SOPClassUID: CT_CLASS, Rows: 4, Columns: 4, PixelData: new Uint8Array(32) })
 */
export function dicomFile(attributes: Attributes, options: WriteOptions = {}): Uint8Array<ArrayBuffer> {
  const { syntax = EXPLICIT } = options
  const meta = dataset({ TransferSyntaxUID: syntax }, { explicit: true, littleEndian: true })
  const group = dataset({ FileMetaInformationGroupLength: meta.length }, { explicit: true, littleEndian: true })
  const preamble = new Uint8Array(132)
  preamble.set(new TextEncoder().encode('DICM'), 128)
  return join8([preamble, group, meta, dicomDataset(attributes, options)])
}

/** The data set alone, without preamble and meta information. */
export const dicomDataset = (attributes: Attributes, options: WriteOptions = {}): Uint8Array<ArrayBuffer> =>
  dataset(attributes, { explicit: true, littleEndian: true, ...options })

function dataset(
  attributes: Attributes,
  { explicit = true, littleEndian = true, undefinedLengths = false, fragments }: WriteOptions,
): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(attributes) as [Keyword, Value | undefined][]
  const sorted = entries.filter(([, value]) => value !== undefined).sort((a, b) => TAGS[a[0]][0] - TAGS[b[0]][0])
  const number = (value: number, width: number): Uint8Array<ArrayBuffer> => {
    const view = new DataView(new ArrayBuffer(width))
    if (width === 2) view.setUint16(0, value, littleEndian)
    else view.setUint32(0, value, littleEndian)
    return new Uint8Array(view.buffer)
  }
  const tag = (value: number): Uint8Array<ArrayBuffer> =>
    join8([number(Math.floor(value / 65536), 2), number(value % 65536, 2)])
  const head = (keyword: Keyword, length: number): Uint8Array<ArrayBuffer> => {
    const [id, vr] = TAGS[keyword]
    if (!explicit) return join8([tag(id), number(length, 4)])
    const letters = new TextEncoder().encode(vr)
    return LONG.has(vr)
      ? join8([tag(id), letters, new Uint8Array(2), number(length, 4)])
      : join8([tag(id), letters, number(length, 2)])
  }
  const bytes = (keyword: Keyword, value: Value): Uint8Array => {
    const vr = TAGS[keyword][1] as string
    if (value instanceof Uint8Array) return value
    if (Array.isArray(value) && vr === 'SQ') {
      const options = { explicit, littleEndian, undefinedLengths }
      return join8(
        (value as readonly Attributes[]).flatMap((item) => {
          const inner = dataset(item, options)
          return undefinedLengths
            ? [tag(0xfffee000), number(0xffffffff, 4), inner, tag(0xfffee00d), number(0, 4)]
            : [tag(0xfffee000), number(inner.length, 4), inner]
        }),
      )
    }
    const width = { US: 2, SS: 2, UL: 4, FL: 4 }[vr]
    if (width !== undefined && typeof value !== 'string') {
      const values = (typeof value === 'number' ? [value] : value) as readonly number[]
      return join8(
        values.map((one) => {
          if (vr !== 'FL') return number(one < 0 ? one + 65536 : one, width)
          const view = new DataView(new ArrayBuffer(4))
          view.setFloat32(0, one, littleEndian)
          return new Uint8Array(view.buffer)
        }),
      )
    }
    const text = Array.isArray(value) ? value.join('\\') : String(value)
    return new TextEncoder().encode(text.length % 2 ? text + (vr === 'UI' ? '\0' : ' ') : text)
  }
  const parts = sorted.flatMap(([keyword, value]) => {
    const content = bytes(keyword, value as Value)
    if (TAGS[keyword][1] === 'SQ' && undefinedLengths)
      return [head(keyword, 0xffffffff), content, tag(0xfffee0dd), number(0, 4)]
    return [head(keyword, content.length), content]
  })
  if (fragments) {
    parts.push(head('PixelData', 0xffffffff))
    for (const fragment of fragments) parts.push(tag(0xfffee000), number(fragment.length, 4), fragment)
    parts.push(tag(0xfffee0dd), number(0, 4))
  }
  return join8(parts)
}

export function join8(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** A volume of HU to be written as a series. */
export interface SeriesVolume {
  readonly voxels: Int16Array
  readonly shapeIjk: Triple
  readonly affineLps: Affine
}

/** Attributes of slice k of a volume, stored unsigned with an intercept of -1024 as most scanners do. */
export function sliceAttributes({ voxels, shapeIjk: [ni, nj], affineLps: a }: SeriesVolume, k: number): Attributes {
  const [di, dj, dk] = spacingMm(a)
  const pixels = new Uint16Array(ni * nj)
  for (let n = 0; n < pixels.length; n++) pixels[n] = Math.max(0, voxels[k * ni * nj + n] + 1024)
  return {
    ImageType: 'ORIGINAL\\PRIMARY\\AXIAL',
    SOPClassUID: CT_CLASS,
    SOPInstanceUID: `1.2.3.4.${k + 1}`,
    Modality: 'CT',
    SeriesDescription: 'Chest',
    SliceThickness: String(dk),
    ConvolutionKernel: 'B30f',
    StudyInstanceUID: '1.2.3.1',
    SeriesInstanceUID: '1.2.3.4',
    SeriesNumber: '2',
    ImagePositionPatient: [0, 1, 2].map((row) => a[4 * row + 2] * k + a[4 * row + 3]),
    ImageOrientationPatient: [a[0] / di, a[4] / di, a[8] / di, a[1] / dj, a[5] / dj, a[9] / dj],
    FrameOfReferenceUID: '1.2.3.9',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: nj,
    Columns: ni,
    PixelSpacing: [dj, di],
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 0,
    RescaleIntercept: '-1024',
    RescaleSlope: '1',
    RescaleType: 'HU',
    PixelData: new Uint8Array(pixels.buffer),
  }
}
