/** Cohorts as the tables and lists of others: LUNA16's annotations and MONAI's detection. */
import type { RowProblem } from '../../cohort/problem.ts'
import type { CohortRow } from '../../cohort/row.ts'
import { csvText } from '../../files/csv.ts'
import type { Triple } from '../../scan/scan.ts'
import { decimal, imageName, sizeFault } from './converted.ts'

/** A row of a manifest with its point in LPS mm. */
export type PlacedCohortRow = CohortRow & { readonly pointLps: Triple }

/** What others have of a cohort, and the rows that they cannot have. */
export interface Exported {
  readonly text: string
  readonly rows: number
  readonly problems: readonly RowProblem[]
}

/** Columns that hold a nodule's diameter, the one that is taken first. */
const DIAMETERS = ['diameter_mm', 'longest_axial_diameter_(mm)', 'mean_diameter', 'box_longest_mm']

/** The diameter of a row in mm, as its first column has it that holds one. */
export const diameterOf = ({ values }: CohortRow): number | undefined =>
  DIAMETERS.map((column) => decimal(values[column])).find((mm) => Number.isFinite(mm))

/**
 * LUNA16's `annotations.csv`: seriesuid, coordX, coordY, coordZ (LPS mm), diameter_mm. The series is the column
 * series_uid where there is one, else the name of the image.
 * @example luna16Csv(rows).text // 'seriesuid,coordX,coordY,coordZ,diameter_mm\n1.3.6,-24.9,19.1,-91.1,8.14\n'
 */
export function luna16Csv(rows: readonly PlacedCohortRow[]): Exported {
  const { kept, problems } = withSizes(rows, 'LUNA16')
  const records = kept.map(({ row, diameterMm }) => [
    row.values.series_uid?.trim() || imageName(row.imagePath),
    ...row.pointLps.map(String),
    String(diameterMm),
  ])
  return {
    text: csvText([['seriesuid', 'coordX', 'coordY', 'coordZ', 'diameter_mm'], ...records]),
    rows: kept.length,
    problems,
  }
}

/**
 * MONAI's list for nodule detection: images with box [[cx, cy, cz, w, h, d]] (cccwhd, LPS mm) and label 0, the class
 * "nodule". A box is as wide, high and deep as its nodule's diameter, where the table has no box_w, box_h, box_d.
 * @example JSON.parse(monaiJson(rows).text).training[0].box // [[-24.9, 19.1, -91.1, 8.14, 8.14, 8.14]]
 */
export function monaiJson(rows: readonly PlacedCohortRow[]): Exported {
  const { kept, problems } = withSizes(rows, 'MONAI')
  const images = new Map<string, number[][]>()
  for (const { row, diameterMm } of kept) {
    const sides = ['box_w', 'box_h', 'box_d'].map((column) => decimal(row.values[column]))
    const box = [...row.pointLps, ...(sides.every((mm) => mm > 0) ? sides : [diameterMm, diameterMm, diameterMm])]
    images.set(row.imagePath, [...(images.get(row.imagePath) ?? []), box])
  }
  const training = [...images].map(([image, box]) => ({ image, box, label: box.map(() => 0) }))
  return { text: `${JSON.stringify({ training }, null, 2)}\n`, rows: kept.length, problems }
}

/** Rows that have a size, and problems of those that have none: both formats need one. */
function withSizes(rows: readonly PlacedCohortRow[], format: string) {
  const problems: RowProblem[] = []
  const kept = rows.flatMap((row) => {
    const diameterMm = diameterOf(row)
    const fault = sizeFault(row.values, DIAMETERS)
    if (diameterMm !== undefined && fault === undefined) return [{ row, diameterMm }]
    problems.push({
      line: row.line,
      code: 'datasets/row',
      message: fault ?? `no diameter, which ${format} needs (${DIAMETERS.slice(0, 3).join(', ')})`,
    })
    return []
  })
  return { kept, problems }
}
