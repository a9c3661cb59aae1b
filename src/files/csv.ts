/**
 * Comma-separated values as RFC 4180 has them, with the line of every record: the line is how a user finds a bad row
 * again, and what `errors.csv` counts in.
 */
import { SpiculaError } from '../error.ts'

/** One record of a table. */
export interface CsvRecord {
  /** Line on which it begins, from 1. */
  readonly line: number
  /** Line on which it ends: another one where a quoted field holds line breaks. */
  readonly lastLine: number
  readonly fields: readonly string[]
  /** Its quoting is broken within its line: text follows a closing quote. */
  readonly malformed: boolean
}

export type Delimiter = ',' | ';' | '\t' | '|'

const delimiters: readonly Delimiter[] = [',', ';', '\t', '|']
const lineBreak = /\r\n|\n|\r/g

/**
 * The delimiter that a header line uses: the one that stands in it most often outside quotes.
 * @example detectDelimiter('pid;nodule_id;image_path') // ';'
 */
export function detectDelimiter(header: string): Delimiter {
  const bare = header.replace(/"[^"]*"/g, '')
  const count = (delimiter: Delimiter): number => bare.split(delimiter).length
  return delimiters.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best))
}

/**
 * Splits a table into records; empty lines are left out but counted.
 * A quote inside an unquoted field is a character like any other (`5" tube`), as in most readers.
 * @param text the table, without byte order mark
 * @param name of the file, for messages
 * @param firstLine number of the text's first line
 * @throws SpiculaError `cohort/quote` where a quote never closes, or closes lines later in the midst of a field: rows
 *   after it may have been swallowed, so none can be trusted
 * @example csvRecords('a,b\n"x, y",2', ',', 'table.csv')[1].fields // ['x, y', '2']
 */
export function csvRecords(text: string, delimiter: Delimiter, name: string, firstLine = 1): CsvRecord[] {
  const records: CsvRecord[] = []
  const separator = delimiter.charCodeAt(0)
  const endOfBare = (from: number): number => {
    for (let at = from; at < text.length; at++) {
      const c = text.charCodeAt(at)
      if (c === separator || c === 10 || c === 13) return at
    }
    return text.length
  }
  let at = 0
  let line = firstLine
  while (at < text.length) {
    const start = line
    const fields: string[] = []
    let malformed = false
    let quoted = false
    for (;;) {
      let value = ''
      if (text[at] === '"') {
        const open = line
        const body = quotedField(text, at)
        if (body === undefined) throw quoteError(name, `a quote that opens on line ${open} never closes`)
        line += text.slice(at, body.end).match(lineBreak)?.length ?? 0
        at = body.end
        value = body.value
        quoted = true
        const rest = text.slice(at, endOfBare(at))
        if (rest.trim() !== '') {
          if (line > open) {
            throw quoteError(name, `a quote that opens on line ${open} closes in the midst of a field on line ${line}`)
          }
          malformed = true
        }
        at += rest.length
      } else {
        const end = endOfBare(at)
        value = text.slice(at, end)
        at = end
      }
      fields.push(value)
      if (text.charCodeAt(at) !== separator) break
      at++
    }
    const isBlank = fields.length === 1 && fields[0] === '' && !quoted
    if (!isBlank) records.push({ line: start, lastLine: line, fields, malformed })
    if (at < text.length) {
      at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1
      line++
    }
  }
  return records
}

/** Content of the quoted field that begins at `from`, doubled quotes undone, and where it ends. */
function quotedField(text: string, from: number): { value: string; end: number } | undefined {
  let value = ''
  let at = from + 1
  for (;;) {
    const close = text.indexOf('"', at)
    if (close < 0) return undefined
    value += text.slice(at, close)
    if (text[close + 1] !== '"') return { value, end: close + 1 }
    value += '"'
    at = close + 2
  }
}

const quoteError = (name: string, what: string): SpiculaError =>
  new SpiculaError('cohort/quote', `${name}: ${what}`, {
    hint: 'Close the quote, or double it ("") where it is part of the text: rows after it cannot be told apart.',
  })

/**
 * Writes records as comma-separated lines ending in "\n", quoting only fields that need it. Values are written as they
 * are, also those that a spreadsheet would take for a formula: identifiers must join with the user's own tables.
 * @example csvText([['pid', 'note'], ['007', 'a "b", c']]) // 'pid,note\n007,"a ""b"", c"\n'
 */
export function csvText(records: Iterable<readonly string[]>): string {
  let text = ''
  for (const fields of records) text += `${fields.map(csvField).join(',')}\n`
  return text
}

const csvField = (value: string): string =>
  /[",;\t\r\n]|^\s|\s$|^\uFEFF/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
