/** DICOM from the disk: a folder, a file, an archive, a DICOMDIR, or a list of files. */
import { type Dirent, existsSync } from 'node:fs'
import { open, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { inflateRaw as inflateRawCallback } from 'node:zlib'
import { SpiculaError } from '../../error.ts'
import { fileSource } from '../../files/bytes.node.ts'
import { type ByteSource, readPrefix } from '../../files/bytes.ts'
import { mapConcurrently } from '../../files/concurrent.ts'
import { fileError } from '../../files/file.node.ts'
import { zipMemberSource } from '../../files/zip.node.ts'
import { readZipDirectory, safePath } from '../../files/zip.ts'
import type { Note } from '../scan.ts'
import { loadCodecs } from './codec-module.ts'
import { type DicomHeader, type InflateRaw, isDicom, readDicomHeader } from './file.ts'
import type { Decompress } from './frames.ts'
import { listSources } from './list.ts'
import { type DicomScan, dicomScan } from './scan.ts'
import { chooseSeries, type Series } from './series.ts'
import { items, text, texts } from './values.ts'

/** Files under way at once. */
const AT_ONCE = 24
/** A folder with more files is not a patient's study. */
const MOST_FILES = 100_000
const MOST_DEPTH = 12
const PREFIX = 132
const DICOMDIR_CLASS = '1.2.840.10008.1.3.10'

/** A file that may be a slice: from the disk or from an archive. */
interface Candidate {
  readonly source: ByteSource
}

/** All series of a place, and what was left out on the way. */
export interface DicomListing {
  /** Base name of the place. */
  readonly name: string
  readonly series: readonly Series[]
  readonly notes: readonly Note[]
}

/**
 * Opens a CT series. Only headers are read; slices are read and decoded when a box needs them.
 * @param path a folder (with its folders), a DICOM file, a zip archive, a DICOMDIR, or several files
 * @param series a Series Instance UID or its ending, where there are several
 * @throws SpiculaError `volume/dicom-*` naming what is irregular, `volume/dicom-series` listing the series where more
 *   than one could be meant, `volume/truncated`, `volume/zip`, `volume/missing` and their kin
 * @example
 * const scan = await openDicom('study/')
 * const hu = await scan.readHu({ startIjk: [0, 0, 0], sizeIjk: [64, 64, 16] })
 */
export async function openDicom(path: string | readonly string[], series?: string): Promise<DicomScan> {
  const listing = await listDicom(path)
  try {
    return dicomScan(listing.name, chooseSeries(listing.series, series), listing.notes)
  } catch (error) {
    throw prefixed(error, listing.name)
  }
}

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
  const candidates = (await Promise.all(paths.map((one) => candidatesAt(one, notes)))).flat()
  const listed = await listSources(
    candidates.map(({ source }) => source),
    { inflateRaw, decompress },
  )
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

async function candidatesAt(path: string, notes: Note[]): Promise<Candidate[]> {
  const stats = await stat(path).catch((error) => {
    throw fileError(basename(path), error)
  })
  if (stats.isDirectory()) return candidatesInFolder(path)
  const source = await fileSource(path)
  const head = await readPrefix(source, PREFIX)
  if (head[0] === 0x50 && head[1] === 0x4b) return candidatesInZip(source, notes)
  if (!isDicom(head)) throw new SpiculaError('volume/format', `${basename(path)}: not a DICOM file`)
  const header = await readDicomHeader(source, inflateRaw)
  return isDirectory(header) ? candidatesOfDicomdir(path, header) : [{ source }]
}

/** Message names for the files of a folder: their own where they are plain, a count where they may name a patient. */
export function fileName(path: string, index: number, count: number): string {
  const name = basename(path)
  const isPlain =
    /^(?:im|img|image|ct|i|slice|s|z|dcm|dicom)?[-_. ]?\d{1,5}(?:[-_.]\d{1,5})?(?:\.(?:dcm|ima|img))?$/i.test(name)
  return isPlain ? name : `file ${index + 1} of ${count}`
}

async function candidatesInFolder(folder: string): Promise<Candidate[]> {
  const paths: string[] = []
  const visit = async (path: string, depth: number): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true }).catch((error) => {
      throw fileError(basename(folder), error)
    })
    for (const entry of entries.sort(byName)) {
      // Hidden files are the system's (.DS_Store, ._copies of macOS).
      if (entry.name.startsWith('.') || entry.name.toUpperCase() === 'DICOMDIR') continue
      const inner = join(path, entry.name)
      if (entry.isDirectory()) {
        if (depth < MOST_DEPTH) await visit(inner, depth + 1)
      } else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(inner)))) paths.push(inner)
      if (paths.length > MOST_FILES) {
        throw new SpiculaError('volume/dicom-series', `${basename(folder)}: more than ${MOST_FILES} files`, {
          hint: 'Give the folder of one patient or series.',
        })
      }
    }
  }
  await visit(folder, 0)
  if (paths.length === 0) throw new SpiculaError('volume/empty', `${basename(folder)}: the folder holds no files`)
  const sources = await mapConcurrently(paths, AT_ONCE, (path, index) =>
    diskSource(path, fileName(path, index, paths.length)),
  )
  return sources.flatMap((source) => (source ? [{ source }] : []))
}

const byName = (a: Dirent, b: Dirent): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() ?? false

/** As many bytes as a header has, mostly: read with the file's size in one opening. */
const HEAD_BYTES = 1 << 14

/**
 * A plain file whose beginning is read at once: the header then costs one opening of the file. Undefined for an empty
 * file.
 */
async function diskSource(path: string, name: string): Promise<ByteSource | undefined> {
  let file: Awaited<ReturnType<typeof open>> | undefined
  try {
    file = await open(path, 'r')
    const buffer = new Uint8Array(HEAD_BYTES)
    const { bytesRead } = await file.read(buffer, 0, HEAD_BYTES, 0)
    if (bytesRead === 0) return undefined
    const size = bytesRead < HEAD_BYTES ? bytesRead : (await file.stat()).size
    return headedSource(path, name, buffer.subarray(0, bytesRead), size)
  } catch (error) {
    throw error instanceof SpiculaError ? error : fileError(name, error)
  } finally {
    await file?.close()
  }
}

function headedSource(path: string, name: string, head: Uint8Array, size: number): ByteSource {
  return {
    name,
    maxSize: size,
    compressed: false,
    async readSpans(spans, take) {
      let file: Awaited<ReturnType<typeof open>> | undefined
      try {
        for (const { start, end } of spans) {
          if (end <= head.length || size <= head.length) {
            if (start < head.length) take(start, head.subarray(start, end))
            if (end > size) throw cutShort(name, end, size)
            continue
          }
          file ??= await open(path, 'r')
          const piece = new Uint8Array(Math.max(0, Math.min(end, size) - start))
          let filled = 0
          while (filled < piece.length) {
            const { bytesRead } = await file.read(piece, filled, piece.length - filled, start + filled)
            if (bytesRead === 0) break
            filled += bytesRead
          }
          take(start, piece.subarray(0, filled))
          if (start + filled < end) throw cutShort(name, end, start + filled)
        }
      } catch (error) {
        throw error instanceof SpiculaError ? error : fileError(name, error)
      } finally {
        await file?.close()
      }
    },
  }
}

const cutShort = (name: string, expected: number, found: number): SpiculaError =>
  new SpiculaError('volume/truncated', `${name}: ${expected} bytes expected, ${found} found`, {
    hint: 'The file was cut short: copy or download it again.',
  })

async function candidatesInZip(archive: ByteSource, notes: Note[]): Promise<Candidate[]> {
  const { members, unreadable } = await readZipDirectory(archive)
  if (unreadable > 0) {
    throw new SpiculaError(
      'volume/zip',
      `${archive.name}: ${unreadable} members are encrypted or compressed unusually`,
      {
        hint: 'Unpack the archive, and give the folder.',
      },
    )
  }
  const files = members.filter(({ path, bytes }) => {
    const name = basename(path)
    return bytes > 0 && !name.startsWith('.') && !path.startsWith('__MACOSX/') && name.toUpperCase() !== 'DICOMDIR'
  })
  if (files.length < members.length) {
    const message = `${members.length - files.length} members of the archive that are not slices left out`
    notes.push({ code: 'volume/not-dicom', message })
  }
  if (files.length === 0) throw new SpiculaError('volume/empty', `${archive.name}: the archive holds no files`)
  return files.map((member, n) => ({
    source: zipMemberSource(archive, member, fileName(member.path, n, files.length)),
  }))
}

const isDirectory = ({ dataset }: DicomHeader): boolean =>
  items(dataset, 'DirectoryRecordSequence').length > 0 || text(dataset, 'SOPClassUID') === DICOMDIR_CLASS

/** PS3.10 8.6 and PS3.3 F: files named from the DICOMDIR's folder; none may lie outside it, links included. */
async function candidatesOfDicomdir(path: string, { dataset, name }: DicomHeader): Promise<Candidate[]> {
  const folder = await realpath(dirname(path))
  const ids = items(dataset, 'DirectoryRecordSequence').flatMap((record) => {
    const parts = texts(record, 'ReferencedFileID')
    return parts.length > 0 ? [parts.join('/')] : []
  })
  if (ids.length === 0) throw new SpiculaError('volume/empty', `${name}: the DICOMDIR names no files`)
  const paths = await mapConcurrently(ids, AT_ONCE, async (id) => {
    const inside = safePath(id)
    const found = inside === undefined ? undefined : await resolveCase(folder, inside)
    if (inside === undefined) {
      throw new SpiculaError('volume/dicomdir', `${name}: a reference of the DICOMDIR leads out of its folder`)
    }
    if (found === undefined) return undefined
    const real = relative(folder, await realpath(found))
    if (real.startsWith(`..${sep}`) || real === '..') {
      throw new SpiculaError('volume/dicomdir', `${name}: a reference of the DICOMDIR leads out of its folder`)
    }
    return found
  })
  const missing = paths.filter((one) => one === undefined).length
  if (missing > 0) {
    throw new SpiculaError('volume/missing', `${name}: ${missing} of ${ids.length} files that it names are not there`, {
      hint: 'Copy the whole medium, or give the folder of the series instead.',
    })
  }
  const there = paths.flatMap((one) => one ?? [])
  const sources = await mapConcurrently(there, AT_ONCE, (one, n) => diskSource(one, fileName(one, n, there.length)))
  return sources.flatMap((source) => (source ? [{ source }] : []))
}

/** File IDs are in capitals; copies of a medium often are not, or have an ending. */
async function resolveCase(folder: string, id: string): Promise<string | undefined> {
  const tries = [id, id.toLowerCase(), `${id}.dcm`, `${id.toLowerCase()}.dcm`]
  return tries.map((one) => join(folder, one)).find((one) => existsSync(one))
}
