import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { SpiculaError } from '../error.ts'
import { parseWorkbook, type Sheet } from './workbook.ts'

/**
 * Reads the sheets of an .xlsx file.
 * @throws SpiculaError `datasets/missing`, and those of {@link parseWorkbook}
 * @example const [sheet] = await readWorkbook('CalibrationSet_NoduleData.xlsx')
 */
export async function readWorkbook(path: string): Promise<Sheet[]> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new SpiculaError('datasets/missing', `${path} cannot be read`, { cause })
  })
  return parseWorkbook(bytes, basename(path))
}
