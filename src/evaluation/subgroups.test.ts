import { describe, expect, it } from 'vitest'
import { parseTable } from '../files/table.ts'
import { parseTruth } from './labels.ts'
import { parseSubgroup, subgroupsOf, usualSubgroups } from './subgroups.ts'

const rowsOf = (values: readonly string[]) =>
  parseTruth(
    parseTable(`pid,nodule_id,malignant,x\n${values.map((value, i) => `p${i},1,0,${value}`).join('\n')}\n`, 't.csv'),
  ).rows
const groups = (values: readonly string[], edges?: readonly number[]) =>
  subgroupsOf(rowsOf(values), { column: 'x', edges }).map(({ value, members }) => [value, members])

describe('the usual subgroups', () => {
  it('are those of the columns that a table has, whatever their case, with the bands of each', () => {
    expect(usualSubgroups(['pid', 'Gender', 'AGE', 'sex', 'ConvolutionKernel', 'SliceThickness'])).toEqual([
      { column: 'sex', edges: undefined },
      { column: 'AGE', edges: [55, 65, 75] },
      { column: 'SliceThickness', edges: [1.5, 2.5] },
      { column: 'ConvolutionKernel', edges: undefined },
    ])
    expect(
      usualSubgroups(['Gender', 'age_at_studydate', 'manufacturer', 'slice_thickness_mm', 'convolution_kernel']),
    ).toMatchObject([
      { column: 'Gender' },
      { column: 'age_at_studydate', edges: [55, 65, 75] },
      { column: 'manufacturer' },
      { column: 'slice_thickness_mm' },
      { column: 'convolution_kernel' },
    ])
    expect(usualSubgroups(['slice_thickness', 'kernel', 'mean_diameter', 'consistency'])).toMatchObject([
      { column: 'slice_thickness' },
      { column: 'kernel' },
      { column: 'mean_diameter', edges: [6, 8, 15] },
      { column: 'consistency' },
    ])
    expect(usualSubgroups(['longest_axial_diameter_(mm)', 'diameter_mm', 'nodule_consistency'])).toMatchObject([
      { column: 'longest_axial_diameter_(mm)', edges: [6, 8, 15] },
      { column: 'nodule_consistency' },
    ])
    expect(usualSubgroups(['diameter_mm'])).toMatchObject([{ column: 'diameter_mm', edges: [6, 8, 15] }])
    expect(usualSubgroups(['pid', 'x'])).toEqual([])
  })
})

describe('what the user asks for', () => {
  it('is a column, or a column with the edges of its bands', () => {
    expect(parseSubgroup('sex')).toEqual({ column: 'sex' })
    expect(parseSubgroup('age:55,65.5')).toEqual({ column: 'age', edges: [55, 65.5] })
    expect(parseSubgroup('dose:mGy:1')).toEqual({ column: 'dose:mGy', edges: [1] })
  })

  it.each(['age:65,55', 'age:55,55', 'age:a', 'age:55,Infinity'])('refuses %s', (text) => {
    expect(() => parseSubgroup(text)).toThrow(
      expect.objectContaining({
        code: 'evaluation/subgroup',
        message: `"${text}": the edges of bands are rising numbers, e.g. age:55,65,75`,
      }),
    )
  })
})

describe('groups', () => {
  it('of words stand in their order, numbers in theirs, what is not given last', () => {
    expect(groups(['b10', 'B9', '', 'b  9', 'A'])).toEqual([
      ['A', [4]],
      ['b 9', [3]],
      ['B9', [1]],
      ['b10', [0]],
      ['not given', [2]],
    ])
    expect(groups(['10', '9', 'NA', '9'])).toEqual([
      ['9', [1, 3]],
      ['10', [0]],
      ['not given', [2]],
    ])
  })

  it('are as many as a table can show: more numbers are cut at their median, more words are refused', () => {
    const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(count - i))
    expect(groups(numbers(12))).toHaveLength(12)
    expect(groups([...numbers(13), ''])).toEqual([
      ['< 7', [7, 8, 9, 10, 11, 12]],
      ['>= 7', [0, 1, 2, 3, 4, 5, 6]],
      ['not given', [13]],
    ])
    const words = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`)
    expect(groups(words(12))).toHaveLength(12)
    expect(() => groups(words(13))).toThrow(
      expect.objectContaining({
        code: 'evaluation/subgroup',
        message: 'x has 13 values: too many to be groups',
        hint: expect.stringContaining('--subgroup age:55,65,75'),
      }),
    )
    // One word among numbers makes words of them.
    expect(() => groups([...numbers(13), 'old'])).toThrow('14 values')
    expect(groups(['', 'NA'])).toEqual([['not given', [0, 1]]])
  })

  it('by bands take the edge into the upper one, and say what is not a number', () => {
    expect(groups(['-1', '+2', '2.5', '3', '.5', '4.', '1e1', ''], [2, 3])).toEqual([
      ['< 2', [0, 4]],
      ['2 to < 3', [1, 2]],
      ['>= 3', [3, 5]],
      ['not given', [7]],
      ['no number', [6]],
    ])
    expect(groups(['1'], [2])).toEqual([['< 2', [0]]])
    expect(groups(['5', '6'], [2])).toEqual([['>= 2', [0, 1]]])
  })

  it('need their column, and may be of no rows', () => {
    expect(() => subgroupsOf(rowsOf(['1']), { column: 'y' })).toThrow(
      expect.objectContaining({
        code: 'evaluation/subgroup',
        message: 'the cohort has no column y',
        hint: 'Its columns are pid, nodule_id, malignant, x.',
      }),
    )
    expect(subgroupsOf([], { column: 'y' })).toEqual([])
  })
})
