/** RT Structure Sets (PS3.3 A.19, C.8.8.5, C.8.8.6): outlines and points in world mm, drawn slice by slice. */
import { SpiculaError } from '../../error.ts'
import type { Dataset } from '../../scan/dicom/dataset.ts'
import { items, number, numbers, text } from '../../scan/dicom/values.ts'
import type { Note, Triple } from '../../scan/scan.ts'
import { type Body, bodiesOf } from './bodies.ts'
import { kindOfName } from './names.ts'
import { type FoundPlaces, type NodulePlace, namesInWords, showMm } from './place.ts'
import { isClosed, middleOfLine } from './polygon.ts'

/** A lesion beyond this is an organ, or several lesions that touch, mm. */
const LONG_MM = 150

export interface StructureOptions {
  /** Whether a region of this name is meant; by default those whose names say that they are lesions. */
  readonly isWanted?: (name: string) => boolean
  /** Distance of the scan's slices, mm. */
  readonly sliceMm?: number
}

/**
 * The places of the regions that are lesions: each connected body of a region's outlines, and each of its points that
 * lies in none of them.
 * @throws SpiculaError `datasets/rtstruct` where none has such a name, listing those there are
 * @example placesOfStructures(header.dataset, 'rtstruct.dcm').places[0].pointLps
 */
export function placesOfStructures(
  dataset: Dataset,
  name: string,
  { isWanted = (region) => kindOfName(region) === 'lesion', sliceMm }: StructureOptions = {},
): FoundPlaces {
  const drawn = items(dataset, 'ROIContourSequence')
  const contoursOf = (roi: number | undefined): Dataset[] =>
    drawn.filter((one) => number(one, 'ReferencedROINumber') === roi).flatMap((one) => items(one, 'ContourSequence'))
  const regions = items(dataset, 'StructureSetROISequence').map((one) => ({
    roi: number(one, 'ROINumber'),
    label: text(one, 'ROIName') ?? '',
    frameUid: text(one, 'ReferencedFrameOfReferenceUID'),
  }))
  const chosen = regions.filter(({ label }) => isWanted(label))
  const others = regions.filter(({ label }) => !isWanted(label)).map(({ label }) => label || '(unnamed)')
  if (chosen.length === 0) {
    throw new SpiculaError('datasets/rtstruct', `${name}: none of its ${regions.length} regions is named as a lesion`, {
      hint:
        others.length > 0
          ? `There are: ${namesInWords(others)}. Name those that are meant with --roi.`
          : 'It is empty.',
    })
  }
  const notes: Note[] = []
  if (others.length > 0) {
    const message = `${name}: left out by their names: ${namesInWords(others)} (--roi takes what it names)`
    notes.push({ code: 'datasets/rtstruct', message })
  }
  const told: Record<'empty' | 'several' | 'large', string[]> = { empty: [], several: [], large: [] }
  const places = chosen.flatMap(({ roi, label, frameUid }, index): NodulePlace[] => {
    const region = regionOf(contoursOf(roi), name)
    const bodies = bodiesOf(region.outlines, sliceMm)
    if (bodies === undefined) {
      throw new SpiculaError('datasets/rtstruct', `${name}: region ${roi} has too many outlines for a lesion`, {
        hint: 'Are they lungs or vessels? Name the regions that are meant with --roi.',
      })
    }
    const lone = [...region.points, ...region.lines].filter((point) => !bodies.some((body) => body.holds(point)))
    const found = [
      ...bodies.map((body) => ({ pointLps: body.centreLps, values: sizesOf(body) })),
      ...lone.map((pointLps) => ({ pointLps, values: {} })),
    ]
    if (found.length === 0) told.empty.push(`${roi}`)
    if (found.length > 1) told.several.push(`${roi} (${found.length})`)
    for (const { extentMm } of bodies) if (extentMm > LONG_MM) told.large.push(`${roi} (${extentMm.toFixed(0)} mm)`)
    const id = String(roi ?? index + 1)
    return found.map(({ pointLps, values }, n) => ({
      noduleId: found.length > 1 ? `${id}.${n + 1}` : id,
      pointLps,
      values: { ...values, finding: label },
      ...(frameUid === undefined ? {} : { frameUid }),
    }))
  })
  const note = (kind: keyof typeof told, message: (regions: string) => string) => {
    if (told[kind].length === 0) return
    notes.push({ code: `datasets/rtstruct-${kind}`, message: `${name}: ${message(told[kind].join(', '))}` })
  }
  note('empty', (regions) => `without a contour: region ${regions}`)
  note('several', (regions) => `separate places in one region, each of which is a nodule: region ${regions}`)
  note('large', (regions) => `more than one lesion that touch, or organs? Region ${regions}`)
  return { places, notes }
}

interface Region {
  readonly outlines: readonly (readonly Triple[])[]
  readonly points: readonly Triple[]
  /** Middles of lines that go round nothing. */
  readonly lines: readonly Triple[]
}

/** Contours by what they are (C.8.8.6.1): POINT, OPEN_PLANAR, OPEN_NONPLANAR, CLOSED_PLANAR, CLOSEDPLANAR_XOR. */
function regionOf(contours: readonly Dataset[], name: string): Region {
  const outlines: (readonly Triple[])[] = []
  const points: Triple[] = []
  const lines: Triple[] = []
  for (const contour of contours) {
    const here = contourPoints(contour, name)
    if (here.length === 0) continue
    const type = text(contour, 'ContourGeometricType') ?? ''
    // A "closed" contour of one point is a point.
    if (type === 'POINT' || here.length === 1) points.push(...here)
    else if (type.startsWith('OPEN') ? isClosed(here) : here.length > 2) outlines.push(here)
    else lines.push(middleOfLine(here))
  }
  return { outlines, points: distinct(points), lines }
}

/** Points without those that stand twice. */
const distinct = (points: readonly Triple[]): Triple[] => [
  ...new Map(points.map((point) => [point.map((x) => x.toFixed(3)).join(), point])).values(),
]

function contourPoints(contour: Dataset, name: string): Triple[] {
  const data = numbers(contour, 'ContourData') ?? []
  if (data.length % 3 !== 0 || !data.every(Number.isFinite)) {
    throw new SpiculaError('datasets/rtstruct', `${name}: a contour is not triples of numbers`)
  }
  return Array.from({ length: data.length / 3 }, (_, n) => [data[3 * n], data[3 * n + 1], data[3 * n + 2]] as const)
}

/** A body's sizes, by the columns of the manifest. */
export function sizesOf({ volumeMm3, longestMm }: Body): Record<string, string> {
  return {
    ...(volumeMm3 === undefined
      ? {}
      : { diameter_mm: showMm(Math.cbrt((6 * volumeMm3) / Math.PI)), volume_mm3: showMm(volumeMm3) }),
    'longest_axial_diameter_(mm)': showMm(longestMm),
  }
}
