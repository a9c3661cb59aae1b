/** DICOM Segmentation (PS3.3 A.51, C.8.20): frames of 1 bit, of fractions, or of labels, each with its place. */
import { SpiculaError } from '../../error.ts'
import { readSpan } from '../../files/bytes.ts'
import type { Dataset } from '../../scan/dicom/dataset.ts'
import type { DicomHeader } from '../../scan/dicom/file.ts'
import { type Decompress, frameReader } from '../../scan/dicom/frames.ts'
import { samplesOf } from '../../scan/dicom/pixels.ts'
import { cross, dot } from '../../scan/dicom/slice.ts'
import type { Keyword } from '../../scan/dicom/tags.ts'
import { items, number, numbers, text } from '../../scan/dicom/values.ts'
import type { Affine, Triple } from '../../scan/scan.ts'
import { componentFinder } from './components.ts'
import { type MaskOptions, placesOf } from './mask.ts'
import type { FoundPlaces, NodulePlace } from './place.ts'

interface SegFrame {
  readonly index: number
  /** 0: a label map, whose samples are the segments. */
  readonly segment: number
  readonly positionLps: Triple
  readonly at: number
}

/**
 * The nodules of a segmentation: each connected part of each segment.
 * @throws SpiculaError `datasets/seg`, and those of the pixel readers
 * @example const { places } = await placesOfSeg(header, decompress, {})
 */
export async function placesOfSeg(
  header: DicomHeader,
  decompress: Decompress,
  options: MaskOptions = {},
): Promise<FoundPlaces> {
  const { dataset, name } = header
  const refuse = (what: string): never => {
    throw new SpiculaError('datasets/seg', `${name}: ${what}`)
  }
  const [rows, columns, count, bits] = (['Rows', 'Columns', 'NumberOfFrames', 'BitsAllocated'] as const).map(
    (keyword) => number(dataset, keyword) ?? 0,
  )
  if (!(rows > 0 && columns > 0 && count > 0 && rows * columns <= 1 << 28) || ![1, 8, 16].includes(bits)) {
    refuse(`${count} frames of ${columns} x ${rows} pixels of ${bits} bits are no segmentation`)
  }
  const type = text(dataset, 'SegmentationType') ?? (bits === 1 ? 'BINARY' : 'LABELMAP')
  const [shared] = items(dataset, 'SharedFunctionalGroupsSequence')
  const own = items(dataset, 'PerFrameFunctionalGroupsSequence')
  if (own.length !== count) refuse(`${count} frames, but functional groups for ${own.length}`)
  const group = (frame: Dataset, keyword: Keyword): Dataset | undefined =>
    items(frame, keyword)[0] ?? (shared && items(shared, keyword)[0])
  const read = (one: Dataset | undefined, keyword: Keyword, length: number): readonly number[] => {
    const values = one && numbers(one, keyword)
    return values?.length === length && values.every(Number.isFinite)
      ? values
      : refuse(`${keyword} is missing or broken`)
  }
  const orientation = read(group(own[0], 'PlaneOrientationSequence'), 'ImageOrientationPatient', 6)
  const measures = group(own[0], 'PixelMeasuresSequence')
  const [betweenRows, betweenColumns] = read(measures, 'PixelSpacing', 2)
  const [rowLps, columnLps] = [triple(orientation), triple(orientation.slice(3))]
  const normal = cross(rowLps, columnLps)
  const frames = own.map((frame, index): SegFrame => {
    const positionLps = triple(read(group(frame, 'PlanePositionSequence'), 'ImagePositionPatient', 3))
    const identification = group(frame, 'SegmentIdentificationSequence')
    const segment =
      type === 'LABELMAP' ? 0 : ((identification && number(identification, 'ReferencedSegmentNumber')) ?? 1)
    return { index, segment, positionLps, at: dot(positionLps, normal) }
  })
  const lowest = frames.reduce((least, one) => (one.at < least.at ? one : least))
  const spacing = sliceSpacing(frames, measures)
  const planes = Math.round((Math.max(...frames.map(({ at }) => at)) - lowest.at) / spacing) + 1
  if (planes > 1 << 14) refuse(`its frames span ${planes} slices`)
  const affineLps: Affine = [0, 1, 2].flatMap((row) => [
    rowLps[row] * betweenColumns,
    columnLps[row] * betweenRows,
    normal[row] * spacing,
    lowest.positionLps[row],
  ])
  const geometry = { name, affineLps, shapeIjk: [columns, rows, planes] as const }
  const pixels = pixelReader(header, { rows, columns, count, bits }, decompress)
  const segments = [...new Set(frames.map(({ segment }) => segment))].sort((a, b) => a - b)
  const names = new Map(
    items(dataset, 'SegmentSequence').map((one) => [
      number(one, 'SegmentNumber') ?? 0,
      text(one, 'SegmentLabel') ?? '',
    ]),
  )
  const most = type === 'FRACTIONAL' ? 2 ** bits - 1 : 0
  const components = []
  for (const segment of segments) {
    const finder = componentFinder(geometry.shapeIjk, affineLps)
    const mine = frames.filter((one) => one.segment === segment).sort((a, b) => a.at - b.at)
    for (const frame of mine) {
      const samples = await pixels(frame.index)
      // A fraction counts from the half on (C.8.20.2.3.3); bits of a segment become its number.
      const labels = segment === 0 ? samples : samples.map((value) => (value > most / 2 ? segment : 0))
      finder.addSlice(Math.round((frame.at - lowest.at) / spacing), labels)
    }
    components.push(...finder.finish())
  }
  const places: NodulePlace[] = placesOf(components, geometry, { ...options, names })
  return { places, notes: [] }
}

const triple = ([x, y, z]: readonly number[]): Triple => [x, y, z]

/** Frames without voxels may be left out, so the gaps are multiples of the spacing. */
function sliceSpacing(frames: readonly SegFrame[], measures: Dataset | undefined): number {
  const told = measures && (number(measures, 'SpacingBetweenSlices') ?? number(measures, 'SliceThickness'))
  const at = [...new Set(frames.map((one) => Math.round(one.at * 1000) / 1000))].sort((a, b) => a - b)
  const least = Math.min(...at.slice(1).map((here, n) => here - at[n]))
  if (Number.isFinite(least) && !(told !== undefined && told > 0 && least > 1.5 * told)) return least
  return told !== undefined && told > 0 ? told : 1
}

/** Reads a frame's samples. Frames of single bits follow each other without filling up bytes (PS3.5 8.2). */
function pixelReader(
  header: DicomHeader,
  { rows, columns, count, bits }: { rows: number; columns: number; count: number; bits: number },
  decompress: Decompress,
): (frame: number) => Promise<Uint8Array | Uint16Array> {
  const { name, pixels, syntax } = header
  const size = rows * columns
  if (pixels === undefined) throw new SpiculaError('volume/truncated', `${name}: has no pixel data`)
  if (bits > 1) {
    const format = {
      rows,
      columns,
      bitsAllocated: bits,
      bitsStored: bits,
      highBit: bits - 1,
      signed: false,
      padding: undefined,
    }
    const reader = frameReader(header, format, count, decompress)
    return async (frame) => {
      const { bytes } = await reader.read(frame, 0, rows)
      const samples = samplesOf(bytes, format, syntax.coding === 'native' ? syntax.littleEndian : true)
      return samples instanceof Uint16Array ? samples : Uint8Array.from(samples)
    }
  }
  if (syntax.coding !== 'native') {
    throw new SpiculaError('datasets/seg', `${name}: compressed segmentations of single bits are not read`, {
      hint: 'Decompress it with dcmconv or gdcmconv --raw.',
    })
  }
  return async (frame) => {
    const first = frame * size
    const start = pixels.at + Math.floor(first / 8)
    const bytes = await readSpan(await header.source(), start, pixels.at + Math.ceil((first + size) / 8))
    const shift = first % 8
    return Uint8Array.from({ length: size }, (_, n) => (bytes[(n + shift) >> 3] >> ((n + shift) & 7)) & 1)
  }
}
