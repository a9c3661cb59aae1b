/**
 * 3D Slicer's markups: `.mrk.json` (markups-schema 1.0) and the older `.fcsv`. Each says in which world its numbers are;
 * Slicer shows RAS whatever it stores.
 */
import * as z from 'zod'
import { type WorldFrame, worldPointLps } from '../../cohort/frame.ts'
import { SpiculaError } from '../../error.ts'
import { csvRecords } from '../../files/csv.ts'
import type { Table } from '../../files/table.ts'
import type { Note, Triple } from '../../scan/scan.ts'
import { bodiesOf } from './bodies.ts'
import { type FoundPlaces, type NodulePlace, namesInWords, showMm } from './place.ts'
import { distance, middleOfLine } from './polygon.ts'

export interface MarkupsOptions {
  /** For files that do not say in which world their numbers are; none may say otherwise. */
  readonly frame?: WorldFrame | undefined
}

/** One list or measurement of a file, whatever the file's form. */
interface Markup {
  readonly type: string
  /** As written; undefined where the file does not say. */
  readonly coordinateSystem: string | undefined
  readonly points: readonly ControlPoint[]
  readonly center?: readonly number[] | undefined
  readonly size?: readonly number[] | undefined
}

interface ControlPoint {
  readonly label: string
  readonly description: string
  /** undefined where the point was never placed. */
  readonly position: readonly number[] | undefined
  /** Hidden or not selected in Slicer. */
  readonly isAside: boolean
}

/**
 * The places of a file of markups in LPS mm: each placed point of its point lists, the middle of its lines, the centre of
 * what its closed curves enclose, the centre of its boxes (ROI).
 * @param name of the file, for messages
 * @throws SpiculaError `datasets/markups` for what is no such file, `datasets/markups-frame` where nothing tells the world
 *   of its numbers, or `frame` contradicts it
 * @example placesOfMarkups(await readFile('F.mrk.json', 'utf8'), 'F.mrk.json').places[0].pointLps
 */
export function placesOfMarkups(text: string, name: string, { frame }: MarkupsOptions = {}): FoundPlaces {
  const body = text.replace(/^\uFEFF/, '').trimStart()
  const markups = body.startsWith('{') ? jsonMarkups(body, name) : [fcsvMarkup(body, name)]
  const notes: Note[] = []
  const note = (kind: string, message: string) =>
    notes.push({ code: `datasets/${kind}`, message: `${name}: ${message}` })
  const found: Found[] = []
  const others: string[] = []
  const counts = { unplaced: 0, aside: 0, odd: 0 }
  for (const [list, markup] of markups.entries()) {
    const places = placesOf(markup, counts)
    if (places === undefined) {
      others.push(markup.type)
      continue
    }
    const world = frameOf(markup, name, frame)
    if (world.assumed) note('markups-frame', ASSUMED)
    for (const [n, place] of places.entries()) {
      const pointLps = worldPointLps(place.point, world.frame)
      found.push({ ...place, point: pointLps, number: markups.length > 1 ? `${list + 1}.${n + 1}` : String(n + 1) })
    }
  }
  if (others.length > 0) note('markups-other', `left out, for they mark no nodule: ${namesInWords(others)}`)
  notes.push(...unplacedNote(counts.unplaced, name))
  if (counts.odd > 0) note('markups-odd', `${counts.odd} points or boxes with numbers that are none, left out`)
  if (counts.aside > 0)
    note('markups-hidden', `${counts.aside} points are hidden or not selected in Slicer: taken all the same`)
  return { places: named(found), notes }
}

const ASSUMED = 'it does not say its coordinate system: RAS, as such old files are'
const unplacedNote = (count: number, name: string): Note[] =>
  count === 0
    ? []
    : [{ code: 'datasets/markups-unplaced', message: `${name}: ${count} points that were never placed, left out` }]

/** A place as found, in the file's world. */
interface Placed {
  readonly point: Triple
  readonly label: string
  readonly values: Readonly<Record<string, string>>
}
type Found = Placed & { readonly number: string }

/** Points by their labels, where those tell them apart; else by their numbers. */
function named(found: readonly Found[]): NodulePlace[] {
  const times = (label: string): number => found.filter((one) => one.label === label).length
  return found.map(({ point, label, number, values }) => ({
    noduleId: label !== '' && times(label) === 1 ? label : number,
    pointLps: point,
    values,
  }))
}

/** What one markup marks; undefined for planes, angles, open curves and whatever else is no nodule. */
function placesOf(
  { type, points, center, size }: Markup,
  counts: { unplaced: number; aside: number; odd: number },
): Placed[] | undefined {
  const kind = type.toLowerCase()
  if (kind === 'roi') {
    const point = center === undefined ? undefined : triple(center)
    if (point === undefined || !size?.every((mm) => mm > 0 && Number.isFinite(mm))) {
      counts.odd++
      return []
    }
    const values = { ...findingOf(points[0]), box_longest_mm: showMm(Math.max(...size)) }
    return [{ point, label: points[0]?.label ?? '', values }]
  }
  if (!['fiducial', 'pointlist', 'line', 'closedcurve'].includes(kind)) return undefined
  const placed = points.flatMap((one) => {
    if (one.position === undefined) {
      counts.unplaced++
      return []
    }
    const point = triple(one.position)
    if (point === undefined) counts.odd++
    else if (one.isAside) counts.aside++
    return point === undefined ? [] : [{ ...one, point }]
  })
  const line = placed.map(({ point }) => point)
  if (kind === 'line') {
    if (line.length !== 2) return []
    const values = { ...findingOf(placed[0]), 'longest_axial_diameter_(mm)': showMm(distance(line[0], line[1])) }
    return [{ point: middleOfLine(line), label: placed[0].label, values }]
  }
  if (kind === 'closedcurve') {
    const [body] = line.length > 2 ? (bodiesOf([line]) ?? []) : []
    if (body === undefined) return []
    const values = { ...findingOf(placed[0]), 'longest_axial_diameter_(mm)': showMm(body.longestMm) }
    return [{ point: body.centreLps, label: placed[0].label, values }]
  }
  return placed.map((one) => ({ point: one.point, label: one.label, values: findingOf(one) }))
}

const findingOf = (point: ControlPoint | undefined): Record<string, string> =>
  point === undefined || point.description === '' ? {} : { finding: point.description }

function triple(numbers: readonly number[]): Triple | undefined {
  const [x, y, z] = numbers
  return numbers.length === 3 && numbers.every(Number.isFinite) ? [x, y, z] : undefined
}

/** The world of a markup's numbers: its own word; for old `.fcsv` without one RAS, as Slicer reads them. */
function frameOf(
  { coordinateSystem }: Pick<Markup, 'coordinateSystem'>,
  name: string,
  asked: WorldFrame | undefined,
): { frame: WorldFrame; assumed: boolean } {
  const refuse = (what: string, hint: string): never => {
    throw new SpiculaError('datasets/markups-frame', `${name}: ${what}`, { hint })
  }
  if (coordinateSystem === undefined) {
    return asked !== undefined
      ? { frame: asked, assumed: false }
      : refuse(
          'nothing in it says whether its numbers are LPS or RAS',
          'Say it with --frame lps or --frame ras: of the wrong one left and right, front and back are changed.',
        )
  }
  if (coordinateSystem === OLD_FCSV) return { frame: asked ?? 'ras', assumed: asked === undefined }
  // Files of Slicer before 4.11 have numbers: vtkMRMLStorageNode's RAS 0, LPS 1.
  const told = { lps: 'lps', ras: 'ras', 0: 'ras', 1: 'lps' }[coordinateSystem.toLowerCase()] as WorldFrame | undefined
  if (told === undefined)
    return refuse(`its coordinate system is ${coordinateSystem.slice(0, 20)}`, 'Save it in LPS or RAS.')
  if (asked !== undefined && asked !== told)
    refuse(`it says that its numbers are ${told.toUpperCase()}`, `--frame is for files that do not say.`)
  return { frame: told, assumed: false }
}

/** Stands for what a file of Slicer's before it had the field would have said. */
const OLD_FCSV = 'old'

const controlPoint = z.looseObject({
  label: z.string().nullish(),
  description: z.string().nullish(),
  position: z.array(z.number().nullable()).nullish(),
  positionStatus: z.string().nullish(),
  visibility: z.boolean().nullish(),
  selected: z.boolean().nullish(),
})
const document = z.looseObject({
  markups: z.array(
    z.looseObject({
      type: z.string(),
      coordinateSystem: z.string().nullish(),
      coordinateUnits: z.union([z.string(), z.array(z.string())]).nullish(),
      controlPoints: z.array(controlPoint).nullish(),
      center: z.array(z.number()).nullish(),
      size: z.array(z.number()).nullish(),
    }),
  ),
})

function jsonMarkups(text: string, name: string): Markup[] {
  const fail = (what: string, cause?: unknown) =>
    new SpiculaError('datasets/markups', `${name}: ${what}`, {
      cause,
      hint: 'A file of markups of 3D Slicer has "markups", each with type, coordinateSystem and controlPoints.',
    })
  let source: unknown
  try {
    source = JSON.parse(text)
  } catch (cause) {
    throw fail('not JSON', cause)
  }
  const { data, error } = document.safeParse(source)
  if (data === undefined) {
    const [issue] = error?.issues ?? []
    throw fail(`no markups of 3D Slicer (${issue?.path.join('.')}: ${issue?.message})`)
  }
  return data.markups.map((markup) => {
    const units = [markup.coordinateUnits ?? 'mm'].flat()
    if (!units.includes('mm')) throw fail(`its units are ${units.join(', ').slice(0, 40)}, not mm`)
    return {
      type: markup.type,
      coordinateSystem: markup.coordinateSystem ?? undefined,
      center: markup.center ?? undefined,
      size: markup.size ?? undefined,
      points: (markup.controlPoints ?? []).map((point) => ({
        label: (point.label ?? '').trim(),
        description: (point.description ?? '').trim(),
        position:
          point.position != null && (point.positionStatus ?? 'defined') === 'defined'
            ? point.position.map((x) => x ?? Number.NaN)
            : undefined,
        isAside: point.visibility === false || point.selected === false,
      })),
    }
  })
}

/** Columns of `.fcsv` whose header does not list them: of Slicer 4, and of Slicer 3, which had six. */
const COLUMNS = 'id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID'.split(',')
const COLUMNS_OF_3 = 'label,x,y,z,sel,vis'.split(',')
/** Behind the last column newer versions write the point's status: 2 is "defined" (vtkMRMLMarkupsNode). */
const DEFINED = 2

interface Fcsv {
  readonly columns: readonly string[]
  readonly points: readonly { readonly line: number; readonly fields: readonly string[]; readonly isPlaced: boolean }[]
  readonly coordinateSystem: string | undefined
}

function parseFcsv(text: string, name: string): Fcsv {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  const header = lines.filter((line) => line.startsWith('#'))
  const field = (key: RegExp): string | undefined =>
    header.map((line) => key.exec(line)?.[1]?.trim()).find((value) => value !== undefined && value !== '')
  // Comments keep their lines, so that a point's line is that of the file.
  const records = csvRecords(lines.map((line) => (line.startsWith('#') ? '' : line)).join('\n'), ',', name)
  const told = field(/^#\s*columns\s*=(.*)$/i)
  const width = records[0]?.fields.length ?? 0
  const columns =
    told?.split(',').map((column) => column.trim()) ??
    (width >= COLUMNS.length - 1 ? COLUMNS : width === COLUMNS_OF_3.length ? COLUMNS_OF_3 : [])
  if (!['x', 'y', 'z'].every((column) => columns.includes(column))) {
    throw new SpiculaError('datasets/markups', `${name}: no markups of 3D Slicer: no columns x, y, z`, {
      hint: 'An .fcsv begins with "# Markups fiducial file version", "# CoordinateSystem" and "# columns".',
    })
  }
  const points = records.map(({ line, fields }) => {
    const status = columns.length === COLUMNS.length ? (fields[columns.length] ?? '').trim() : ''
    return { line, fields, isPlaced: status === '' || Number(status) === DEFINED }
  })
  const isSlicers = header.some((line) => /fiducial|columns\s*=/i.test(line))
  const coordinateSystem = field(/^#\s*CoordinateSystem\s*=(.*)$/i) ?? (isSlicers ? OLD_FCSV : undefined)
  return { columns, points, coordinateSystem }
}

/**
 * The placed points of an `.fcsv` file as a table with the columns of its header, for whoever maps them himself.
 * @throws SpiculaError as {@link placesOfMarkups}
 * @example fcsvTable(await readFile('F.fcsv', 'utf8'), 'F.fcsv').frame // 'lps'
 */
export function fcsvTable(text: string, name: string, asked?: WorldFrame): { table: Table; frame: WorldFrame } {
  const { columns, points, coordinateSystem } = parseFcsv(text, name)
  const records = points
    .filter(({ isPlaced }) => isPlaced)
    .map(({ line, fields }) => ({
      line,
      values: Object.fromEntries(columns.map((column, n) => [column, fields[n] ?? ''])),
    }))
  const { frame, assumed } = frameOf({ coordinateSystem }, name, asked)
  const notes = [
    ...(assumed ? [{ code: 'datasets/markups-frame', message: `${name}: ${ASSUMED}` }] : []),
    ...unplacedNote(points.length - records.length, name),
  ]
  return { table: { name, columns, records, misfits: [], notes }, frame }
}

function fcsvMarkup(text: string, name: string): Markup {
  const { columns, points, coordinateSystem } = parseFcsv(text, name)
  const controlPoints = points.map(({ fields, isPlaced }): ControlPoint => {
    const field = (column: string): string => (fields[columns.indexOf(column)] ?? '').trim()
    const numbers = ['x', 'y', 'z'].map((axis) => (field(axis) === '' ? Number.NaN : Number(field(axis))))
    return {
      label: field('label'),
      description: field('desc'),
      position: isPlaced ? numbers : undefined,
      isAside: field('vis') === '0' || field('sel') === '0',
    }
  })
  return { type: 'Fiducial', coordinateSystem, points: controlPoints }
}
