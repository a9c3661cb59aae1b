/**
 * DICOM Segmentation (PS3.3 A.51, A.51.4, C.8.20): frames of 1 bit, of fractions, or of labels, each with its place.
 */
import { SpiculaError } from '../../error.ts'
import { applyAffine, invertAffine } from '../../scan/affine.ts'
import type { Dataset } from '../../scan/dicom/dataset.ts'
import type { DicomHeader } from '../../scan/dicom/file.ts'
import type { Decompress } from '../../scan/dicom/frames.ts'
import { items, number, text } from '../../scan/dicom/values.ts'
import type { Note } from '../../scan/scan.ts'
import { type Component, componentFinder, MOST_PARTS } from './components.ts'
import { type MaskOptions, placesOf } from './mask.ts'
import { kindOfName } from './names.ts'
import { type FoundPlaces, namesInWords } from './place.ts'
import { segPixels } from './seg-pixels.ts'
import { type SegFrame, type SegPlanes, type SourcePlane, segPlanes } from './seg-planes.ts'

export interface SegOptions extends MaskOptions {
  /** Where the slice of an image lies, for frames that name an image and have no place of their own. */
  readonly sourcePlane?: SourcePlane
}

/** A segment that is looked for. */
interface Segment {
  readonly number: number
  readonly label: string
}

/**
 * The nodules of a segmentation: each connected part of each segment, but for segments that are organs by their names.
 * Parts touch as in label masks: by a face, an edge or a corner, from one slice to the next.
 * @throws SpiculaError `datasets/seg`, `datasets/empty` where there is nothing in its segments, and those of the pixel
 *   readers
 * @example const { places } = await placesOfSeg(header, decompress)
 */
export async function placesOfSeg(
  header: DicomHeader,
  decompress: Decompress,
  { sourcePlane, ...options }: SegOptions = {},
): Promise<FoundPlaces> {
  const { dataset, name } = header
  const refuse = (what: string): never => {
    throw new SpiculaError('datasets/seg', `${name}: ${what}`)
  }
  const [rows, columns, count, bits] = (['Rows', 'Columns', 'NumberOfFrames', 'BitsAllocated'] as const).map(
    (keyword) => number(dataset, keyword) ?? 0,
  )
  if (!(rows > 0 && columns > 0 && count > 0 && rows * columns <= 1 << 28) || ![1, 8, 16].includes(bits)) {
    refuse(`${count} frames of ${columns} x ${rows} pixels of ${bits} bits are not a segmentation`)
  }
  const type = text(dataset, 'SegmentationType') ?? (bits === 1 ? 'BINARY' : 'LABELMAP')
  if (!['BINARY', 'FRACTIONAL', 'LABELMAP'].includes(type)) refuse('its segmentation type is not known')
  const planes = segPlanes(dataset, { name, count, isLabelMap: type === 'LABELMAP' }, sourcePlane)
  const notes: Note[] = []
  const note = (kind: string, message: string) =>
    notes.push({ code: `datasets/${kind}`, message: `${name}: ${message}` })
  const described = items(dataset, 'SegmentSequence').map(
    (one): Segment => ({ number: number(one, 'SegmentNumber') ?? 0, label: text(one, 'SegmentLabel') ?? '' }),
  )
  // C.8.20.2: the number of what is in no segment; 0 unless a label map says otherwise.
  const background = (type === 'LABELMAP' ? number(dataset, 'PixelPaddingValue') : undefined) ?? 0
  const known = described.filter((one) => type !== 'LABELMAP' || one.number !== background)
  const organs = known.filter(({ label }) => kindOfName(label) === 'other')
  if (organs.length > 0)
    note('seg-other', `segments left out by their names: ${namesInWords(organs.map(({ label }) => label))}`)
  const wanted = known.filter((one) => !organs.includes(one))
  const pixels = segPixels(header, { rows, columns, count, bits }, decompress)
  const [most, isAssumed] = wholeOf(dataset, { type, bits, refuse })
  if (isAssumed) note('seg-fraction', `it does not say what its fractions are parts of: ${most} taken`)

  const shape = [columns, rows, planes.slots] as const
  const seen = new Uint32Array(1 << Math.max(8, bits))
  /** Connected parts of what a table makes of the samples: the place of a segment in the list, from 1, or nothing. */
  const partsOf = async (frames: readonly SegFrame[], segments: readonly number[], table: Uint16Array) => {
    const finder = componentFinder(shape, planes.affineLps)
    for (const [slot, those] of inSlots(frames)) {
      const labels = new Uint16Array(rows * columns)
      for (const { index } of those) {
        const samples = await pixels(index)
        for (let n = 0; n < samples.length; n++) {
          seen[samples[n]]++
          if (table[samples[n]] > 0) labels[n] = table[samples[n]]
        }
      }
      if (!finder.addSlice(slot, labels)) refuse(`more than ${MOST_PARTS} separate parts are not nodules`)
    }
    return finder.finish().map((part) => ({ ...placed(part, planes), label: segments[part.label - 1] }))
  }

  const components: Component[] = []
  if (type === 'LABELMAP') {
    if (known.length === 0) refuse('it describes no segment')
    const table = new Uint16Array(seen.length)
    for (const [n, one] of wanted.entries()) table[one.number] = n + 1
    const numbers = wanted.map((one) => one.number)
    components.push(...(await partsOf(planes.frames, numbers, table)))
    const described = new Set([background, ...known.map((one) => one.number)])
    const strangers = seen.reduce((sum, times, sample) => sum + (described.has(sample) ? 0 : times), 0)
    if (strangers > 0) note('seg-stranger', `${strangers} pixels with numbers that no segment has, left out`)
  } else {
    // C.8.20.2.3.3: a fraction counts from the half on.
    const table = new Uint16Array(seen.length).fill(1, Math.ceil(most / 2))
    for (const segment of [...new Set(planes.frames.map((one) => one.segment))].sort((a, b) => a - b)) {
      if (organs.some((one) => one.number === segment)) continue
      const frames = planes.frames.filter((one) => one.segment === segment)
      components.push(...(await partsOf(frames, [segment], table)))
    }
  }
  if (components.length === 0) {
    const labels = wanted.map(({ label }) => label).filter(Boolean)
    const where = labels.length > 0 ? ` in ${namesInWords(labels)}` : ''
    const highest = seen.findLastIndex((times) => times > 0)
    const what = type === 'FRACTIONAL' ? `reaches the half of ${most}: the highest is ${highest}` : 'is set'
    throw new SpiculaError('datasets/empty', `${name}: no pixel${where} ${what}`, {
      hint: notes.length > 0 ? notes.map(({ message }) => message).join('. ') : 'Is it the file that was meant?',
    })
  }
  const names = new Map(described.map((one) => [one.number, one.label]))
  const geometry = { name, affineLps: planes.affineLps, shapeIjk: shape }
  const frameUid = text(dataset, 'FrameOfReferenceUID')
  const places = placesOf(components, geometry, { ...options, names }).map((place) => ({
    ...place,
    ...(frameUid === undefined ? {} : { frameUid }),
  }))
  return { places, notes }
}

/** The sample that stands for the whole, and whether that had to be assumed: of bits it is 1. */
function wholeOf(
  dataset: Dataset,
  { type, bits, refuse }: { type: string; bits: number; refuse: (what: string) => never },
): [most: number, isAssumed: boolean] {
  if (type !== 'FRACTIONAL') return [1, false]
  const told = number(dataset, 'MaximumFractionalValue')
  const most = told ?? 2 ** bits - 1
  if (!(most >= 1 && most < 2 ** bits)) refuse(`its fractions are parts of ${most}, in ${bits} bits`)
  return [most, told === undefined]
}

/** Frames by the slot of their plane, in ascending order. */
function inSlots(frames: readonly SegFrame[]): [number, SegFrame[]][] {
  const slots = new Map<number, SegFrame[]>()
  for (const frame of frames) slots.set(frame.slot, [...(slots.get(frame.slot) ?? []), frame])
  return [...slots].sort(([a], [b]) => a - b)
}

/** A part whose centre lies where its planes do, however they are spaced and shifted. */
function placed(part: Component, { affineLps, originOf }: SegPlanes): Component {
  const sum = [0, 0, 0]
  for (const { k, voxels, i, j } of part.inSlices) {
    const origin = originOf(k)
    for (const axis of [0, 1, 2])
      sum[axis] += voxels * (origin[axis] + i * affineLps[4 * axis] + j * affineLps[4 * axis + 1])
  }
  const pointLps = sum.map((one) => one / part.voxels)
  return { ...part, centreIjk: applyAffine(invertAffine(affineLps), [pointLps[0], pointLps[1], pointLps[2]]) }
}
