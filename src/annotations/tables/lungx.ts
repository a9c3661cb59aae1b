/** SPIE-AAPM LUNGx: two workbooks with pixel positions, and a table of world points made from them later. */
import { SpiculaError } from '../../error.ts'
import type { Table } from '../../files/table.ts'
import type { Sheet } from '../../files/workbook.ts'
import type { Note, Triple } from '../../scan/scan.ts'
import { type Converted, type ConvertedRow, columnsOf, decimal, imageOf, misfitProblems, pointOf } from './converted.ts'

/** A nodule of a workbook. */
export interface WorkbookNodule {
  readonly scan: string
  readonly nodule: string
  /** x (column), y (row), and number of the image, as written: the workbooks count pixels from 1. */
  readonly pixel: Triple
  readonly diagnosis: string
}

/**
 * Reads a sheet. Titles are told by their words; rows without a position are footnotes or blanks; x and y may stand in
 * one cell ("135, 303") as in some copies; spaces at the ends of texts count for nothing.
 * @returns null where the sheet has no table of nodules
 */
export function workbookNodules(sheet: Sheet): WorkbookNodule[] | null {
  const top = sheet.findIndex((row) => row.some((cell) => /scan number/i.test(cell)))
  if (top < 0) return null
  const find = (pattern: RegExp): number => sheet[top].findIndex((cell) => pattern.test(cell))
  const at = {
    scan: find(/scan number/i),
    nodule: find(/nodule number/i),
    x: find(/center.*x/i),
    y: find(/center.*y.*pos/i),
    image: find(/center image/i),
    diagnosis: find(/diagnosis/i),
  }
  return sheet.slice(top + 1).flatMap((row) => {
    const cell = (column: number): string => (column < 0 ? '' : (row[column] ?? '').trim())
    const both = /^(\d+(?:\.\d+)?)\s*,\s*(\d+(?:\.\d+)?)$/.exec(cell(at.x))
    const [x, y] = both ? [Number(both[1]), Number(both[2])] : [decimal(cell(at.x)), decimal(cell(at.y))]
    const image = decimal(cell(at.image))
    if (cell(at.scan) === '' || ![x, y, image].every(Number.isFinite)) return []
    return [
      {
        scan: cell(at.scan),
        nodule: number(cell(at.nodule) || '1'),
        pixel: [x, y, image],
        diagnosis: cell(at.diagnosis),
      },
    ]
  })
}

/** "1.0" is "1". */
const number = (text: string): string => (Number.isInteger(Number(text)) ? String(Number(text)) : text)

/** Scans are one whatever their case: the table writes `lc001` where the workbook has `LC001`. */
const keyOf = (scan: string, nodule: string): string => `${scan.trim().toUpperCase()}/${number(nodule.trim())}`

/** 1 cancer, 0 none. "Suspicious malignant nodule" counts as the challenge counted it: 36 malignant of 73. */
function labelOf(diagnosis: string): 0 | 1 | null {
  if (/benign/i.test(diagnosis)) return 0
  return /malignant|cancer/i.test(diagnosis) ? 1 : null
}

/**
 * Joins the nodules of the workbooks with the table of world points.
 * @param table `Scan Number, Nodule Number, Final Diagnosis, DICOM x, DICOM y, DICOM Slice, World x (mm), ...`; without
 *   it nodules have no place in millimetres
 * @param images pattern of the scans' paths, `{pid}` for the scan
 * @throws SpiculaError `datasets/columns`, `datasets/empty`
 */
export function lungxCohort(
  workbooks: readonly WorkbookNodule[],
  table: Table | undefined,
  { images = '{pid}' }: { images?: string } = {},
): Converted {
  const inBooks = new Map(workbooks.map((one) => [keyOf(one.scan, one.nodule), one]))
  const spelling = new Map(workbooks.map(({ scan }) => [scan.toUpperCase(), scan]))
  const rows: ConvertedRow[] = []
  const differing: string[] = []
  const diagnoses: string[] = []
  const seen = new Set<string>()
  if (table !== undefined) {
    const c = columnsOf(table, [
      'Scan Number',
      'Nodule Number',
      'Final Diagnosis',
      'DICOM x',
      'DICOM y',
      'DICOM Slice',
      'World x (mm)',
      'World y (mm)',
      'World z (mm)',
    ])
    for (const { values } of table.records) {
      const scan = values[c['Scan Number']].trim()
      const key = keyOf(scan, values[c['Nodule Number']])
      const point = pointOf(values, [c['World x (mm)'], c['World y (mm)'], c['World z (mm)']])
      const pixel = [c['DICOM x'], c['DICOM y'], c['DICOM Slice']].map((column) => decimal(values[column]))
      const book = inBooks.get(key)
      const diagnosis = values[c['Final Diagnosis']].trim()
      const differs = book?.pixel.some((value, i) => value !== pixel[i]) ?? false
      const pid = spelling.get(scan.toUpperCase()) ?? scan
      if (book !== undefined && differs)
        differing.push(`${pid} (workbook ${book.pixel.join(', ')}; table ${pixel.join(', ')})`)
      if (book !== undefined && labelOf(book.diagnosis) !== labelOf(diagnosis)) diagnoses.push(pid)
      seen.add(key)
      rows.push(
        rowOf(
          { scan: pid, nodule: number(values[c['Nodule Number']].trim()), pixel: toTriple(pixel), diagnosis },
          {
            images,
            point: typeof point === 'string' ? null : point,
            extra: { in_workbook: book === undefined ? '0' : '1', pixels_differ: differs ? '1' : '0' },
          },
        ),
      )
    }
  }
  const only = workbooks.filter((one) => !seen.has(keyOf(one.scan, one.nodule)))
  rows.push(...only.map((one) => rowOf(one, { images, point: null, extra: { in_workbook: '1', pixels_differ: '0' } })))
  if (rows.length === 0)
    throw new SpiculaError('datasets/empty', 'no nodule in the workbooks, and no table of world points')
  return {
    rows,
    notes: notesOn(rows, { workbooks, table, only, differing, diagnoses }),
    problems: table === undefined ? [] : misfitProblems(table),
  }
}

const toTriple = ([x, y, z]: readonly number[]): Triple => [x, y, z]

const rowOf = (
  { scan, nodule, pixel, diagnosis }: WorkbookNodule,
  { images, point, extra }: { images: string; point: Triple | null; extra: Record<string, string> },
): ConvertedRow => ({
  pid: scan,
  noduleId: nodule,
  imagePath: imageOf(images, { pid: scan }),
  pointLps: point,
  malignant: labelOf(diagnosis),
  extra: {
    diagnosis,
    set: /training/i.test(scan) ? 'calibration' : 'test',
    pixel_x: String(pixel[0]),
    pixel_y: String(pixel[1]),
    image_number: String(pixel[2]),
    ...extra,
  },
})

function notesOn(
  rows: readonly ConvertedRow[],
  found: {
    workbooks: readonly WorkbookNodule[]
    table: Table | undefined
    only: readonly WorkbookNodule[]
    differing: readonly string[]
    diagnoses: readonly string[]
  },
): Note[] {
  const notes: Note[] = []
  const note = (code: string, message: string) => notes.push({ code: `datasets/${code}`, message })
  const { workbooks, table, only, differing, diagnoses } = found
  if (table === undefined)
    note('no-points', 'no table of world points: pixel positions alone, coordX to coordZ are empty')
  else {
    const extra = rows.length - workbooks.length
    if (extra > 0)
      note(
        'lungx-more',
        `${workbooks.length} nodules in the workbooks; ${extra} more stand in the table of world points only`,
      )
    note(
      'lungx-pixels',
      'the workbooks count pixels from 1; whether the world points took that into account is not known: they may lie one pixel off',
    )
  }
  if (only.length > 0 && table !== undefined) {
    note(
      'lungx-no-point',
      `${only.length} nodules of the workbooks have no world point: ${only.map(({ scan }) => scan).join(', ')}`,
    )
  }
  if (differing.length > 0) {
    note(
      'lungx-differ',
      `pixel positions of ${differing.length} nodules differ between workbook and table, whose world point is kept: ${differing.join('; ')}`,
    )
  }
  if (diagnoses.length > 0)
    note('lungx-diagnosis', `diagnoses differ between workbook and table: ${diagnoses.join(', ')}`)
  const suspicious = rows.filter(({ extra }) => /suspicious/i.test(extra.diagnosis)).length
  if (suspicious > 0) {
    note(
      'lungx-suspicious',
      `${suspicious} nodules are "suspicious malignant", not proven: labelled 1, as the challenge counted them`,
    )
  }
  return notes
}
