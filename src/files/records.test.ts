/** One reader of tables: encodings, delimiters, decimal commas, workbooks, gaps; another reader's bytes where there is one. */

import fc from 'fast-check'
import { strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { csvText } from './csv.ts'
import { isMissing, recordsOf, textRecords } from './records.ts'

const fieldsOf = (bytes: Uint8Array | string) =>
  recordsOf(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes, 't.csv').records.map(
    ({ fields }) => fields,
  )
const utf16 = (text: string, big = false): Uint8Array => {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le')
  return new Uint8Array(big ? bytes.swap16() : bytes)
}
const TEXT = 'pid,mm\nM\u00fcller-k,3.5\nM\u00f6ller-k,4\n'
const ROWS = [
  ['M\u00fcller-k', '3.5'],
  ['M\u00f6ller-k', '4'],
]

describe('encodings', () => {
  it.each([
    ['UTF-8', TEXT],
    ['UTF-8 with its mark', `\uFEFF${TEXT}`],
    ['UTF-16, little-endian', utf16(TEXT)],
    ['UTF-16, big-endian', utf16(TEXT, true)],
    ['Windows-1252', new Uint8Array(Buffer.from(TEXT, 'latin1'))],
  ])('%s', (_, bytes) => expect(fieldsOf(bytes)).toEqual(ROWS))

  it('tells that Windows-1252 was guessed, and only then', () => {
    const notes = (bytes: Uint8Array) => recordsOf(bytes, 't.csv').notes.map(({ code }) => code)
    expect(notes(new Uint8Array(Buffer.from(TEXT, 'latin1')))).toEqual(['cohort/encoding'])
    expect(notes(new TextEncoder().encode(TEXT))).toEqual([])
  })

  it.each([
    ['gzip', [0x1f, 0x8b, 8, 0]],
    ['Excel 97', [0xd0, 0xcf, 0x11, 0xe0]],
    ['zeros', [0, 0, 0, 0]],
  ])('%s is refused', (_, bytes) => {
    expect(() => recordsOf(Uint8Array.from(bytes), 't')).toThrow(expect.objectContaining({ code: 'cohort/binary' }))
  })
})

describe('delimiters', () => {
  it.each([',', ';', '\t', '|'])('%j', (delimiter) => {
    expect(fieldsOf(['pid', 'a', 'b'].join(delimiter).concat('\n', ['007', 'x', 'y'].join(delimiter)))).toEqual([
      ['007', 'x', 'y'],
    ])
  })
  it('is what a first line "sep=" says, whatever the header has more of', () => {
    expect(textRecords('sep=;\r\na,b;c\r\n1,x;3\r\n', 't')).toMatchObject({
      header: ['a,b', 'c'],
      records: [{ line: 3, fields: ['1,x', '3'] }],
    })
  })
})

describe('decimal commas', () => {
  it('are points in columns of numbers, where no comma stands between fields', () => {
    const { records, notes } = textRecords('pid;mm;text;n\n1,5;3,5;a,b;7\n2;-4;1,5;8\n3;NA;;9\n', 't')
    expect(records.map(({ fields }) => fields)).toEqual([
      ['1,5', '3.5', 'a,b', '7'],
      ['2', '-4', '1,5', '8'],
      ['3', 'NA', '', '9'],
    ])
    expect(notes).toEqual([{ code: 'cohort/decimal-comma', message: 't: decimal commas read in mm' }])
  })
  it('stay where points stand in the same column, or fields are parted by commas', () => {
    expect(fieldsOf('a;b\n1,5;x\n1.5;y\n').map(([a]) => a)).toEqual(['1,5', '1.5'])
    expect(fieldsOf('a,b\n"1,5",x\n').map(([a]) => a)).toEqual(['1,5'])
  })
  it('any table written with commas comes back as the one with points', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).map((x) => x.toFixed(2))
    fc.assert(
      fc.property(fc.array(number, { minLength: 1 }), (numbers) => {
        const text = `pid;x\n${numbers.map((x, i) => `${i};${x.replace('.', ',')}`).join('\n')}\n`
        return fieldsOf(text).every(([, x], i) => x === numbers[i])
      }),
    )
  })
})

describe('a workbook', () => {
  const book = (...sheets: string[]) =>
    zipSync(
      Object.fromEntries(
        sheets.map((rows, n) => [
          `xl/worksheets/sheet${n + 1}.xml`,
          strToU8(`<worksheet><sheetData>${rows}</sheetData></worksheet>`),
        ]),
      ),
    )
  const cell = (at: string, text: string) => `<c r="${at}" t="inlineStr"><is><t>${text}</t></is></c>`
  const filled = `<row r="1">${cell('A1', 'pid')}${cell('B1', 'mm')}</row><row r="2">${cell('A2', '007')}</row>`
  it('is read where one sheet is filled, short rows too', () => {
    expect(recordsOf(book('', filled), 't.xlsx')).toMatchObject({
      header: ['pid', 'mm'],
      records: [{ line: 2, fields: ['007', ''] }],
    })
  })
  it('is refused where two are', () => {
    expect(() => recordsOf(book(filled, filled), 't.xlsx')).toThrow('a workbook of 2 filled sheets')
  })
  it('is refused where it is empty or damaged', () => {
    expect(() => recordsOf(book(''), 't.xlsx')).toThrow(expect.objectContaining({ code: 'cohort/empty' }))
    expect(() => recordsOf(book(filled).subarray(0, 60), 't.xlsx')).toThrow(
      expect.objectContaining({ code: 'datasets/workbook' }),
    )
  })
})

it('reads back whatever csvText writes', () => {
  const field = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))
  fc.assert(
    fc.property(fc.array(fc.tuple(field, field), { minLength: 1 }), (rows) => {
      const text = csvText([['a', 'b'], ...rows])
      const read = textRecords(text, 't').records.map(({ fields }) => fields)
      expect(read).toEqual(rows.filter((row) => row.some((one) => one.trim() !== '')))
    }),
  )
})

it.each(['', ' ', 'NA', 'nan', 'N/A', '#N/A', 'NULL', '.', '?', 'Not available', 'not_recorded', 'unknown'])(
  '%j is a gap',
  (text) => expect(isMissing(text)).toBe(true),
)
it.each(['0', 'no', 'none', '-', 'absent', 'n'])('%j is no gap', (text) => expect(isMissing(text)).toBe(false))
