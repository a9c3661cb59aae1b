/** DICOM from the disk: a folder, a file, an archive, a DICOMDIR, or a list of files. */
import { readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { inflateRaw as inflateRawCallback } from 'node:zlib'
import { SpiculaError } from '../../error.ts'
import { fileSource } from '../../files/bytes.node.ts'
import { readPrefix } from '../../files/bytes.ts'
import type { Note, Scans, Triple } from '../scan.ts'
import { chooseSeries } from './choose.ts'
import { loadCodecs } from './codec-module.ts'
import type { InflateRaw } from './file.ts'
import type { Decompress } from './frames.ts'
import { type Listed, listSources } from './list.ts'
import { type DicomScan, dicomScan } from './scan.ts'
import type { Series } from './series.ts'
import { sourcesAt } from './sources.node.ts'
import { isDicom } from './start.ts'

const PREFIX = 132

/** All series of a place, and what was left out on the way. */
export interface DicomListing extends Listed {
  /** Base name of the place. */
  readonly name: string
}

/** The CT series of a place, of which a nodule's point may decide. */
export interface DicomScans extends Scans {
  at(pointLps?: Triple): DicomScan
}

/**
 * Opens the CT series of a place. Only headers are read; slices are read and decoded when a box needs them.
 * @param path a folder (with its folders), a DICOM file, a zip archive, a DICOMDIR, or several files
 * @param series a Series Instance UID or its ending, where there are several; `:2` behind it names its second volume
 * @throws SpiculaError `volume/truncated`, `volume/zip`, `volume/missing` and their kin; `at` throws `volume/dicom-*`
 *   naming what is irregular, `volume/dicom-series` listing the series where more than one could be meant
 * @example
 * const scan = (await openDicomScans('study/')).at([10, -20, -100])
 * const hu = await scan.readHu({ startIjk: [0, 0, 0], sizeIjk: [64, 64, 16] })
 */
export async function openDicomScans(path: string | readonly string[], series?: string): Promise<DicomScans> {
  const listing = await listDicom(path)
  // Nodules of one series share its decoded slices.
  const opened = new Map<Series, DicomScan>()
  return {
    at(pointLps) {
      try {
        const choice = chooseSeries(listing, { series, pointLps })
        const scan = opened.get(choice.series) ?? dicomScan(listing.name, choice, listing.notes)
        opened.set(choice.series, scan)
        return scan
      } catch (error) {
        throw prefixed(error, listing.name)
      }
    },
  }
}

/**
 * The best CT series of a place, or the named one: see {@link openDicomScans}.
 * @example const scan = await openDicom('study/')
 */
export const openDicom = async (path: string | readonly string[], series?: string): Promise<DicomScan> =>
  (await openDicomScans(path, series)).at()

/** An error of a series names the place that the user gave, once. */
function prefixed(error: unknown, name: string): unknown {
  if (!(error instanceof SpiculaError) || error.message.startsWith(`${name}:`)) return error
  return new SpiculaError(error.code, `${name}: ${error.message}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  })
}

/**
 * Lists the series of a place, each with its faults.
 * @throws SpiculaError where the place itself cannot be read, or a file breaks off before it says whose it is
 * @example
 * for (const { description, kernel, sliceCount, problem } of (await listDicom('study/')).series) ...
 */
export async function listDicom(path: string | readonly string[]): Promise<DicomListing> {
  const paths = typeof path === 'string' ? [path] : path
  const name = basename(paths[0] ?? '')
  const notes: Note[] = []
  const sources = (await Promise.all(paths.map((one) => sourcesAt(one, notes, inflateRaw)))).flat()
  const listed = await listSources(sources, { inflateRaw, decompress })
  return { name, series: listed.series, notes: [...notes, ...listed.notes] }
}

/** Whether a path is a folder, or a file that holds DICOM: a slice, a DICOMDIR, a zip archive. */
export async function isDicomPlace(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined)
  if (stats?.isDirectory()) return true
  if (!stats?.isFile() || stats.size < PREFIX) return false
  const head = await readPrefix(await fileSource(path), PREFIX)
  // A workbook is a zip archive too, and a table that was given in the wrong form.
  return isDicom(head) || (head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && !/\.xls[xm]$/i.test(path))
}

/** Inflates in one go; a bomb stops at the limit. */
export const inflateRaw: InflateRaw = async (deflated, mostBytes, name) => {
  try {
    return await promisify(inflateRawCallback)(deflated, { maxOutputLength: mostBytes })
  } catch (cause) {
    throw new SpiculaError('volume/corrupt', `${name}: its deflated data set cannot be inflated`, {
      hint: 'A copy or download changed the file: repeat it.',
      cause,
    })
  }
}

let codecs: ReturnType<typeof loadCodecs> | undefined

/** Decompresses with the codecs of dcmjs-codecs, loaded when the first compressed slice is read. */
export const decompress: Decompress = async (coding, coded, frame) => {
  codecs ??= readFile(createRequire(import.meta.url).resolve('dcmjs-codecs/build/dcmjs-native-codecs.wasm')).then(
    loadCodecs,
  )
  return (await codecs)(coding, coded, frame)
}
