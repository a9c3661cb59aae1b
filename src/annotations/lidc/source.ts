/** LIDC-IDRI as it lies on a disk: a folder of XML, or a table. */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { SpiculaError } from '../../error.ts'
import type { Table } from '../../files/table.ts'
import { parseReadMessage, type ReadMessage } from './xml.ts'

/** The archive's own table of series, found beside the readings or given. */
export const SERIES_TABLE = 'LIDC-IDRI_MetaData.csv'

/** Every XML file under a folder, sorted, so that nodules are numbered the same way everywhere. */
export async function listXml(folder: string): Promise<string[]> {
  try {
    const files = await readdir(folder, { recursive: true })
    return files
      .filter((file) => /\.xml$/i.test(file))
      .sort()
      .map((file) => join(folder, file))
  } catch (cause) {
    throw new SpiculaError('datasets/missing', `${folder} is not a folder that can be read`, {
      hint: 'Give the folder with the XML files of LIDC-IDRI (unpack tcia-lidc-xml first), or a table of ratings.',
      cause,
    })
  }
}

/** A file that could not be used; the others go on. */
export interface BadFile {
  readonly file: string
  readonly error: SpiculaError
}

/**
 * Reads files one after another: one file's text is in memory at a time.
 * @param onBad is told of files that are not readings
 */
export async function readMessages(
  files: readonly string[],
  onBad: (bad: BadFile) => void,
  onDone: () => void = () => {},
): Promise<ReadMessage[]> {
  const messages: ReadMessage[] = []
  for (const file of files) {
    try {
      messages.push(parseReadMessage(await readFile(file, 'utf8'), basename(file)))
    } catch (error) {
      if (!(error instanceof SpiculaError)) throw error
      onBad({ file, error })
    }
    onDone()
  }
  return messages
}

/**
 * Patient of each series, from a table such as the archive's: columns "Patient Id" and "Series UID", or pid and
 * series_uid.
 * @throws SpiculaError `datasets/columns` where the table has neither
 */
export function patientsOf({ name, columns, records }: Table): Map<string, string> {
  const find = (...names: string[]) => names.find((one) => columns.includes(one))
  const pid = find('Patient Id', 'Patient ID', 'PatientID', 'pid')
  const uid = find('Series UID', 'Series ID', 'SeriesInstanceUID', 'series_uid', 'seriesuid')
  if (pid === undefined || uid === undefined)
    throw new SpiculaError('datasets/columns', `${name}: a table of series needs the columns Patient Id and Series UID`)
  return new Map(records.map(({ values }) => [values[uid].trim(), values[pid].trim()]))
}
