/** Structured reports of measurements (PS3.16 TID 1500): the places and the sizes of each measurement group. */
import { SpiculaError } from '../../error.ts'
import type { Dataset } from '../../scan/dicom/dataset.ts'
import { items, number, text } from '../../scan/dicom/values.ts'
import type { Note, Triple } from '../../scan/scan.ts'
import { bodiesOf } from './bodies.ts'
import { type FoundPlaces, type NodulePlace, showMm } from './place.ts'
import { type ImagePoint, type Shape, shapeOf } from './sr-shapes.ts'

/** Codes of PS3.16 and DCM that matter here. */
const MEASUREMENT_GROUP = '125007'
const TRACKING_IDENTIFIER = '112039'
const FINDING = '121071'
const CENTER = '111010'

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
 * The places of a report's measurement groups in LPS mm: of outlines the centre of what they enclose, each connected
 * body a nodule; else its points, each a nodule; else the middle of its longest line.
 * @param imagePoint turns image coordinates (SCOORD) into LPS mm; without it they have no place
 * @throws SpiculaError `datasets/sr` where no group has a place
 * @example placesOfReport(header.dataset, 'report.dcm').places
 */
export function placesOfReport(dataset: Dataset, name: string, imagePoint?: ImagePoint): FoundPlaces {
  const groups = everyItem(dataset).filter((one) => conceptCode(one) === MEASUREMENT_GROUP)
  const unplaced: string[] = []
  const several: string[] = []
  const odd: string[] = []
  const ids = new Set<string>()
  const places = groups.flatMap((group, index): NodulePlace[] => {
    const content = everyItem(group)
    const { points, frameUid, why } = pointsOf(content, imagePoint)
    if (points.length === 0) {
      unplaced.push(why)
      return []
    }
    const tracked = content.find((one) => conceptCode(one) === TRACKING_IDENTIFIER)
    const finding = content.find((one) => conceptCode(one) === FINDING)
    const [coded] = finding ? items(finding, 'ConceptCodeSequence') : []
    const label = tracked && text(tracked, 'TextValue')
    const id = label !== undefined && !ids.has(label) ? label : String(index + 1)
    ids.add(id)
    const meaning = coded && text(coded, 'CodeMeaning')
    if (points.length > 1) several.push(`${index + 1} (${points.length})`)
    const sizes = lengths(content, (length) => odd.push(`${index + 1} (${length} mm)`))
    return points.map((pointLps, n) => ({
      noduleId: points.length > 1 ? `${id}.${n + 1}` : id,
      pointLps,
      values: { ...sizes, ...(meaning === undefined ? {} : { finding: meaning }) },
      ...(frameUid === undefined ? {} : { frameUid }),
    }))
  })
  const whys = [...new Set(unplaced)].slice(0, 5).join('; ')
  if (places.length === 0) {
    const reason = whys === '' ? '' : ` (${whys})`
    throw new SpiculaError(
      'datasets/sr',
      `${name}: none of its ${groups.length} measurement groups has a place${reason}`,
      {
        hint: 'A report by TID 1500 with coordinates is needed; for coordinates in images give their series with --image.',
      },
    )
  }
  const notes: Note[] = []
  const note = (kind: string, message: string) =>
    notes.push({ code: `datasets/${kind}`, message: `${name}: ${message}` })
  if (unplaced.length > 0) note('sr', `${unplaced.length} measurement groups without a place: ${whys}`)
  if (several.length > 0)
    note('sr-several', `separate places in one group, each of which is a nodule: group ${several.join(', ')}`)
  if (odd.length > 0) note('sr-length', `lengths that cannot be right, left out: group ${odd.join(', ')}`)
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

interface Found {
  readonly points: readonly Triple[]
  readonly frameUid?: string | undefined
  /** Why there is no point. */
  readonly why: string
}

/** The points of one group, from the most telling of its graphics: a measurement may repeat what the region says. */
function pointsOf(content: readonly Dataset[], imagePoint: ImagePoint | undefined): Found {
  const drawn = content.flatMap((item) => {
    const shape = shapeOf(item, everyItem(item), imagePoint)
    return shape ? [{ item, shape, frameUid: text(item, 'ReferencedFrameOfReferenceUID') }] : []
  })
  const of = <K extends Shape['kind']>(kind: K) =>
    drawn.filter((one): one is typeof one & { shape: Extract<Shape, { kind: K }> } => one.shape.kind === kind)
  const found = (points: readonly Triple[], [first]: readonly { readonly frameUid: string | undefined }[]): Found => ({
    points: [...new Map(points.map((point) => [point.map((x) => x.toFixed(3)).join(), point])).values()],
    frameUid: first?.frameUid,
    why: '',
  })
  const centres = of('points').filter(({ item }) => conceptCode(item) === CENTER)
  if (centres.length > 0)
    return found(
      centres.flatMap(({ shape }) => shape.points),
      centres,
    )
  const outlines = of('outline')
  const solids = of('solid')
  if (outlines.length + solids.length > 0) {
    const bodies = bodiesOf(outlines.map(({ shape }) => shape.outline))
    if (bodies === undefined) return { points: [], why: 'too many outlines for a nodule' }
    const middles = solids.map(({ shape }) => shape.centreLps)
    return found([...bodies.map(({ centreLps }) => centreLps), ...middles], [...outlines, ...solids])
  }
  const points = of('points')
  if (points.length > 0)
    return found(
      points.flatMap(({ shape }) => shape.points),
      points,
    )
  const lines = of('line').sort((a, b) => b.shape.lengthMm - a.shape.lengthMm)
  if (lines.length > 0) return found([lines[0].shape.centreLps], lines)
  const [missing] = of('none')
  return { points: [], why: missing?.shape.why ?? whyEmpty(content) }
}

const whyEmpty = (content: readonly Dataset[]): string =>
  content.some((one) => items(one, 'ReferencedSOPSequence').some((image) => number(image, 'ReferencedSegmentNumber')))
    ? 'the region is a segment of a segmentation: give that to "cohort from mask"'
    : 'no coordinates'

/** Lengths in mm, by the columns of the manifest. */
function lengths(content: readonly Dataset[], onOdd: (length: number) => void): Record<string, string> {
  const found: Record<string, string> = {}
  for (const one of content) {
    const column = LENGTHS[conceptCode(one) ?? '']
    const [measured] = items(one, 'MeasuredValueSequence')
    const value = measured && number(measured, 'NumericValue')
    const [unit] = measured ? items(measured, 'MeasurementUnitsCodeSequence') : []
    const scale = { mm: 1, cm: 10 }[(unit && text(unit, 'CodeValue')) ?? '']
    if (column === undefined || value === undefined || !Number.isFinite(value) || scale === undefined) continue
    if (value > 0) found[column] = showMm(value * scale)
    else onOdd(value * scale)
  }
  return found
}
