/** Files from the disk that may be DICOM slices: of a folder, an archive, a DICOMDIR. */
import { close, type Dirent, existsSync, fstat, open, read } from 'node:fs'
import { type FileHandle, open as openHandle, readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { SpiculaError } from '../../error.ts'
import { fileSource } from '../../files/bytes.node.ts'
import { type ByteSource, readPrefix } from '../../files/bytes.ts'
import { mapConcurrently } from '../../files/concurrent.ts'
import { fileError } from '../../files/file.node.ts'
import { zipMemberSource } from '../../files/zip.node.ts'
import { readZipDirectory, safePath } from '../../files/zip.ts'
import type { Note } from '../scan.ts'
import { type DicomHeader, type InflateRaw, readDicomHeader } from './file.ts'
import { isDicom } from './start.ts'
import { items, text, texts } from './values.ts'

/** Files under way at once. */
const AT_ONCE = 24
/** A folder with more files is not a patient's study. */
const MOST_FILES = 100_000
const MOST_DEPTH = 12
const PREFIX = 132
const DICOMDIR_CLASS = '1.2.840.10008.1.3.10'

/**
 * The files of a place that may be slices.
 * @param path a folder, a DICOM file, a zip archive, a DICOMDIR
 * @param notes takes what was left out
 * @throws SpiculaError `volume/missing`, `volume/format`, `volume/empty`, `volume/zip`, `volume/dicomdir` and their kin
 * @example const sources = await sourcesAt('study/', notes)
 */
export async function sourcesAt(path: string, notes: Note[], inflateRaw: InflateRaw): Promise<ByteSource[]> {
  const stats = await stat(path).catch((error) => {
    throw fileError(basename(path), error)
  })
  if (stats.isDirectory()) return sourcesInFolder(path, notes)
  const source = await fileSource(path)
  const head = await readPrefix(source, PREFIX)
  if (head[0] === 0x50 && head[1] === 0x4b) return sourcesInZip(source, notes)
  if (!isDicom(head)) throw new SpiculaError('volume/format', `${basename(path)}: not a DICOM file`)
  const header = await readDicomHeader(source, inflateRaw)
  return isDirectory(header) ? sourcesOfDicomdir(path, header, notes) : [source]
}

/** Message names for the files of a folder: their own where they are plain, a count where they may name a patient. */
export function fileName(path: string, index: number, count: number): string {
  const name = basename(path)
  const isPlain =
    /^(?:im|img|image|ct|i|slice|s|z|dcm|dicom)?[-_. ]?\d{1,5}(?:[-_.]\d{1,5})?(?:\.(?:dcm|ima|img))?$/i.test(name)
  return isPlain ? name : `file ${index + 1} of ${count}`
}

async function sourcesInFolder(folder: string, notes: Note[]): Promise<ByteSource[]> {
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
  return sourcesOf(paths, notes)
}

async function sourcesOf(paths: readonly string[], notes: Note[]): Promise<ByteSource[]> {
  const sources = await mapConcurrently(paths, AT_ONCE, (path, index) =>
    diskSource(path, fileName(path, index, paths.length)),
  )
  const there = sources.flatMap((source) => source ?? [])
  const empty = sources.length - there.length
  if (empty > 0) {
    notes.push({ code: 'volume/empty', message: `${empty === 1 ? '1 empty file' : `${empty} empty files`} left out` })
  }
  return there
}

const byName = (a: Dirent, b: Dirent): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() ?? false

/** As many bytes as a header has, mostly: read with the file's size in one opening. */
const HEAD_BYTES = 1 << 14

/** Descriptors instead of file handles: of thousands of files each is open for one reading. */
const descriptor = { open: promisify(open), read: promisify(read), stat: promisify(fstat), close: promisify(close) }

/** A plain file whose beginning is read at once: the header then costs one opening of the file. Empty ones are none. */
async function diskSource(path: string, name: string): Promise<ByteSource | undefined> {
  let file: number | undefined
  try {
    file = await descriptor.open(path, 'r')
    const buffer = new Uint8Array(HEAD_BYTES)
    const { bytesRead } = await descriptor.read(file, buffer, 0, HEAD_BYTES, 0)
    if (bytesRead === 0) return undefined
    const size = bytesRead < HEAD_BYTES ? bytesRead : (await descriptor.stat(file)).size
    return headedSource(path, name, buffer.subarray(0, bytesRead), size)
  } catch (error) {
    throw error instanceof SpiculaError ? error : fileError(name, error)
  } finally {
    if (file !== undefined) await descriptor.close(file)
  }
}

function headedSource(path: string, name: string, head: Uint8Array, size: number): ByteSource {
  return {
    name,
    maxSize: size,
    compressed: false,
    async readSpans(spans, take) {
      let file: FileHandle | undefined
      try {
        for (const { start, end } of spans) {
          if (end <= head.length || size <= head.length) {
            if (start < head.length) take(start, head.subarray(start, end))
            if (end > size) throw cutShort(name, end, size)
            continue
          }
          file ??= await openHandle(path, 'r')
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

async function sourcesInZip(archive: ByteSource, notes: Note[]): Promise<ByteSource[]> {
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
    const message = `${members.length - files.length} members of the archive that are no slices left out`
    notes.push({ code: 'volume/not-dicom', message })
  }
  if (files.length === 0) throw new SpiculaError('volume/empty', `${archive.name}: the archive holds no files`)
  return files.map((member, n) => zipMemberSource(archive, member, fileName(member.path, n, files.length)))
}

const isDirectory = ({ dataset }: DicomHeader): boolean =>
  items(dataset, 'DirectoryRecordSequence').length > 0 || text(dataset, 'SOPClassUID') === DICOMDIR_CLASS

/** PS3.10 8.6 and PS3.3 F: files named from the DICOMDIR's folder; none may lie outside it, links included. */
async function sourcesOfDicomdir(path: string, { dataset, name }: DicomHeader, notes: Note[]): Promise<ByteSource[]> {
  const folder = await realpath(dirname(path))
  const records = items(dataset, 'DirectoryRecordSequence').flatMap((record) => {
    const parts = texts(record, 'ReferencedFileID')
    const isImage = (text(record, 'DirectoryRecordType') ?? 'IMAGE') === 'IMAGE'
    return parts.length > 0 ? [{ id: parts.join('/'), isImage }] : []
  })
  if (records.length === 0) throw new SpiculaError('volume/empty', `${name}: the DICOMDIR names no files`)
  const paths = await mapConcurrently(records, AT_ONCE, async ({ id }) => {
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
  const missing = records.filter((_, n) => paths[n] === undefined)
  const images = missing.filter(({ isImage }) => isImage).length
  if (images > 0) {
    throw new SpiculaError(
      'volume/missing',
      `${name}: ${images} of ${records.length} files that it names are not there`,
      {
        hint: 'Copy the whole medium, or give the folder of the series instead.',
      },
    )
  }
  if (missing.length > 0) {
    const message = `${missing.length} files that are no images, which the DICOMDIR names, are not there`
    notes.push({ code: 'volume/missing', message })
  }
  return sourcesOf(
    paths.flatMap((one) => one ?? []),
    notes,
  )
}

/** File IDs are in capitals; copies of a medium often are not, or have an ending. */
async function resolveCase(folder: string, id: string): Promise<string | undefined> {
  const tries = [id, id.toLowerCase(), `${id}.dcm`, `${id.toLowerCase()}.dcm`]
  return tries.map((one) => join(folder, one)).find((one) => existsSync(one))
}
