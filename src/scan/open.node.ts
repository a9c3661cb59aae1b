import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { SpiculaError } from '../error.ts'
import { fileSource } from '../files/bytes.node.ts'
import { readPrefix } from '../files/bytes.ts'
import { FORMATS_IN_FULL, ofFolders, SCAN_FORMATS, type ScanFormat } from './formats.node.ts'
import { type Labels, labelsOf } from './labels.ts'
import { NIFTI_PREFIX_BYTES } from './nifti/header.ts'
import type { Scan, Scans, Triple } from './scan.ts'
import { splitSeries } from './series-path.ts'

/** Formats that users hold and that we know by their first bytes, to say more than "unknown". */
const KNOWN: readonly (readonly [format: string, at: number, magic: string])[] = [
  ['a NumPy array', 0, '\x93NUMPY'],
  ['an MGH volume', 0, '\x00\x00\x00\x01\x00\x00'],
]

/**
 * Opens what lies at a path, in whatever format its content shows. Reads headers only.
 * @param path a file or, for DICOM, a folder. Where a folder or archive holds several series, `#` and the ending of a
 *   Series Instance UID behind the path name one, and a colon and a number one of several volumes in it
 * @throws SpiculaError `volume/missing`, `volume/format` where it is no format that is read, and the codes of its reader
 * @example
 * const scans = await openScans('study/')
 * const [chest, abdomen] = [scans.at([10, -20, -100]), scans.at([10, -20, -300])]
 */
export async function openScans(path: string): Promise<Scans> {
  const named = splitSeries(path)
  if (named.series !== undefined && !existsSync(path)) return ofFolders.open(named.path, named.series)
  if ((await stat(path).catch(() => undefined))?.isDirectory()) return ofFolders.open(path)
  return (await formatOf(path)).open(path)
}

/**
 * Opens a scan.
 * @param path as in {@link openScans}
 * @param pointLps a nodule's place, mm LPS, which decides among several series
 * @throws SpiculaError as {@link openScans}
 * @example
 * const scan = await openScan('scan.nii.gz')
 * scan.shapeIjk // [512, 512, 300]
 * @example const scan = await openScan('study.zip#48283260')
 */
export const openScan = async (path: string, pointLps?: Triple): Promise<Scan> => (await openScans(path)).at(pointLps)

/**
 * Opens a mask in any format of scans, with the segments that it names.
 * @throws SpiculaError as {@link openScans}
 * @example const { layers, segments } = await openLabels('nodules.seg.nrrd')
 */
export async function openLabels(path: string): Promise<Labels> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory()
  const format = isFolder ? ofFolders : await formatOf(path)
  return format.openLabels?.(path) ?? labelsOf((await format.open(path)).at())
}

/** The format that a file's content shows. */
async function formatOf(path: string): Promise<ScanFormat> {
  const source = await fileSource(path)
  const bytes = await readPrefix(source, NIFTI_PREFIX_BYTES)
  const format = SCAN_FORMATS.find(({ isIt }) => isIt(bytes, path))
  if (format) return format
  const known = KNOWN.find(([, at, magic]) => startsWith(bytes, at, magic))
  const what = known ? `${known[0]}, which is not read` : 'not a scan in a format that is read'
  throw new SpiculaError('volume/format', `${source.name}: ${what}`, { hint: `Read are ${FORMATS_IN_FULL}.` })
}

const startsWith = (bytes: Uint8Array, at: number, magic: string): boolean =>
  [...magic].every((character, n) => bytes[at + n] === character.charCodeAt(0))
