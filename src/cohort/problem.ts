import { SpiculaError } from '../error.ts'

/** What a row of a cohort is called by its table and by the messages about it. */
export interface Identified {
  /** Line of the table on which the row begins, from 1 (the header is line 1). */
  readonly line: number
  readonly pid: string
  readonly noduleId: string
}

/** Why one row could not be used; the other rows go on. */
export interface RowProblem {
  readonly line: number
  /** Identifiers as far as they could be read: for the caller's use, never in `message`. */
  readonly pid?: string | undefined
  readonly noduleId?: string | undefined
  /** Stable code `room/what`. */
  readonly code: string
  /** What happened, free of patient identifiers, so that it may go into a log. */
  readonly message: string
  readonly hint?: string | undefined
}

/**
 * The problem of a row whose work threw: the error's code and text, with the row's identifiers and path taken out.
 * @example
 * try { await crop(row) } catch (error) { problems.push(problemOf(row, error)) }
 */
export function problemOf(row: Identified & { readonly imagePath?: string }, error: unknown): RowProblem {
  const message = error instanceof Error ? error.message : String(error)
  const hint = error instanceof SpiculaError ? error.hint : undefined
  return {
    line: row.line,
    pid: row.pid,
    noduleId: row.noduleId,
    code: error instanceof SpiculaError ? error.code : 'internal/unexpected',
    message: withoutIdentifiers(message, row),
    hint: hint === undefined ? undefined : withoutIdentifiers(hint, row),
  }
}

/**
 * A text without the row's patient: its image path, that file's name and the pid become `<image>` and `<pid>`. A pid
 * of one or two characters stays: it names nobody, and replacing it would garble the numbers in the text.
 * @example withoutIdentifiers('P-0042.nii.gz: cut short', { pid: 'P-0042', imagePath: 'ct/P-0042.nii.gz' })
 * // '<image>: cut short'
 */
export function withoutIdentifiers(text: string, row: { readonly pid: string; readonly imagePath?: string }): string {
  let clean = text
  if (row.imagePath) {
    const folders = row.imagePath.split(/[/\\]/)
    // The whole path first, for a folder above the file often bears the patient's name too; then the file's name alone.
    for (const part of [row.imagePath, folders.at(-1) ?? '']) {
      if (part.length > 2) clean = clean.replaceAll(part, '<image>')
    }
  }
  if (row.pid.length < 3) return clean
  const literal = row.pid.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
  return clean.replace(new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'gu'), '<pid>')
}
