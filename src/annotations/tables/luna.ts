/** LUNA16's annotations and LUNA25's table and documents. */

import * as z from 'zod'
import { parseLuna25 } from '../../cohort/luna25.ts'
import type { RowProblem } from '../../cohort/problem.ts'
import { SpiculaError } from '../../error.ts'
import { parseJson } from '../../files/json.ts'
import type { Table } from '../../files/table.ts'
import {
  type Converted,
  type ConvertedRow,
  columnLike,
  columnsOf,
  decimal,
  imageOf,
  labelOf,
  misfitProblems,
  pointOf,
  repeatNote,
  restOf,
  sizeFault,
  withoutRepeats,
} from './converted.ts'

type Lined = ConvertedRow & { readonly line: number }

/**
 * LUNA16 `annotations.csv`: seriesuid, coordX, coordY, coordZ (LPS mm), diameter_mm. It has no diagnosis, and no
 * numbers of nodules: they are counted within a series, in the table's order.
 * @param images pattern of the scans' paths: `{series}`
 * @throws SpiculaError `datasets/columns`; `datasets/candidates` for the table of candidates, whose class is not a
 *   diagnosis; `datasets/excluded` for annotations_excluded.csv, whose findings are not reference nodules
 */
export function luna16Cohort(table: Table, { images = '{series}.mhd' }: { images?: string } = {}): Converted {
  if (columnLike(table, 'class') !== undefined && columnLike(table, 'diameter_mm') === undefined) {
    throw new SpiculaError('datasets/candidates', `${table.name}: this is the table of candidates`, {
      hint: 'Its class says nodule or not, nothing of cancer. Give annotations.csv.',
    })
  }
  const c = columnsOf(table, ['seriesuid', 'coordX', 'coordY', 'coordZ', 'diameter_mm'])
  const without = table.records.filter(({ values }) => decimal(values[c.diameter_mm]) === -1).length
  if (without > 0 || /excluded/i.test(table.name)) {
    throw new SpiculaError('datasets/excluded', `${table.name}: this is the table of excluded findings`, {
      hint: `They are not reference nodules (${without} of ${table.records.length} have a diameter of -1). Give annotations.csv.`,
    })
  }
  const problems: RowProblem[] = misfitProblems(table)
  const counted = new Map<string, number>()
  const seen = new Set<string>()
  let repeated = 0
  const rows = table.records.flatMap(({ line, values }): ConvertedRow[] => {
    const series = values[c.seriesuid].trim()
    const point = pointOf(values, [c.coordX, c.coordY, c.coordZ])
    const size = sizeFault(values, [c.diameter_mm])
    if (typeof point === 'string' || series === '' || size !== undefined) {
      const message = typeof point === 'string' ? point : (size ?? 'seriesuid is empty')
      problems.push({ line, code: 'datasets/row', message })
      return []
    }
    const text = JSON.stringify([series, point, values[c.diameter_mm]])
    if (seen.has(text)) {
      repeated++
      return []
    }
    seen.add(text)
    const n = (counted.get(series) ?? 0) + 1
    counted.set(series, n)
    const imagePath = imageOf(images, { series, pid: series })
    return [
      {
        pid: series,
        noduleId: String(n),
        imagePath,
        pointLps: point,
        malignant: null,
        extra: { diameter_mm: values[c.diameter_mm].trim() },
      },
    ]
  })
  const notes = [
    ...repeatNote(repeated),
    {
      code: 'datasets/luna16-series',
      message: 'pid is the series: patients with two scans are two here; split by patient with the LIDC tables',
    },
    { code: 'datasets/no-label', message: 'LUNA16 has no diagnosis: malignant is empty' },
  ]
  return { rows, notes, problems }
}

/**
 * LUNA25's table: PatientID, SeriesInstanceUID, StudyDate, CoordX, CoordY, CoordZ, LesionID, AnnotationID, NoduleID,
 * label, Age_at_StudyDate, Gender. One lesion stands once a study: AnnotationID is the row's own name.
 * @param images pattern of the scans' paths: `{series}`, `{pid}`
 * @throws SpiculaError `datasets/columns`
 */
export function luna25Cohort(table: Table, { images = '{series}.mha' }: { images?: string } = {}): Converted {
  const c = columnsOf(table, ['PatientID', 'SeriesInstanceUID', 'CoordX', 'CoordY', 'CoordZ', 'AnnotationID', 'label'])
  const age = columnLike(table, 'Age_at_StudyDate')
  const sex = columnLike(table, 'Gender')
  const used = [...Object.values(c), age, sex].filter((column) => column !== undefined)
  const problems: RowProblem[] = misfitProblems(table)
  const read = table.records.flatMap((record): Lined[] => {
    const { line, values } = record
    const point = pointOf(values, [c.CoordX, c.CoordY, c.CoordZ])
    const malignant = labelOf(values[c.label])
    const faults = [
      ...(typeof point === 'string' ? [point] : []),
      ...(malignant === undefined ? ['label is neither 0 nor 1'] : []),
      ...(values[c.PatientID].trim() === '' || values[c.AnnotationID].trim() === ''
        ? ['PatientID or AnnotationID is empty']
        : []),
    ]
    if (faults.length > 0 || typeof point === 'string' || malignant === undefined) {
      problems.push({ line, code: 'datasets/row', message: faults.join('; ') })
      return []
    }
    const pid = whole(values[c.PatientID])
    const series = values[c.SeriesInstanceUID].trim()
    const extra = {
      ...restOf(record, used),
      age: values[age ?? ''] ?? '',
      sex: values[sex ?? ''] ?? '',
      series_uid: series,
    }
    return [
      {
        line,
        pid,
        noduleId: whole(values[c.AnnotationID]),
        imagePath: imageOf(images, { series, pid }),
        pointLps: point,
        malignant,
        extra,
      },
    ]
  })
  const { rows, repeated, problems: twice } = withoutRepeats(read)
  const studies = new Set(rows.map(({ pid, extra }) => `${pid}/${extra.series_uid}`)).size
  const patients = new Set(rows.map(({ pid }) => pid)).size
  const notes = [
    ...repeatNote(repeated),
    ...(studies > patients
      ? [
          {
            code: 'datasets/luna25-studies',
            message: `${patients} patients in ${studies} scans: a lesion may stand in several; nodule_id is the AnnotationID`,
          },
        ]
      : []),
  ]
  return { rows, notes, problems: [...problems, ...twice] }
}

/** pandas writes whole numbers of a column with gaps as 123.0. */
const whole = (text: string): string => text.trim().replace(/^(\d+)\.0$/, '$1')

const clinical = z.looseObject({ gender: z.string().nullish(), age: z.union([z.number(), z.string()]).nullish() })

/**
 * LUNA25's challenge input: `nodule-locations.json` of one scan, and `clinical-information.json`.
 * @param pid of the patient, which the documents do not name
 * @throws SpiculaError `cohort/luna25`
 */
export function luna25PointsCohort(
  text: string,
  { name, pid, image, clinicalText }: { name: string; pid: string; image: string; clinicalText?: string | undefined },
): Converted {
  const { points } = parseLuna25(text, name)
  const said = clinicalText === undefined ? undefined : clinicalOf(clinicalText)
  const names = points.map((one, i) => one.name.trim() || String(i + 1))
  const twice = names.some((one, i) => names.indexOf(one) !== i)
  const rows = points.map(({ pointLps }, i) => ({
    pid,
    // Names that repeat name nothing: the place in the document does.
    noduleId: twice ? String(i + 1) : names[i],
    imagePath: image,
    pointLps,
    malignant: null,
    extra: { age: said?.age == null ? '' : String(said.age), sex: said?.gender ?? '' },
  }))
  const notes = twice
    ? [{ code: 'datasets/luna25-names', message: 'names of points repeat: nodule_id is their place in the document' }]
    : []
  return { rows, notes, problems: [] }
}

const clinicalOf = (text: string) =>
  parseJson(text, clinical, { name: 'the clinical information', code: 'cohort/luna25' })
