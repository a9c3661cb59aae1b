import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvRecords, csvText, detectDelimiter } from './csv.ts'

const fields = (text: string, delimiter: ',' | ';' | '\t' = ','): (readonly string[])[] =>
  csvRecords(text, delimiter, 'a.csv').map((record) => record.fields)

describe('csvRecords', () => {
  it('reads quotes, doubled quotes, delimiters and line breaks in fields', () => {
    expect(fields('a,b\n"x, ""y""","1\r\n2"\n')).toEqual([
      ['a', 'b'],
      ['x, "y"', '1\r\n2'],
    ])
  })

  it('counts lines through blank lines, fields of several lines and every line ending', () => {
    const records = csvRecords('a,b\r\n\r\n1,"x\ny"\n\n2,z\r3,w', ',', 'a.csv')
    expect(records.map(({ line, lastLine }) => [line, lastLine])).toEqual([
      [1, 1],
      [3, 4],
      [6, 6],
      [7, 7],
    ])
  })

  it('keeps empty fields at both ends, and a record that is one quoted empty field', () => {
    expect(fields(',a,\n""\n')).toEqual([['', 'a', ''], ['']])
    expect(fields('a,')).toEqual([['a', '']])
    expect(fields('')).toEqual([])
  })

  it('takes a quote inside an unquoted field as a character', () => {
    expect(fields('5" tube,b')).toEqual([['5" tube', 'b']])
  })

  it('marks text after a closing quote, but not spaces', () => {
    expect(csvRecords('"a"b,c\n"a" ,c', ',', 'a.csv').map(({ malformed }) => malformed)).toEqual([true, false])
  })

  it('names the line on which a quote opens that never closes', () => {
    expect(() => fields('a,b\n1,2\n3,"4\n5,6\n')).toThrow(/a\.csv: a quote that opens on line 3 never closes/)
  })

  it('refuses a quote that swallows rows and closes in the midst of another field', () => {
    expect(() => fields('a,b\n1,"x\n2,"y"\n')).toThrow(/opens on line 2 closes in the midst of a field on line 3/)
  })

  it('gives back whatever csvText wrote', () => {
    const field = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'",;\t\r\n aé𝛼') }))
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 }), (records) => {
        expect(fields(csvText(records))).toEqual(records)
      }),
    )
  })

  it('reads what csv-parse reads', () => {
    const field = fc.string({ unit: fc.constantFrom(...'",\n a7') })
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 5 }), (rows) => {
        const text = csvText(rows)
        expect(fields(text)).toEqual(parse(text, { relax_column_count: true }))
      }),
    )
  })
})

describe('detectDelimiter', () => {
  it.each([
    ['pid,nodule_id,image_path', ','],
    ['pid;nodule_id;image_path', ';'],
    ['pid\tnodule_id\timage_path', '\t'],
    ['pid;"a,b,c,d";x', ';'],
    ['pid', ','],
  ] as const)('%j', (header, delimiter) => expect(detectDelimiter(header)).toBe(delimiter))
})
