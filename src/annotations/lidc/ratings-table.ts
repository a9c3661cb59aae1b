/** Tables of LIDC-IDRI nodules that others made: aggregated ratings, where they have them every reader's (`5|4|4`). */
import { SpiculaError } from '../../error.ts'
import type { Table, TableRecord } from '../../files/table.ts'
import type { Triple } from '../../scan/scan.ts'
import type { Lesion } from './cohort.ts'
import { type Aggregate, aggregateRatings, CHARACTERISTICS, HIGHEST, type Ratings } from './ratings.ts'

/** Rows of a table as lesions, and the lines of the rows that cannot be read. */
export interface TableLesions {
  readonly lesions: readonly Lesion[]
  readonly problems: readonly { readonly line: number; readonly code: string; readonly message: string }[]
}

/**
 * Reads a table with pid, nodule_id and at least `malignancy`; a characteristic that the table lacks stays unknown.
 * Readers' ratings are aggregated anew, so that one rule holds for all sources; without them the table's are taken.
 * @throws SpiculaError `datasets/columns` where it is not such a table
 * @example const { lesions } = tableLesions(await readTable('slices.csv'), 'median')
 */
export function tableLesions(table: Table, aggregate: Aggregate): TableLesions {
  const missing = ['pid', 'nodule_id', 'malignancy'].filter((column) => !table.columns.includes(column))
  if (missing.length > 0)
    throw new SpiculaError('datasets/columns', `${table.name}: there is no column ${missing.join(', ')}`, {
      hint: 'A table of LIDC-IDRI nodules has pid, nodule_id and the ratings; readings are XML files in a folder.',
    })
  const lesions: Lesion[] = []
  const problems = table.misfits.map((line) => ({
    line,
    code: 'datasets/fields',
    message: 'fields do not fit the header',
  }))
  for (const record of table.records) {
    try {
      lesions.push(lesionOf(record, aggregate))
    } catch (error) {
      if (!(error instanceof SpiculaError)) throw error
      problems.push({ line: record.line, code: error.code, message: error.message })
    }
  }
  return { lesions, problems: problems.sort((a, b) => a.line - b.line) }
}

function lesionOf({ values }: TableRecord, aggregate: Aggregate): Lesion {
  const columns = CHARACTERISTICS.map((name) => ({
    name,
    each: (values[`${name}_readers`] ?? '').split('|').filter(Boolean),
  }))
  const count = Math.max(...columns.map(({ each }) => each.length))
  const complete = count > 0 && columns.every(({ each }) => each.length === count)
  const readers = complete
    ? Array.from(
        { length: count },
        (_, reader) =>
          Object.fromEntries(columns.map(({ name, each }) => [name, rating(name, each[reader])])) as Ratings,
      )
    : []
  const ratings = complete
    ? aggregateRatings(readers, aggregate)
    : (Object.fromEntries(CHARACTERISTICS.map((name) => [name, rating(name, values[name] ?? '')])) as Ratings)
  const coordinate = (text: string | undefined) => (text?.trim() ? Number(text) : Number.NaN)
  const place: Triple = [coordinate(values.coordX), coordinate(values.coordY), coordinate(values.coordZ)]
  const seriesUid = values.series_uid ?? ''
  const diameter = Number(values.diameter_mm)
  return {
    pid: values.pid.trim(),
    noduleId: values.nodule_id.trim(),
    seriesUid,
    imagePath: values.image_path || seriesUid || values.pid,
    readers,
    ratings,
    pointLps: place.every(Number.isFinite) ? place : undefined,
    diameterMm: diameter > 0 ? diameter : undefined,
  }
}

/** A rating within its scale (halves come of medians), or NaN where the table has none. */
function rating(name: keyof Ratings, text: string): number {
  if (text.trim() === '') return Number.NaN
  const value = Number(text)
  if (value >= 1 && value <= HIGHEST[name]) return value
  throw new SpiculaError(
    'datasets/rating',
    `${name} is "${text.slice(0, 20)}", not a rating from 1 to ${HIGHEST[name]}`,
  )
}
