/** Subgroups: the groups into which a column divides the rows. */
import { SpiculaError } from '../error.ts'
import { isMissing } from '../files/records.ts'
import type { TruthRow } from './labels.ts'

/** A column, and where a number in it is cut into bands. */
export interface SubgroupColumn {
  readonly column: string
  /** Rising: [50, 60] makes < 50, 50 to < 60, >= 60. */
  readonly edges?: readonly number[] | undefined
}

export interface Subgroup {
  readonly column: string
  readonly value: string
  /** Places in the rows. */
  readonly members: readonly number[]
}

/** Below so many cancers, or others, a group's figures are chance. */
export const FEW_EVENTS = 10

/** Columns that are looked at without being asked for, by what they are called in real tables. */
const USUAL: readonly { readonly names: readonly string[]; readonly edges?: readonly number[] }[] = [
  { names: ['sex', 'gender'] },
  { names: ['age', 'age_at_studydate'], edges: [55, 65, 75] },
  { names: ['manufacturer'] },
  { names: ['slice_thickness', 'slice_thickness_mm', 'slicethickness'], edges: [1.5, 2.5] },
  { names: ['kernel', 'convolution_kernel', 'convolutionkernel'] },
  { names: ['longest_axial_diameter_(mm)', 'mean_diameter', 'diameter_mm'], edges: [6, 8, 15] },
  { names: ['nodule_consistency', 'consistency'] },
]

/** The usual columns that a table has. */
export const usualSubgroups = (columns: readonly string[]): SubgroupColumn[] =>
  USUAL.flatMap(({ names, edges }) => {
    const column = names.flatMap((name) => columns.find((one) => one.toLowerCase() === name) ?? [])[0]
    return column === undefined ? [] : [{ column, edges }]
  })

/**
 * Reads what the user asks for.
 * @throws SpiculaError `evaluation/subgroup`
 * @example parseSubgroup('age:55,65,75') // { column: 'age', edges: [55, 65, 75] }
 */
export function parseSubgroup(text: string): SubgroupColumn {
  const at = text.lastIndexOf(':')
  if (at < 0) return { column: text }
  const edges = text
    .slice(at + 1)
    .split(',')
    .map(Number)
  if (edges.every(Number.isFinite) && edges.every((edge, i) => i === 0 || edge > edges[i - 1])) {
    return { column: text.slice(0, at), edges }
  }
  throw new SpiculaError('evaluation/subgroup', `"${text}": the edges of bands are rising numbers, e.g. age:55,65,75`)
}

/** More values than this are not groups: an identifier, a free text. */
const MOST_VALUES = 12

/**
 * Divides rows by a column. Values that differ in case or spaces are one; gaps (empty, NA) are a group of their own,
 * "not given". Numbers with more values than a table can show are cut at their median.
 * @throws SpiculaError `evaluation/subgroup` where the table has no such column, or it has too many values
 */
export function subgroupsOf(rows: readonly TruthRow[], { column, edges }: SubgroupColumn): Subgroup[] {
  if (rows[0] !== undefined && rows[0].values[column] === undefined) {
    throw new SpiculaError('evaluation/subgroup', `the cohort has no column ${column}`, {
      hint: `Its columns are ${Object.keys(rows[0].values).slice(0, 15).join(', ')}.`,
    })
  }
  const texts = rows.map(({ values }) => (isMissing(values[column]) ? '' : values[column].trim().replace(/\s+/g, ' ')))
  const numbers = texts.map((text) => (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN))
  const given = texts.filter((text) => text !== '')
  const distinct = new Set(given.map((text) => text.toLowerCase()))
  const numeric = given.length > 0 && texts.every((text, i) => text === '' || !Number.isNaN(numbers[i]))
  const bands = edges ?? (numeric && distinct.size > MOST_VALUES ? [medianOf(numbers)] : undefined)
  if (bands !== undefined) return byBand(column, texts, numbers, bands)
  if (distinct.size > MOST_VALUES) {
    throw new SpiculaError('evaluation/subgroup', `${column} has ${distinct.size} values: too many to be groups`, {
      hint: 'Choose a column with few values, or cut numbers into bands: --subgroup age:55,65,75.',
    })
  }
  const groups = new Map<string, { value: string; members: number[] }>()
  for (const [i, text] of texts.entries()) {
    const key = text.toLowerCase()
    const group = groups.get(key) ?? { value: text === '' ? NOT_GIVEN : text, members: [] }
    group.members.push(i)
    groups.set(key, group)
  }
  return [...groups.values()]
    .sort((a, b) => order(a.value, b.value))
    .map(({ value, members }) => ({ column, value, members }))
}

const NOT_GIVEN = 'not given'

const order = (a: string, b: string): number =>
  Number(a === NOT_GIVEN) - Number(b === NOT_GIVEN) || a.localeCompare(b, 'en', { numeric: true })

const medianOf = (numbers: readonly number[]): number => {
  const sorted = numbers.filter((x) => !Number.isNaN(x)).sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

function byBand(
  column: string,
  texts: readonly string[],
  numbers: readonly number[],
  edges: readonly number[],
): Subgroup[] {
  const names = [
    `< ${edges[0]}`,
    ...edges.map((edge, i) => (i + 1 < edges.length ? `${edge} to < ${edges[i + 1]}` : `>= ${edge}`)),
  ]
  const bands = names.map((value) => ({ column, value, members: [] as number[] }))
  const empty = { column, value: NOT_GIVEN, members: [] as number[] }
  const noNumber = { column, value: 'no number', members: [] as number[] }
  for (const [i, x] of numbers.entries()) {
    if (texts[i] === '') empty.members.push(i)
    else if (Number.isNaN(x)) noNumber.members.push(i)
    else bands[edges.filter((edge) => x >= edge).length].members.push(i)
  }
  return [...bands, empty, noNumber].filter(({ members }) => members.length > 0)
}
