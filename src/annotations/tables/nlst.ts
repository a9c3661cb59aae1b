/** The National Lung Screening Trial's tables, as the NCI distributes them (CDAS data dictionary). */
import { SpiculaError } from '../../error.ts'
import type { Table } from '../../files/table.ts'
import type { Note, Triple } from '../../scan/scan.ts'
import {
  type Converted,
  type ConvertedRow,
  columnLike,
  columnsOf,
  decimal,
  imageOf,
  misfitProblems,
  pointOf,
  sizeFault,
} from './converted.ts'

/** Non-calcified nodule or mass of 4 mm or more. */
const NODULE = '51'
/** sct_epi_loc, and the column of the participants' table that says a cancer lay there. */
const LOBES: Readonly<Record<string, readonly [lobe: string, cancer: string]>> = {
  1: ['RUL', 'locrup'],
  2: ['RML', 'locrmid'],
  3: ['RLL', 'locrlow'],
  4: ['LUL', 'loclup'],
  5: ['lingula', 'loclin'],
  6: ['LLL', 'locllow'],
}
/** sct_margins; 3, poorly defined, is not a kind of margin but how well it can be seen. */
const MARGINS: Readonly<Record<string, string>> = { 1: 'Spiculated/Serrated', 2: 'Smooth' }
const CONSPICUITIES: Readonly<Record<string, string>> = { 3: 'Poorly marginated' }
const ATTENUATIONS: Readonly<Record<string, string>> = { 1: 'Solid', 2: 'Pure ground glass', 3: 'Part-solid' }

export interface NlstOptions {
  /** Days after the screen within which a diagnosis counts. */
  readonly days?: number
  /** Label only nodules of the lobe where the cancer lay; others of that patient stay empty. */
  readonly byLobe?: boolean
  /** Points of nodules: pid, study_yr, sct_ab_num, coordX, coordY, coordZ (LPS mm). */
  readonly points?: Table | undefined
  /** Pattern of the scans' paths: `{pid}`, `{year}`. */
  readonly images?: string
}

/**
 * Makes a cohort of the nodules of the screening CTs.
 * The label is 1 where lung cancer was diagnosed within 365 days after that year's screen, both counted from
 * randomisation (candx_days, scr_days0 to scr_days2); 0 where it was not and the patient was followed so long; empty
 * where follow-up ended earlier, where the cancer came before the screen, or where the screen's day is not known.
 * @param abnormalities `sct_abnormalities` / `ctab`: pid, study_yr, sct_ab_num, sct_ab_desc, ...
 * @param participants `prsn`: pid, age, gender, scr_days0 .. 2, candx_days, ...
 * @throws SpiculaError `datasets/columns`, `datasets/empty`
 */
export function nlstCohort(abnormalities: Table, participants: Table, options: NlstOptions = {}): Converted {
  const { days = 365, byLobe = false, points, images = '{pid}/{year}' } = options
  const a = columnsOf(abnormalities, ['pid', 'study_yr', 'sct_ab_num', 'sct_ab_desc'])
  const p = columnsOf(participants, ['pid', 'candx_days', 'scr_days0', 'scr_days1', 'scr_days2'])
  const persons = new Map(participants.records.map(({ values }) => [id(values[p.pid]), values]))
  const places = points === undefined ? undefined : pointsByNodule(points)
  const followUp = columnLike(participants, 'fup_days')
  const confirmed = columnLike(participants, 'conflc')
  const read = (table: Table, values: Readonly<Record<string, string>>, name: string): string =>
    code(values[columnLike(table, name) ?? ''])

  const counts = { other: 0, stranger: 0, before: 0, short: 0, noDay: 0, otherLobe: 0, noPoint: 0 }
  const rows: ConvertedRow[] = []
  const sizeColumns = ['sct_long_dia', 'sct_perp_dia'].flatMap((name) => columnLike(abnormalities, name) ?? [])
  const problems = [...misfitProblems(abnormalities), ...misfitProblems(participants)]
  for (const { line, values } of abnormalities.records) {
    if (code(values[a.sct_ab_desc]) !== NODULE) {
      counts.other++
      continue
    }
    const pid = id(values[a.pid])
    const year = code(values[a.study_yr])
    const person = persons.get(pid)
    if (person === undefined) {
      counts.stranger++
      continue
    }
    const size = sizeFault(values, sizeColumns)
    if (size !== undefined) {
      problems.push({ line, code: 'datasets/row', message: size })
      continue
    }
    const screen = decimal(code(person[columnLike(participants, `scr_days${year}`) ?? '']))
    // conflc 1: confirmed. A reported cancer that was not confirmed does not count.
    const isCancer = confirmed === undefined || code(person[confirmed]) === '1'
    const diagnosis = isCancer ? decimal(code(person[p.candx_days])) : Number.NaN
    const last = decimal(code(person[followUp ?? '']))
    let malignant: 0 | 1 | null = null
    if (!Number.isFinite(screen)) counts.noDay++
    else if (diagnosis - screen < 0) counts.before++
    else if (diagnosis - screen <= days) malignant = 1
    else if (!Number.isFinite(diagnosis) && last - screen < days) counts.short++
    else malignant = 0
    const place = code(read(abnormalities, values, 'sct_epi_loc'))
    const [lobe, cancerColumn] = LOBES[place] ?? ['', '']
    if (malignant === 1 && byLobe && read(participants, person, cancerColumn) !== '1') {
      malignant = null
      counts.otherLobe++
    }
    // sct_ab_num begins at 1 again every year: with the year it is one nodule's.
    const noduleId = `T${year}_${code(values[a.sct_ab_num])}`
    const point = places?.get(`${pid}/${noduleId}`) ?? null
    if (places !== undefined && point === null) counts.noPoint++
    const event = Number.isFinite(diagnosis)
    const until = event ? diagnosis - screen : last - screen
    rows.push({
      pid,
      noduleId,
      imagePath: imageOf(images, { pid, year: `T${year}` }),
      pointLps: point,
      malignant,
      extra: {
        study_yr: year,
        'longest_axial_diameter_(mm)': read(abnormalities, values, 'sct_long_dia'),
        'short_diameter_(mm)': read(abnormalities, values, 'sct_perp_dia'),
        nodule_margin_conspicuity: CONSPICUITIES[read(abnormalities, values, 'sct_margins')] ?? '',
        nodule_margins: MARGINS[read(abnormalities, values, 'sct_margins')] ?? '',
        nodule_consistency: ATTENUATIONS[read(abnormalities, values, 'sct_pre_att')] ?? '',
        lobe,
        slice: read(abnormalities, values, 'sct_slice_num'),
        age: read(participants, person, 'age'),
        sex:
          ({ 1: 'male', 2: 'female' } as Readonly<Record<string, string>>)[read(participants, person, 'gender')] ?? '',
        // Current and former smokers only were admitted.
        ever_smoker: 'yes',
        days_from_screen: Number.isFinite(until) ? String(until) : '',
        cancer: Number.isFinite(screen) ? (event ? '1' : '0') : '',
      },
    })
  }
  if (rows.length === 0 && problems.length === 0) {
    throw new SpiculaError('datasets/empty', `${abnormalities.name}: no nodule (sct_ab_desc 51) of a known participant`)
  }
  const notes = notesOn(counts, {
    days,
    byLobe,
    followUp: followUp !== undefined,
    confirmed: confirmed !== undefined,
    points: points !== undefined,
  })
  return { rows, notes, problems }
}

/** ".M", ".N" and the like are reasons why there is no value; numbers may come as "3.0". */
function code(text: string | undefined): string {
  const value = (text ?? '').trim()
  if (/^\.[A-Z]?$/i.test(value)) return ''
  return value.replace(/\.0+$/, '')
}

const id = (text: string): string => text.trim().replace(/\.0+$/, '')

function pointsByNodule(table: Table): Map<string, Triple> {
  const c = columnsOf(table, ['pid', 'study_yr', 'sct_ab_num', 'coordX', 'coordY', 'coordZ'])
  return new Map(
    table.records.flatMap(({ values }) => {
      const point = pointOf(values, [c.coordX, c.coordY, c.coordZ])
      const key = `${id(values[c.pid])}/T${code(values[c.study_yr])}_${code(values[c.sct_ab_num])}`
      return typeof point === 'string' ? [] : [[key, point] as const]
    }),
  )
}

function notesOn(
  counts: Readonly<Record<'other' | 'stranger' | 'before' | 'short' | 'noDay' | 'otherLobe' | 'noPoint', number>>,
  said: { days: number; byLobe: boolean; followUp: boolean; confirmed: boolean; points: boolean },
): Note[] {
  const all: readonly (readonly [boolean, string, string])[] = [
    [
      counts.other > 0,
      'nlst-other',
      `${counts.other} abnormalities are not nodules of 4 mm or more (sct_ab_desc 51), left out`,
    ],
    [
      counts.stranger > 0,
      'nlst-stranger',
      `${counts.stranger} nodules of patients that the participants' table lacks, left out`,
    ],
    [counts.before > 0, 'nlst-before', `${counts.before} nodules on screens after the diagnosis: no label`],
    [
      counts.short > 0,
      'nlst-short',
      `${counts.short} nodules of patients followed for less than ${said.days} days: no label`,
    ],
    [counts.noDay > 0, 'nlst-no-day', `${counts.noDay} nodules on screens whose day is not known: no label`],
    [
      counts.otherLobe > 0,
      'nlst-lobe',
      `${counts.otherLobe} nodules outside the lobe of their patient's cancer: no label`,
    ],
    [
      !said.byLobe,
      'nlst-patient',
      "the label is the patient's: every nodule of a patient with cancer has it (--by-lobe: only those in the cancer's lobe)",
    ],
    [
      !said.followUp,
      'nlst-follow-up',
      'no column fup_days: patients without a diagnosis count as followed long enough',
    ],
    [!said.confirmed, 'nlst-confirmed', 'no column conflc: every diagnosis counts as confirmed'],
    [!said.points, 'no-points', 'the tables have no places in millimetres: coordX to coordZ are empty (--points)'],
    [counts.noPoint > 0, 'nlst-no-point', `${counts.noPoint} nodules without a point in --points`],
  ]
  return all.filter(([holds]) => holds).map(([, kind, message]) => ({ code: `datasets/${kind}`, message }))
}
