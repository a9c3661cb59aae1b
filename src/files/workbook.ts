/** Excel workbooks (ECMA-376, SpreadsheetML): the cells of each sheet as text, nothing else of them. */
import { unzipSync } from 'fflate'
import { SaxesParser } from 'saxes'
import { SpiculaError } from '../error.ts'

/** Rows of a sheet from the top, cells from the left; empty cells are empty texts. */
export type Sheet = readonly (readonly string[])[]

/** Far above any table of nodules; a crafted archive may claim any size. */
const MOST_BYTES = 64 << 20

/**
 * The sheets of an .xlsx file's bytes. Formulas give the value that was stored with them; formats are not applied.
 * @param name of the file, for messages
 * @throws SpiculaError `datasets/workbook` where it cannot be read or is not a workbook
 * @example const [sheet] = parseWorkbook(await readFile('CalibrationSet_NoduleData.xlsx'),
 *   'CalibrationSet_NoduleData.xlsx')
 */
export function parseWorkbook(bytes: Uint8Array, name: string): Sheet[] {
  const fail = (what: string, cause?: unknown) =>
    new SpiculaError('datasets/workbook', `${name}: ${what}`, { cause, hint: 'Save it as .xlsx once more, or as CSV.' })
  try {
    const files = unzipSync(bytes, {
      filter: ({ name: file, originalSize }) => {
        const wanted = file === 'xl/sharedStrings.xml' || SHEET.test(file)
        if (wanted && originalSize > MOST_BYTES) throw fail(`${file} is too large`)
        return wanted
      },
    })
    const text = (file: string): string => new TextDecoder().decode(files[file])
    const strings = files['xl/sharedStrings.xml'] ? sharedStrings(text('xl/sharedStrings.xml')) : []
    const sheets = Object.keys(files)
      .filter((file) => SHEET.test(file))
      .sort((a, b) => Number(SHEET.exec(a)?.[1]) - Number(SHEET.exec(b)?.[1]))
    if (sheets.length === 0) throw fail('no sheet in it')
    return sheets.map((file) => cells(text(file), strings))
  } catch (cause) {
    if (cause instanceof SpiculaError) throw cause
    throw fail('no Excel workbook, or a damaged one', cause)
  }
}

const SHEET = /^xl\/worksheets\/sheet(\d+)\.xml$/

/** Texts that cells refer to by number; a text may come in runs, phonetic hints among them are not text. */
function sharedStrings(xml: string): string[] {
  const strings: string[] = []
  const parser = new SaxesParser()
  let inside = false
  let phonetic = 0
  parser.on('opentag', ({ name }) => {
    if (name === 'si') strings.push('')
    if (name === 'rPh') phonetic++
    inside = name === 't'
  })
  parser.on('text', (text) => {
    if (inside && phonetic === 0) strings[strings.length - 1] += text
  })
  parser.on('closetag', ({ name }) => {
    if (name === 'rPh') phonetic--
    inside = false
  })
  parser.write(xml).close()
  return strings
}

function cells(xml: string, strings: readonly string[]): Sheet {
  const rows: string[][] = []
  const parser = new SaxesParser()
  let [row, column, type, value, inside] = [-1, -1, '', '', false]
  parser.on('opentag', ({ name, attributes }) => {
    if (name === 'row') {
      row = attributes.r === undefined ? row + 1 : Number(attributes.r) - 1
      column = -1
      while (rows.length <= row && rows.length < 1_048_576) rows.push([])
    } else if (name === 'c') {
      column = attributes.r === undefined ? column + 1 : columnOf(attributes.r)
      type = attributes.t ?? ''
      value = ''
    }
    inside = name === 'v' || name === 't'
  })
  parser.on('text', (text) => {
    if (inside) value += text
  })
  parser.on('closetag', ({ name }) => {
    inside = false
    if (name !== 'c' || rows[row] === undefined || column > 16_384) return
    while (rows[row].length < column) rows[row].push('')
    rows[row][column] = type === 's' ? (strings[Number(value)] ?? '') : value
  })
  parser.write(xml).close()
  return rows
}

/** @example columnOf('AB12') // 27 */
const columnOf = (reference: string): number =>
  [...(/^[A-Z]+/.exec(reference)?.[0] ?? 'A')].reduce((n, letter) => n * 26 + letter.charCodeAt(0) - 64, 0) - 1
