/** Time to diagnosis, or to the end of follow-up, as tables code it. */
import { lineList } from '../cohort/duplicates.ts'
import { SpiculaError } from '../error.ts'
import { isMissing } from '../files/records.ts'
import { editDistance, letters } from '../nearest.ts'
import type { Cohort } from './joined-cohort.ts'

export interface FollowUp {
  /** Places in `cohort.followed` of rows whose time and event are known. */
  readonly rows: readonly number[]
  /** In the table's unit. */
  readonly times: readonly number[]
  /** 1 diagnosed at that time, 0 followed so long without a diagnosis. */
  readonly events: readonly (0 | 1)[]
  readonly notes: readonly string[]
}

/**
 * Reads times and events. Rows without a label take part, too: a patient followed for less than a year is censored, not
 * lost. Codings of events: 0 and 1; 1 and 2, where the larger is the event, as in R's Surv(); TRUE and FALSE; yes and
 * no; event and censored. Rows where either is not known, or the time is
 * no number from 0 on, are left out with a note; a value that is not an event refuses the column.
 * @param event column; the label where it is not given
 * @throws SpiculaError `evaluation/columns` for a column that the cohort lacks, `evaluation/event` for values that are
 *   no coding of an event
 * @example followUpOf(cohort, 'days', 'cancer').events
 */
export function followUpOf({ followed }: Cohort, time: string, event?: string): FollowUp {
  const columns = Object.keys(followed.rows[0]?.values ?? {})
  for (const column of [time, ...(event === undefined ? [] : [event])]) {
    if (columns.includes(column)) continue
    const near = columns.find((one) => editDistance(letters(one), letters(column)) <= 2)
    throw new SpiculaError('evaluation/columns', `the cohort has no column ${column}`, {
      hint: `${near === undefined ? '' : `Is "${near}" meant? `}Its columns are ${columns.slice(0, 15).join(', ')}.`,
    })
  }
  const texts = followed.rows.map(({ values, malignant }) =>
    event === undefined ? String(malignant ?? '') : plain(values[event] ?? ''),
  )
  const coding = codingOf(new Set(texts.filter((text) => !isMissing(text))), event ?? 'malignant')
  const rows: number[] = []
  const times: number[] = []
  const events: (0 | 1)[] = []
  const wrong: number[] = []
  let unknown = 0
  for (const [row, { values, line }] of followed.rows.entries()) {
    const text = (values[time] ?? '').trim()
    const told = coding.get(texts[row])
    if (isMissing(text) || told === undefined) {
      unknown++
      continue
    }
    const value = /^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
    if (!Number.isFinite(value)) {
      wrong.push(line)
      continue
    }
    rows.push(row)
    times.push(value)
    events.push(told)
  }
  const left = `${unknown} of ${followed.rows.length} rows without a known time and event are left out of the C-index`
  const odd = `${time} is not a number from 0 on: ${lineList(wrong)}, left out of the C-index`
  return { rows, times, events, notes: [...(unknown > 0 ? [left] : []), ...(wrong.length > 0 ? [odd] : [])] }
}

/** "1.0" is 1: pandas writes whole numbers so in columns with gaps. */
const plain = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/^(\d+)\.0+$/, '$1')

/** Pairs of words; the first is the event. */
const CODINGS: readonly (readonly [string, string])[] = [
  ['1', '0'],
  ['2', '1'],
  ['true', 'false'],
  ['t', 'f'],
  ['yes', 'no'],
  ['y', 'n'],
  ['event', 'censored'],
  ['cancer', 'no cancer'],
]

function codingOf(values: ReadonlySet<string>, column: string): ReadonlyMap<string, 0 | 1> {
  const pair = CODINGS.find((words) => [...values].every((value) => words.includes(value)))
  if (pair !== undefined)
    return new Map([
      [pair[0], 1],
      [pair[1], 0],
    ])
  const shown = [...values].filter((text) => text.length < 12).slice(0, 5)
  throw new SpiculaError(
    'evaluation/event',
    `${column} holds ${shown.map((text) => `"${text}"`).join(', ')}: no event`,
    {
      hint: 'Events are 0 and 1, 1 and 2 (2 the event), TRUE and FALSE, yes and no, or event and censored.',
    },
  )
}
