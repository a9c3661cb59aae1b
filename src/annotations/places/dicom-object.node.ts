/** Reading DICOM objects that are not CTs: segmentations, structures, reports. */
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { SpiculaError } from '../../error.ts'
import { fileSource } from '../../files/bytes.node.ts'
import { readPrefix } from '../../files/bytes.ts'
import { inflateRaw } from '../../scan/dicom/dicom.node.ts'
import { type DicomHeader, readDicomHeader } from '../../scan/dicom/file.ts'
import { fileName } from '../../scan/dicom/sources.node.ts'
import { isDicom } from '../../scan/dicom/start.ts'
import { text } from '../../scan/dicom/values.ts'

/** Structures and reports are some megabytes; segmentations are read frame by frame. */
const MOST_BYTES = 1 << 29

/** An object, and the name that messages give it. */
export interface DicomObject {
  readonly name: string
  readonly header: DicomHeader
  readonly bytes: number
}

/** Kinds of objects that hold places, by their SOP class. */
export const CLASSES: Readonly<Record<string, 'seg' | 'labelmap' | 'rtstruct' | 'sr'>> = {
  '1.2.840.10008.5.1.4.1.1.66.4': 'seg',
  '1.2.840.10008.5.1.4.1.1.66.7': 'labelmap',
  '1.2.840.10008.5.1.4.1.1.481.3': 'rtstruct',
  '1.2.840.10008.5.1.4.1.1.88.22': 'sr', // Enhanced SR
  '1.2.840.10008.5.1.4.1.1.88.33': 'sr', // Comprehensive SR
  '1.2.840.10008.5.1.4.1.1.88.34': 'sr', // Comprehensive 3D SR
}

/** The kind of an object; undefined for all others. */
export const kindOf = ({ header }: DicomObject) => CLASSES[text(header.dataset, 'SOPClassUID') ?? '']

/** Whether a file is DICOM, without an error for what is not. */
export async function isDicomFile(path: string): Promise<boolean> {
  if (!(await stat(path).catch(() => undefined))?.isFile()) return false
  return isDicom(await readPrefix(await fileSource(path), 132))
}

/**
 * Reads one object.
 * @throws SpiculaError those of {@link readDicomHeader}
 */
export async function readObject(path: string, name = basename(path)): Promise<DicomObject> {
  const source = await fileSource(path)
  if (source.maxSize > MOST_BYTES) throw new SpiculaError('datasets/too-large', `${name}: too large for annotations`)
  return { name, header: await readDicomHeader({ ...source, name }, inflateRaw), bytes: source.maxSize }
}

/** The paths of a folder's files, its folders' too, in the order of names; a file's own path. */
export async function filesAt(path: string): Promise<{ path: string; name: string }[]> {
  const stats = await stat(path).catch(() => undefined)
  if (stats === undefined)
    throw new SpiculaError('volume/missing', `${basename(path)}: there is no such file or folder`)
  if (!stats.isDirectory()) return [{ path, name: basename(path) }]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const files = entries.filter((one) => one.isFile() && !one.name.startsWith('.'))
  const paths = files.map((one) => join(one.parentPath, one.name)).sort()
  return paths.map((one, n) => ({ path: one, name: fileName(one, n, paths.length) }))
}
