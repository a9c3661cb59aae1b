/** The columns of a cohort's manifest, as published, and help for tables that spell them differently. */
import { SpiculaError } from '../error.ts'
import { editDistance, letters } from '../nearest.ts'

/** Without these a row has no place in a scan. */
export const requiredColumns = ['pid', 'nodule_id', 'image_path', 'coordX', 'coordY', 'coordZ'] as const

export type RequiredColumn = (typeof requiredColumns)[number]

/** Other names under which the columns go in LUNA16, LUNA25, DLCS24, LUNGx and home-made tables, letters only. */
const aliases: Record<RequiredColumn, readonly string[]> = {
  pid: ['patientid', 'patient', 'subject', 'subjectid', 'caseid', 'seriesuid', 'seriesinstanceuid', 'id'],
  nodule_id: ['noduleid', 'nodule', 'lesionid', 'lesion', 'annotationid', 'findingid'],
  image_path: ['imagepath', 'image', 'path', 'file', 'filename', 'filepath', 'ctniftifile', 'ct', 'scan'],
  coordX: ['coordx', 'x', 'centerx', 'centrex', 'worldx', 'xcoord', 'posx'],
  coordY: ['coordy', 'y', 'centery', 'centrey', 'worldy', 'ycoord', 'posy'],
  coordZ: ['coordz', 'z', 'centerz', 'centrez', 'worldz', 'zcoord', 'posz'],
}

/** The header of a manifest: which field of a row is what. */
export interface Header {
  /** Every name, in order, without spaces around it. */
  readonly columns: readonly string[]
  /** Field of each required column. */
  readonly field: Readonly<Record<RequiredColumn, number>>
  /** Field of `malignant`, -1 where the table has none. */
  readonly malignant: number
  /** Field of `malignant_probability`, -1 where the table has none. */
  readonly malignantProbability: number
  /** Names with their fields; of a name that stands twice the first. */
  readonly named: readonly (readonly [name: string, field: number])[]
}

/**
 * Reads a header. Names must match exactly: guessing which column is meant would be guessing where a nodule is.
 * @param names as written
 * @param name of the file, for messages
 * @throws SpiculaError `cohort/columns` naming every missing column with the nearest existing name, or a column that
 *   stands twice
 * @example readHeader(['pid', 'nodule_id', 'image_path', 'coordX', 'coordY', 'coordZ'], 'a.csv').field.coordZ // 5
 */
export function readHeader(names: readonly string[], name: string): Header {
  const columns = names.map((column) => column.trim())
  const free = columns.filter((column) => !requiredColumns.some((required) => required === column))
  const missing = requiredColumns.filter((column) => !columns.includes(column))
  if (missing.length > 0) {
    const wanted = missing.map((column) => {
      const nearest = nearestColumn(column, free)
      return nearest === undefined ? column : `${column} (is "${nearest}" meant?)`
    })
    throw new SpiculaError('cohort/columns', `${name}: ${plural(missing.length)} missing: ${wanted.join(', ')}`, {
      hint: `A manifest has the columns ${requiredColumns.join(', ')}, spelt exactly so; rename yours in its first line.`,
    })
  }
  const repeated = [...requiredColumns, 'malignant', 'malignant_probability'].filter(
    (column) => columns.indexOf(column) !== columns.lastIndexOf(column),
  )
  if (repeated.length > 0) {
    throw new SpiculaError('cohort/columns', `${name}: ${repeated.join(', ')} stands more than once in the header`, {
      hint: 'Remove or rename the column that is not meant.',
    })
  }
  const index = (column: RequiredColumn): number => columns.indexOf(column)
  return {
    columns,
    field: {
      pid: index('pid'),
      nodule_id: index('nodule_id'),
      image_path: index('image_path'),
      coordX: index('coordX'),
      coordY: index('coordY'),
      coordZ: index('coordZ'),
    },
    malignant: columns.indexOf('malignant'),
    malignantProbability: columns.indexOf('malignant_probability'),
    named: columns.map((column, i) => [column, i] as const).filter(([column, i]) => columns.indexOf(column) === i),
  }
}

const plural = (count: number): string => (count === 1 ? 'a column is' : `${count} columns are`)

/**
 * The existing column that most likely is the wanted one: same letters, a known other name, or a slip of the pen.
 * @example nearestColumn('coordX', ['nodule id', 'CoordX']) // 'CoordX'
 */
export function nearestColumn(wanted: RequiredColumn, columns: readonly string[]): string | undefined {
  for (const alias of [letters(wanted), ...aliases[wanted]]) {
    const found = columns.find((column) => letters(column) === alias)
    if (found !== undefined) return found
  }
  // One slip only: two would make coordX of coordY's neighbour, or pid of any short name.
  return columns.find((column) => column.length > 2 && editDistance(letters(column), letters(wanted)) === 1)
}
