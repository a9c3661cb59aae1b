import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { describeShared } from '../../../test/shared.ts'
import { readTable } from '../../files/table.node.ts'
import { parseTable } from '../../files/table.ts'
import { readWorkbook } from '../../files/workbook.node.ts'
import { parseWorkbook } from '../../files/workbook.ts'
import { lungxCohort, workbookNodules } from './lungx.ts'

/** A workbook as Excel writes it: shared strings with runs and phonetic hints, inline strings, gaps, formulas. */
const workbook = (rows: string, strings = ''): Uint8Array =>
  zipSync({
    '[Content_Types].xml': strToU8('<Types/>'),
    'xl/sharedStrings.xml': strToU8(`<sst xmlns="x">${strings}</sst>`),
    'xl/worksheets/sheet2.xml': strToU8('<worksheet><sheetData/></worksheet>'),
    'xl/worksheets/sheet1.xml': strToU8(`<worksheet><sheetData>${rows}</sheetData></worksheet>`),
  })

describe('workbooks', () => {
  it('have texts of every kind, numbers, gaps', () => {
    const strings = '<si><t>Scan </t></si><si><r><t>Num</t></r><r><t>ber</t></r><rPh><t>no</t></rPh></si>'
    const rows =
      '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>' +
      '<row r="3"><c r="B3"><v>1.5</v></c><c r="AA3" t="inlineStr"><is><t>far</t></is></c><c r="AB3"><f>1+1</f><v>2</v></c></row>'
    const [sheet, empty] = parseWorkbook(workbook(rows, strings), 'a.xlsx')
    expect(sheet[0]).toEqual(['Scan ', '', 'Number'])
    expect(sheet[1]).toEqual([])
    expect([sheet[2][1], sheet[2][26], sheet[2][27]]).toEqual(['1.5', 'far', '2'])
    expect(empty).toEqual([])
  })

  it.each([
    ['no archive', strToU8('pid,nodule_id')],
    ['an archive of something else', zipSync({ 'a.txt': strToU8('a') })],
    ['broken XML', workbook('<row')],
    ['nothing', new Uint8Array()],
  ])('refuses %s', (_, bytes) => {
    expect(() => parseWorkbook(bytes, 'a.xlsx')).toThrow(expect.objectContaining({ code: 'datasets/workbook' }))
  })
})

const SHEET = [
  [
    'Scan Number',
    'Nodule Number',
    'Nodule Center x Position',
    'Nodule Center y Position*',
    'Nodule Center Image',
    'Final Diagnosis',
  ],
  ['LUNGx-CT001 ', '1', '135', '303', '142', 'Benign nodule'],
  ['LUNGx-CT002', '1', '330', '348', '205', 'Primary lung cancer '],
  ['', '', '', '', '', ''],
  ['*specified in pixels'],
]
const TABLE =
  'Scan Number,Nodule Number,Final Diagnosis,DICOM x,DICOM y,DICOM Slice,World x (mm),World y (mm),World z (mm)\n' +
  'LUNGx-ct001,1.0,Benign nodule,135,330,142.0,-80.03,162.18,-188.5\n' +
  'LUNGx-CT002,1.0,Primary lung cancer,330,348,205.0,77.44,192.71,-253.5\n' +
  'LUNGx-CT002,2.0,Suspicious malignant nodule,364,212,150.0,100.62,100.01,-198.5\n'

describe('LUNGx', () => {
  it('leaves out footnotes and blanks, trims, and reads x and y in one cell', () => {
    const inOne = [
      ['Scan Number', 'Nodule Center x,y Position*', 'Nodule Center Image', 'Diagnosis'],
      ['CT-Training-LC001', '120, 325', '135', 'malignant'],
    ]
    expect(workbookNodules(SHEET)).toHaveLength(2)
    expect(workbookNodules(inOne)).toEqual([
      { scan: 'CT-Training-LC001', nodule: '1', pixel: [120, 325, 135], diagnosis: 'malignant' },
    ])
    expect(workbookNodules([['something else']])).toBeNull()
  })

  it('joins whatever the case, and lists what disagrees', () => {
    const { rows, notes } = lungxCohort(workbookNodules(SHEET) ?? [], parseTable(TABLE, 'world.csv'))
    expect(rows.map(({ pid, noduleId, malignant, extra }) => [pid, noduleId, malignant, extra.pixels_differ])).toEqual([
      ['LUNGx-CT001', '1', 0, '1'],
      ['LUNGx-CT002', '1', 1, '0'],
      ['LUNGx-CT002', '2', 1, '0'],
    ])
    const text = notes.map(({ message }) => message).join('\n')
    expect(text).toContain('LUNGx-CT001 (workbook 135, 303, 142; table 135, 330, 142)')
    expect(text).toContain('1 more stand in the table')
    expect(text).toContain('1 nodules are "suspicious malignant"')
  })

  it('has no millimetres without the table', () => {
    const { rows, notes } = lungxCohort(workbookNodules(SHEET) ?? [], undefined)
    expect(rows.map(({ pointLps }) => pointLps)).toEqual([null, null])
    expect(notes[0].message).toContain('no table of world points')
  })
})

describeShared('data/lungx', (folder) => {
  it('has 70 nodules in its workbooks, 83 with the table, and four whose pixels disagree', async () => {
    const books = ['CalibrationSet_NoduleData.xlsx', 'TestSet_NoduleData_PublicRelease_wTruth.xlsx']
    const sheets = (await Promise.all(books.map((name) => readWorkbook(join(folder(), name))))).flat()
    const nodules = sheets.flatMap((sheet) => workbookNodules(sheet) ?? [])
    expect(nodules).toHaveLength(70)
    const table = await readTable(join(folder(), 'LungX_nodule_world_coordinates_sitk.csv'))
    const { rows, notes, problems } = lungxCohort(nodules, table)
    expect(rows).toHaveLength(83)
    expect(problems).toEqual([])
    expect(rows.filter(({ extra }) => extra.in_workbook === '1')).toHaveLength(70)
    expect(rows.filter(({ extra }) => extra.pixels_differ === '1').map(({ pid }) => pid)).toEqual([
      'LUNGx-CT031',
      'LUNGx-CT032',
      'LUNGx-CT055',
      'CT-Training-BE001',
    ])
    for (const name of ['CT031', 'CT032', 'CT055', 'BE001']) {
      expect(notes.find(({ code }) => code === 'datasets/lungx-differ')?.message).toContain(name)
    }
    // The challenge's own counts: 37 benign and 36 malignant in the test set, five and five in the calibration set.
    const count = (set: string, label: number) =>
      rows.filter(({ extra, malignant }) => extra.set === set && malignant === label).length
    expect([count('test', 0), count('test', 1), count('calibration', 0), count('calibration', 1)]).toEqual([
      37, 36, 5, 5,
    ])
    expect(rows.every(({ pointLps }) => pointLps?.every(Number.isFinite))).toBe(true)
    expect(rows[0].pointLps).toEqual([-80.03, 162.18, -188.5])
  })
})
