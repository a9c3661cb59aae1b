/** What a DICOM file says of its slices: classic CT, one a file, and Enhanced CT, many (PS3.3 A.3, A.38). */
import { SpiculaError } from '../../error.ts'
import type { Triple } from '../scan.ts'
import type { Dataset } from './dataset.ts'
import type { DicomHeader } from './file.ts'
import { checkPixelLength, type Decompress, type FrameReader, frameReader } from './frames.ts'
import { type PixelFormat, pixelFormat, type Rescale, rescaleOf } from './pixels.ts'
import { unreadError } from './syntax.ts'
import { type Keyword, TAGS } from './tags.ts'
import { element, items, number, numbers, text, texts } from './values.ts'

/** One slice: its place, and how to get its pixels. */
export interface Slice {
  /** The file, as it may be called in messages. */
  readonly name: string
  readonly sopInstanceUid: string
  /** Frame of its file, from 0. */
  readonly frame: number
  readonly frames: FrameReader
  readonly format: PixelFormat
  readonly littleEndian: boolean
  readonly rescale: Rescale | undefined
  /** Centre of the first pixel, mm (ImagePositionPatient). */
  readonly positionLps: Triple
  /** Unit vector along a row, towards growing columns. */
  readonly rowLps: Triple
  /** Unit vector along a column, towards growing rows. */
  readonly columnLps: Triple
  /** Between columns (along a row), and between rows, mm. */
  readonly spacingMm: readonly [number, number]
  readonly thicknessMm: number | undefined
  /** Scout pictures: ImageType LOCALIZER (C.8.2.1.1.1). */
  readonly localizer: boolean
  /** What the image says of its acquisition, phase, time: see {@link markOf}. A frame's own groups come first. */
  readonly marks: readonly Dataset[]
}

/** What a file says of the series that it belongs to. */
export interface SeriesFacts {
  readonly seriesUid: string
  readonly studyUid: string
  readonly frameOfReferenceUid: string
  readonly seriesNumber: number | undefined
  /** For people to choose by; free text of the scanner's console, never a message's. */
  readonly description: string
  readonly kernel: string
  readonly modality: string
  /** BodyPartExamined, a code of the scanner's protocol. */
  readonly bodyPart: string
  readonly derived: boolean
  /** An object for pictures of screens (PS3.3 A.8), in which some programs store slices. */
  readonly secondaryCapture: boolean
  /** What is not as the standard has it, but readable. */
  readonly odd: string | undefined
  /** Name of a transfer syntax that loses, where one was used. */
  readonly lossy: string | undefined
  readonly monochrome1: boolean
}

/** What became of one file. */
export interface ReadFile {
  readonly facts: SeriesFacts
  /** None for objects that are not images. */
  readonly slices: readonly Slice[]
  /** Why it has no slices, where it was meant to: its series then is not sound. */
  readonly problem?: SpiculaError
}

const IMAGE_CLASSES: Readonly<Record<string, 'classic' | 'enhanced'>> = {
  '1.2.840.10008.5.1.4.1.1.2': 'classic',
  '1.2.840.10008.5.1.4.1.1.2.1': 'enhanced',
  '1.2.840.10008.5.1.4.1.1.2.2': 'enhanced', // Legacy Converted Enhanced CT
}

/** Secondary Capture, and its multi-frame kinds of grey values. */
const SECONDARY_CAPTURE = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.[1-4])?$/

/**
 * The slices of a file and its series' facts. An image that cannot be used is a `problem`, so that its series can tell.
 * @param fileBytes size of the file
 */
export function readSlices(header: DicomHeader, fileBytes: number, decompress: Decompress): ReadFile {
  const { dataset, syntax, pixels } = header
  const kind = IMAGE_CLASSES[text(dataset, 'SOPClassUID') ?? ''] ?? kindByContent(header)
  const said = factsOf(dataset)
  const secondary = kind !== undefined && said.secondaryCapture ? 'slices in Secondary Capture objects' : undefined
  const odd = [header.odd, secondary].filter((one) => one !== undefined)
  const facts: SeriesFacts = {
    ...said,
    lossy: syntax.lossy ? syntax.name : undefined,
    odd: odd.length > 0 ? odd.join(', ') : undefined,
  }
  if (kind === undefined) return { facts, slices: [] }
  try {
    if (syntax.coding === 'unread') throw unreadError(header.name, syntax)
    // A file cut off right where its pixels would begin has a sound header, and no pixels.
    if (pixels === undefined) throw new SpiculaError('volume/truncated', `${header.name}: has no pixel data`)
    const format = pixelFormat(dataset, syntax, header.name)
    const count = number(dataset, 'NumberOfFrames') ?? 1
    if (!Number.isInteger(count) || count < 1 || count > MOST_FRAMES) {
      throw new SpiculaError('volume/shape', `${header.name}: ${count} frames`)
    }
    checkPixelLength(header, format, count, fileBytes)
    const frames = frameReader(header, format, count, decompress)
    const common = {
      name: header.name,
      sopInstanceUid: text(dataset, 'SOPInstanceUID') ?? '',
      frames,
      format,
      littleEndian: syntax.littleEndian,
    }
    const slices = kind === 'classic' ? [classic(dataset, count, common)] : enhanced(dataset, count, common)
    return { facts: { ...facts, kernel: facts.kernel || enhancedKernel(dataset) }, slices }
  } catch (error) {
    if (error instanceof SpiculaError) return { facts, slices: [], problem: error }
    throw error
  }
}

const MOST_FRAMES = 65536

/** What a data set says of the series that it belongs to, as far as it says so. */
export const factsOf = (dataset: Dataset): SeriesFacts => ({
  seriesUid: text(dataset, 'SeriesInstanceUID') ?? '',
  studyUid: text(dataset, 'StudyInstanceUID') ?? '',
  frameOfReferenceUid: text(dataset, 'FrameOfReferenceUID') ?? '',
  seriesNumber: number(dataset, 'SeriesNumber'),
  description: text(dataset, 'SeriesDescription') ?? '',
  kernel: texts(dataset, 'ConvolutionKernel').join(' '),
  modality: text(dataset, 'Modality') ?? '',
  bodyPart: text(dataset, 'BodyPartExamined') ?? '',
  derived: texts(dataset, 'ImageType')[0] === 'DERIVED',
  secondaryCapture: SECONDARY_CAPTURE.test(text(dataset, 'SOPClassUID') ?? ''),
  lossy: undefined,
  monochrome1: text(dataset, 'PhotometricInterpretation') === 'MONOCHROME1',
  odd: undefined,
})

type Common = Pick<Slice, 'name' | 'sopInstanceUid' | 'frames' | 'format' | 'littleEndian'>

/**
 * Objects that call themselves CT in a class that is not CT's (Secondary Capture, private, missing) hold slices where
 * they have a place, as other readers take them.
 */
function kindByContent({ dataset, pixels }: DicomHeader): 'classic' | 'enhanced' | undefined {
  const uid = text(dataset, 'SOPClassUID') ?? ''
  const isOtherKind = uid.startsWith('1.2.840.10008.') && !SECONDARY_CAPTURE.test(uid)
  if (text(dataset, 'Modality') !== 'CT' || pixels === undefined || isOtherKind) return undefined
  if (items(dataset, 'PerFrameFunctionalGroupsSequence').length > 0) return 'enhanced'
  return numbers(dataset, 'ImagePositionPatient') ? 'classic' : undefined
}

/** Whether an object is of a class that holds CT slices. */
export const isCtClass = (uid: string | undefined): boolean => IMAGE_CLASSES[uid ?? ''] !== undefined

function classic(dataset: Dataset, count: number, common: Common): Slice {
  if (count !== 1) {
    throw new SpiculaError('volume/dicom-frames', `${common.name}: ${count} frames in an object that has one place`)
  }
  const localizer = texts(dataset, 'ImageType').includes('LOCALIZER')
  const rescale = rescaleOf(dataset, common.name)
  return { ...common, frame: 0, localizer, marks: [dataset], rescale, ...place([dataset], common.name) }
}

/** Groups of a frame that say of which acquisition, phase and time it is. */
const MARK_GROUPS = [
  'FrameContentSequence',
  'CTImageFrameTypeSequence',
  'CTReconstructionSequence',
  'CTXRayDetailsSequence',
  'CardiacSynchronizationSequence',
  'RespiratorySynchronizationSequence',
  'TemporalPositionSequence',
  'ContrastBolusUsageSequence',
  'PixelMeasuresSequence',
] as const

/**
 * An attribute of an image as text, numbers too.
 * @example markOf(slice, 'AcquisitionNumber') // '2'
 */
export function markOf({ marks }: Slice, keyword: Keyword): string | undefined {
  const found = marks.find((one) => element(one, keyword) !== undefined)
  if (found === undefined) return undefined
  return /^(US|UL|FL|FD)$/.test(TAGS[keyword][1]) ? numbers(found, keyword)?.join('\\') : text(found, keyword)
}

/**
 * Those attributes that differ among images. Told by their bytes and in plain loops: dozens of attributes of thousands of
 * images are looked at, and mostly nothing differs.
 * @example varying(slices, ['AcquisitionNumber', 'KVP']) // ['AcquisitionNumber']
 */
export function varying(slices: readonly Slice[], keywords: readonly Keyword[]): Keyword[] {
  return keywords.filter((keyword) => {
    const [tag] = TAGS[keyword]
    const first = holderOf(slices[0], tag)
    const one = first?.elements.get(tag)
    for (let n = 1; n < slices.length; n++) {
      const own = holderOf(slices[n], tag)
      if (own === undefined && first === undefined) continue
      const other = own?.elements.get(tag)
      if (!own || !first || !one || !other || one.length !== other.length) return true
      for (let m = 0; m < (one.length ?? 0); m++) {
        if (first.bytes[one.at + m] !== own.bytes[other.at + m]) return true
      }
    }
    return false
  })
}

/** The data set of an image that holds an attribute. */
function holderOf({ marks }: Slice, tag: number): Dataset | undefined {
  for (let n = 0; n < marks.length; n++) if (marks[n].elements.get(tag)?.length) return marks[n]
  return undefined
}

/** C.7.6.16: each frame's attributes are in its own functional groups, or in those that all frames share. */
function enhanced(dataset: Dataset, count: number, common: Common): Slice[] {
  const [shared] = items(dataset, 'SharedFunctionalGroupsSequence')
  const own = items(dataset, 'PerFrameFunctionalGroupsSequence')
  if (own.length !== count) {
    const message = `${common.name}: ${count} frames, but functional groups for ${own.length}`
    throw new SpiculaError('volume/dicom-frames', message)
  }
  const group = (frame: Dataset, keyword: Keyword): Dataset[] =>
    [frame, shared].flatMap((one) => (one ? items(one, keyword).slice(0, 1) : [])).slice(0, 1)
  return own.map((groups, frame) => {
    const places = (['PlanePositionSequence', 'PlaneOrientationSequence', 'PixelMeasuresSequence'] as const).flatMap(
      (keyword) => group(groups, keyword),
    )
    const [transform] = group(groups, 'PixelValueTransformationSequence')
    const [type] = group(groups, 'CTImageFrameTypeSequence')
    const marks = MARK_GROUPS.flatMap((keyword) => group(groups, keyword))
    return {
      ...common,
      frame,
      localizer: type !== undefined && texts(type, 'FrameType').includes('LOCALIZER'),
      rescale: transform && rescaleOf(transform, common.name),
      marks: [...marks, dataset],
      ...place(places, common.name),
    }
  })
}

const enhancedKernel = (dataset: Dataset): string => {
  const [shared] = items(dataset, 'SharedFunctionalGroupsSequence')
  const [reconstruction] = shared ? items(shared, 'CTReconstructionSequence') : []
  return reconstruction ? texts(reconstruction, 'ConvolutionKernel').join(' ') : ''
}

/** Attributes of the Image Plane module (C.7.6.2), wherever among the data sets each is. */
function place(datasets: readonly Dataset[], name: string) {
  const find = (keyword: Keyword, count: number): number[] => {
    const values = datasets.map((one) => numbers(one, keyword)).find((one) => one !== undefined)
    if (values?.length === count && values.every(Number.isFinite)) return [...values]
    const what = values === undefined ? 'is missing' : `is not ${count} numbers`
    throw new SpiculaError('volume/dicom-geometry', `${name}: its ${keyword} ${what}`, {
      hint: 'Without it nobody can tell where the slice lies: give the original images.',
    })
  }
  const [x, y, z] = find('ImagePositionPatient', 3)
  const [a, b, c, d, e, f] = find('ImageOrientationPatient', 6)
  const [betweenRows, betweenColumns] = find('PixelSpacing', 2)
  const [rowLps, columnLps] = [unit([a, b, c]), unit([d, e, f])]
  // C.7.6.2.1.1: unit vectors at right angles; written with few digits by some.
  if (rowLps === undefined || columnLps === undefined || Math.abs(dot(rowLps, columnLps)) > 0.01) {
    throw new SpiculaError('volume/orientation', `${name}: its ImageOrientationPatient is not a pair of directions`)
  }
  if (!(betweenRows > 0 && betweenColumns > 0)) {
    const message = `${name}: its PixelSpacing is ${betweenRows} and ${betweenColumns} mm`
    throw new SpiculaError('volume/dicom-geometry', message)
  }
  const thickness = datasets.map((one) => number(one, 'SliceThickness')).find((one) => one !== undefined)
  return {
    positionLps: [x, y, z] as const,
    rowLps,
    columnLps,
    spacingMm: [betweenColumns, betweenRows] as const,
    thicknessMm: thickness !== undefined && thickness > 0 ? thickness : undefined,
  }
}

export const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]

export const cross = (a: Triple, b: Triple): Triple => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]

function unit(vector: Triple): Triple | undefined {
  const length = Math.hypot(...vector)
  if (!(Math.abs(length - 1) < 0.01)) return undefined
  return [vector[0] / length, vector[1] / length, vector[2] / length]
}
