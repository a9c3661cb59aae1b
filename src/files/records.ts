/**
 * Tables as records of fields, whatever file they came in: the one reader of every command. Text in the encodings that
 * spreadsheets save, comma, semicolon, tab or bar between fields, Excel's `sep=` line, or the one filled sheet of a
 * workbook.
 */
import { type Note, SpiculaError } from '../error.ts'
import { type CsvRecord, csvRecords, type Delimiter, detectDelimiter } from './csv.ts'
import { parseWorkbook } from './workbook.ts'

/** A table, before anyone asks what its columns mean. */
export interface Records {
  /** Name of the file, for messages. */
  readonly name: string
  /** Names of the header as written. */
  readonly header: readonly string[]
  /** Records with something in them, in order; their fields may be fewer or more than the header's. */
  readonly records: readonly CsvRecord[]
  /** What was odd but readable. */
  readonly notes: readonly Note[]
}

/**
 * The records of a file's bytes. Text is UTF-8, UTF-16 with its mark or, with a note, Windows-1252 (which holds
 * Latin-1); a workbook (.xlsx) is read where one sheet alone is filled.
 * @throws SpiculaError `cohort/binary` for what is not a table, and those of {@link textRecords}
 * @example recordsOf(await readFile('cohort.csv'), 'cohort.csv').header
 */
export function recordsOf(bytes: Uint8Array, name: string): Records {
  const [a, b, c, d] = bytes
  if (a === 0x1f && b === 0x8b) throw binaryTable(name, 'a gzip file')
  if (a === 0xd0 && b === 0xcf) throw binaryTable(name, 'a workbook of Excel 97 or a Word document')
  if (a === 0x50 && b === 0x4b && c === 3 && d === 4) return sheetRecords(bytes, name)
  if (a === 0xff && b === 0xfe) return textRecords(new TextDecoder('utf-16le').decode(bytes), name)
  if (a === 0xfe && b === 0xff) return textRecords(new TextDecoder('utf-16be').decode(bytes), name)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const message = `${name}: not UTF-8, read as Windows-1252; check names with accents`
    const read = textRecords(new TextDecoder('windows-1252').decode(bytes), name)
    return { ...read, notes: [{ code: 'cohort/encoding', message }, ...read.notes] }
  }
  return textRecords(text, name)
}

/**
 * The records of a table's text.
 * @throws SpiculaError `cohort/binary`, `cohort/empty`, `cohort/quote` where no row can be trusted
 * @example textRecords('pid;mm\n007;3,5\n', 'a.csv').records[0].fields // ['007', '3.5']
 */
export function textRecords(text: string, name: string): Records {
  if (text.includes('\0')) throw binaryTable(name)
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text
  const told = /^"?sep=([,;|\t])"?(\r\n|\n|\r)/i.exec(body)
  const delimiter = (told?.[1] ?? detectDelimiter(/^\s*([^\r\n]*)/.exec(body)?.[1] ?? '')) as Delimiter
  const read = csvRecords(body.slice(told?.[0].length ?? 0), delimiter, name, told ? 2 : 1)
  return withoutHeader(read, name, delimiter === ',' ? [] : decimalCommas)
}

/** Makes the records of a table from all of its lines, and mends its numbers where that is asked for. */
function withoutHeader(
  [first, ...rest]: readonly CsvRecord[],
  name: string,
  mend: typeof decimalCommas | readonly [],
): Records {
  if (first === undefined) {
    throw new SpiculaError('cohort/empty', `${name}: the file is empty`, { hint: 'A table begins with a header.' })
  }
  // Spreadsheets leave rows of nothing but delimiters behind.
  const filled = rest.filter(({ fields }) => fields.some((field) => field.trim() !== ''))
  const read: Records = { name, header: first.fields, records: filled, notes: [] }
  return typeof mend === 'function' ? mend(read) : read
}

const DECIMAL_COMMA = /^\s*[+-]?\d+,\d+(e[+-]?\d+)?\s*$/i
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i

/**
 * Decimal commas as points, in columns of nothing but numbers and gaps. Only where no comma stands between fields:
 * there a comma inside a number can be nothing else. Texts and identifiers stay as they are.
 */
function decimalCommas({ name, header, records, notes }: Records): Records {
  const columns = header.flatMap((column, at) => {
    const texts = records.map(({ fields }) => fields[at] ?? '').filter((text) => !isMissing(text))
    const commas = texts.filter((text) => DECIMAL_COMMA.test(text)).length
    const numbers = texts.filter((text) => NUMBER.test(text) && !text.includes('.')).length
    return commas > 0 && commas + numbers === texts.length && !IDENTIFIERS.has(column.trim()) ? [at] : []
  })
  if (columns.length === 0) return { name, header, records, notes }
  const mended = new Set(columns)
  const named = columns.map((at) => header[at].trim()).join(', ')
  return {
    name,
    header,
    records: records.map((record) => ({
      ...record,
      fields: record.fields.map((field, at) => (mended.has(at) ? field.replace(',', '.') : field)),
    })),
    notes: [...notes, { code: 'cohort/decimal-comma', message: `${name}: decimal commas read in ${named}` }],
  }
}

const IDENTIFIERS = new Set(['pid', 'nodule_id', 'image_path'])

/** What tables write where nobody recorded anything: R's NA, pandas' nan, words of people. */
const MISSING = new Set([
  ...['', 'na', 'nan', 'null', 'nil', '.', '?', '#n/a', 'n/a', 'n.a.', '<na>', 'nat', 'unknown', 'not known'],
  ...['missing', 'not available', 'not recorded', 'not evaluated', 'not reported', 'not applicable', 'not assessed'],
])

/**
 * Whether a field says that nothing is known.
 * @example isMissing(' NA ') // true
 */
export const isMissing = (text: string): boolean =>
  MISSING.has(
    text
      .trim()
      .toLowerCase()
      .replaceAll(/[\s_]+/g, ' '),
  )

function sheetRecords(bytes: Uint8Array, name: string): Records {
  const sheets = parseWorkbook(bytes, name).filter((sheet) =>
    sheet.some((row) => row.some((cell) => cell.trim() !== '')),
  )
  if (sheets.length > 1) {
    throw binaryTable(name, `a workbook of ${sheets.length} filled sheets`, 'Save the sheet that is meant as CSV.')
  }
  const [sheet = []] = sheets
  const width = sheet.reduce((most, row) => Math.max(most, row.length), 0)
  const lines = sheet.map((row, at) => ({
    line: at + 1,
    lastLine: at + 1,
    // A sheet has no fields too few: what is empty at a row's end is not stored.
    fields: [...row, ...Array<string>(width - row.length).fill('')],
    malformed: false,
  }))
  const begin = lines.findIndex(({ fields }) => fields.some((field) => field.trim() !== ''))
  return withoutHeader(lines.slice(Math.max(begin, 0)), name, [])
}

/** The error for something that is not a table, such as a scan given in its place. */
export const binaryTable = (
  name: string,
  looksLike = 'a binary file',
  hint = 'A table is a text file with comma-separated values, or a workbook; a single scan goes to --ct.',
): SpiculaError => new SpiculaError('cohort/binary', `${name}: this is ${looksLike}, not a table`, { hint })
