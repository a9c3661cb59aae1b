/** Structured reports of measurements (PS3.16 TID 1500): the place and the sizes of each measurement group. */
import { SpiculaError } from '../../error.ts'
import type { Dataset } from '../../scan/dicom/dataset.ts'
import { items, number, numbers, text } from '../../scan/dicom/values.ts'
import type { Note, Triple } from '../../scan/scan.ts'
import { type FoundPlaces, type NodulePlace, showMm } from './place.ts'

/** Codes of PS3.16 and DCM that matter here. */
const MEASUREMENT_GROUP = '125007'
const TRACKING_IDENTIFIER = '112039'
const FINDING = '121071'
/** Image coordinates have no place in the world: whoever has the series tells it. */
export type ImagePoint = (sopInstanceUid: string, column: number, row: number) => Triple | undefined

/** Lengths that are a nodule's diameter: code values of PS3.16 (DCM, SCT, and SRT of older writers). */
const LENGTHS: Readonly<Record<string, string>> = {
  '103339001': 'longest_axial_diameter_(mm)', // Long Axis
  'G-A185': 'longest_axial_diameter_(mm)',
  '103340004': 'short_diameter_(mm)', // Short Axis
  'G-A186': 'short_diameter_(mm)',
  '81827009': 'diameter_mm',
  'M-02550': 'diameter_mm',
  '410668003': 'diameter_mm', // Length
  'G-D7FE': 'diameter_mm',
}

/**
 * The places of a report's measurement groups: points, or the middle of lines, ellipses and polygons, in world mm
 * (SCOORD3D) or in an image of the series (SCOORD).
 * @param imagePoint turns image coordinates into LPS mm; without it they are reported
 * @throws SpiculaError `datasets/sr` where no group has a place
 * @example placesOfReport(header.dataset, 'report.dcm').places
 */
export function placesOfReport(dataset: Dataset, name: string, imagePoint?: ImagePoint): FoundPlaces {
  const groups = everyItem(dataset).filter((one) => conceptCode(one) === MEASUREMENT_GROUP)
  const notes: Note[] = []
  let unplaced = 0
  const ids = new Set<string>()
  const places = groups.flatMap((group, index): NodulePlace[] => {
    const content = everyItem(group)
    const pointLps = content
      .map((one) => worldPoint(one) ?? imagePointOf(one, imagePoint))
      .find((one) => one !== undefined)
    if (pointLps === undefined) {
      unplaced++
      return []
    }
    const tracked = content.find((one) => conceptCode(one) === TRACKING_IDENTIFIER)
    const finding = content.find((one) => conceptCode(one) === FINDING)
    const [coded] = finding ? items(finding, 'ConceptCodeSequence') : []
    const label = tracked && text(tracked, 'TextValue')
    const noduleId = label !== undefined && !ids.has(label) ? label : String(index + 1)
    ids.add(noduleId)
    const meaning = coded && text(coded, 'CodeMeaning')
    return [
      { noduleId, pointLps, values: { ...lengths(content), ...(meaning === undefined ? {} : { finding: meaning }) } },
    ]
  })
  if (places.length === 0) {
    throw new SpiculaError('datasets/sr', `${name}: none of its ${groups.length} measurement groups has a place`, {
      hint: 'A report by TID 1500 with coordinates is needed; for coordinates in images give the series with --image.',
    })
  }
  if (unplaced > 0)
    notes.push({ code: 'datasets/sr', message: `${name}: ${unplaced} measurement groups without a place` })
  return { places, notes }
}

/** All content items below one, itself left out. */
function everyItem(dataset: Dataset): Dataset[] {
  return items(dataset, 'ContentSequence').flatMap((one) => [one, ...everyItem(one)])
}

function conceptCode(item: Dataset): string | undefined {
  const [concept] = items(item, 'ConceptNameCodeSequence')
  return concept && text(concept, 'CodeValue')
}

/** C.18.9: three-dimensional coordinates in the patient's frame. */
function worldPoint(item: Dataset): Triple | undefined {
  if (text(item, 'ValueType') !== 'SCOORD3D') return undefined
  const data = numbers(item, 'GraphicData') ?? []
  const type = text(item, 'GraphicType') ?? 'POINT'
  if (data.length < 3 || data.length % 3 !== 0 || !data.every(Number.isFinite)) return undefined
  // A polygon's last point is its first.
  const closed = type === 'POLYGON' && data.length > 6
  const points = data.slice(0, closed ? -3 : undefined)
  const mean = (axis: number) =>
    points.filter((_, n) => n % 3 === axis).reduce((a, b) => a + b, 0) / (points.length / 3)
  return [mean(0), mean(1), mean(2)]
}

/** C.18.6: column and row in an image, from the corner of its first pixel, whose centre thus is at 0.5. */
function imagePointOf(item: Dataset, imagePoint: ImagePoint | undefined): Triple | undefined {
  if (text(item, 'ValueType') !== 'SCOORD' || imagePoint === undefined) return undefined
  const data = numbers(item, 'GraphicData') ?? []
  const image = everyItem(item).find((one) => text(one, 'ValueType') === 'IMAGE')
  const [reference] = image ? items(image, 'ReferencedSOPSequence') : []
  const uid = reference && text(reference, 'ReferencedSOPInstanceUID')
  if (uid === undefined || data.length < 2 || data.length % 2 !== 0 || !data.every(Number.isFinite)) return undefined
  const mean = (axis: number) => data.filter((_, n) => n % 2 === axis).reduce((a, b) => a + b, 0) / (data.length / 2)
  const point = imagePoint(uid, mean(0) - 0.5, mean(1) - 0.5)
  return point
}

/** Lengths in mm, by the columns of the manifest. */
function lengths(content: readonly Dataset[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const one of content) {
    const column = LENGTHS[conceptCode(one) ?? '']
    const [measured] = items(one, 'MeasuredValueSequence')
    const value = measured && number(measured, 'NumericValue')
    const [unit] = measured ? items(measured, 'MeasurementUnitsCodeSequence') : []
    const scale = { mm: 1, cm: 10 }[(unit && text(unit, 'CodeValue')) ?? '']
    if (column === undefined || value === undefined || !Number.isFinite(value) || scale === undefined) continue
    found[column] = showMm(value * scale)
  }
  return found
}

/** Frames of reference of a report's coordinates. */
export function framesOfReport(dataset: Dataset): string[] {
  return [...new Set(everyItem(dataset).flatMap((one) => text(one, 'ReferencedFrameOfReferenceUID') ?? []))]
}
