import type { RowProblem } from './problem.ts'
import type { CohortRow, ReadRow } from './row.ts'

/**
 * Sorts out rows that share their identifiers. All of them are problems, the first too, for nobody could tell whose
 * result is whose; rows that are alike to the letter say the same thing twice, and the first of them counts.
 * A row with faults of its own counts as sharing: what it was meant to say is not known.
 * @param read every row of the manifest, in order
 * @returns the rows to use, the lines left out as repetitions, and a problem for every ambiguous row
 */
export function withoutDuplicates(read: readonly ReadRow[]): {
  rows: CohortRow[]
  repeated: number[]
  duplicates: RowProblem[]
} {
  const groups = new Map<string, ReadRow[]>()
  for (const one of read) {
    const group = groups.get(identity(one))
    if (group) group.push(one)
    else groups.set(identity(one), [one])
  }
  const rows: CohortRow[] = []
  const repeated: number[] = []
  const duplicates: RowProblem[] = []
  for (const one of read) {
    if (one.row === undefined) continue
    const { line, pid, noduleId } = one
    const group = groups.get(identity(one)) ?? [one]
    if (group.every((other) => alike(one, other))) {
      if (group[0] === one) rows.push(one.row)
      else repeated.push(line)
      continue
    }
    const others = group.filter((other) => other !== one).map((other) => other.line)
    duplicates.push({
      line,
      pid,
      noduleId,
      code: 'cohort/duplicate',
      message: `pid and nodule_id are also those of ${lineList(others)}, which differ${others.length === 1 ? 's' : ''}`,
      hint: 'Give every nodule of a patient a nodule_id of its own.',
    })
  }
  return { rows, repeated, duplicates }
}

const identity = ({ pid, noduleId }: ReadRow): string => JSON.stringify([pid, noduleId])

const alike = (a: ReadRow, b: ReadRow): boolean =>
  a === b || (a.row !== undefined && b.row !== undefined && sameValues(a.row.values, b.row.values))

const sameValues = (a: CohortRow['values'], b: CohortRow['values']): boolean =>
  Object.keys(a).every((column) => a[column] === b[column])

/**
 * Lines for a message, the first few by number.
 * @example lineList([3, 4]) // 'lines 3, 4'
 */
export function lineList(lines: readonly number[]): string {
  const shown = lines.slice(0, 5).join(', ')
  const more = lines.length > 5 ? ` and ${lines.length - 5} more` : ''
  return `${lines.length === 1 ? 'line' : 'lines'} ${shown}${more}`
}
