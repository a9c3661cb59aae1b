/** Duke Lung Cancer Screening 2024 (DLCS24): one table of annotated nodules. */
import type { RowProblem } from '../../cohort/problem.ts'
import type { Table } from '../../files/table.ts'
import {
  type Converted,
  type ConvertedRow,
  columnsOf,
  decimal,
  labelOf,
  misfitProblems,
  pointOf,
  repeatNote,
  restOf,
  sizeFault,
  withoutRepeats,
} from './converted.ts'

/**
 * DLCS24's table: patient-id (hyphen), nodule_id, ct_nifti_file, coordX, coordY, coordZ, w, h, d (a box, mm),
 * Malignant_lbl, benchmark_split.
 * @param folder that the file names are in, put before them
 * @param frame of the points
 * @throws SpiculaError `datasets/columns`
 */
export function dlcsCohort(
  table: Table,
  { folder = '', frame = 'lps' }: { folder?: string; frame?: 'lps' | 'ras' } = {},
): Converted {
  const c = columnsOf(table, [
    'patient-id',
    'nodule_id',
    'ct_nifti_file',
    'coordX',
    'coordY',
    'coordZ',
    'w',
    'h',
    'd',
    'Malignant_lbl',
    'benchmark_split',
  ])
  const problems: RowProblem[] = misfitProblems(table)
  const read = table.records.flatMap((record): (ConvertedRow & { line: number })[] => {
    const { line, values } = record
    const point = pointOf(values, [c.coordX, c.coordY, c.coordZ], frame)
    const malignant = labelOf(values[c.Malignant_lbl])
    const size = sizeFault(values, [c.w, c.h, c.d])
    const faults = [
      ...(typeof point === 'string' ? [point] : []),
      ...(size === undefined ? [] : [size]),
      ...(malignant === undefined ? ['Malignant_lbl is neither 0 nor 1'] : []),
      ...(values[c['patient-id']].trim() === '' || values[c.nodule_id].trim() === ''
        ? ['patient-id or nodule_id is empty']
        : []),
    ]
    if (faults.length > 0 || typeof point === 'string' || malignant === undefined) {
      problems.push({ line, code: 'datasets/row', message: faults.join('; ') })
      return []
    }
    const file = values[c.ct_nifti_file].trim()
    const [w, h] = [decimal(values[c.w]), decimal(values[c.h])]
    const extra = {
      ...restOf(record, [c['patient-id'], c.nodule_id, c.ct_nifti_file, c.coordX, c.coordY, c.coordZ, c.Malignant_lbl]),
      // The box is axis-parallel: its longer side in the axial plane is the nearest to a longest axial diameter.
      diameter_mm: Number.isFinite(Math.max(w, h)) ? String(Math.max(w, h)) : '',
    }
    return [
      {
        line,
        pid: values[c['patient-id']].trim(),
        noduleId: values[c.nodule_id].trim(),
        imagePath: folder === '' ? file : `${folder.replace(/\/$/, '')}/${file}`,
        pointLps: point,
        malignant,
        extra,
      },
    ]
  })
  const { rows, repeated, problems: twice } = withoutRepeats(read)
  const notes = [
    ...repeatNote(repeated),
    { code: 'datasets/dlcs-box', message: 'diameter_mm is the longer axial side of the box, no measured diameter' },
  ]
  return { rows, notes, problems: [...problems, ...twice] }
}
