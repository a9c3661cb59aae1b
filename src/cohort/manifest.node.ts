import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { SpiculaError } from '../error.ts'
import type { Note } from '../scan/scan.ts'
import type { Frame } from './frame.ts'
import { binaryError, type Manifest, parseManifest } from './manifest.ts'
import type { CohortRow } from './row.ts'

/** A row that knows where its scan lies. */
export interface LocatedRow extends CohortRow {
  /** Absolute path of the scan: a file, or a folder of DICOM slices. Not checked to exist. */
  readonly imageFile: string
}

export interface LocatedManifest extends Manifest {
  readonly rows: readonly LocatedRow[]
}

/** Far above any cohort's table, far below what would exhaust memory. */
const maxBytes = 256 * 1024 * 1024

/**
 * Reads a manifest from a file. Relative image paths are relative to the manifest's folder, absolute ones stay.
 * Text is UTF-8; UTF-16 with its mark and, with a note, Windows-1252 (which holds Latin-1) are read too.
 * @param path of the manifest
 * @param frame of its points, `lps` by default
 * @throws SpiculaError `cohort/not-found`, `cohort/unreadable`, `cohort/too-large`, and those of {@link parseManifest}
 * @example
 * const { rows, problems } = await readManifest('cohort.csv', { frame: 'ras' })
 */
export async function readManifest(path: string, { frame = 'lps' }: { frame?: Frame } = {}): Promise<LocatedManifest> {
  const name = basename(path)
  const { text, notes } = decode(await readTable(path, name), name)
  const manifest = parseManifest(text, { name, frame })
  const folder = dirname(resolve(path))
  const rows = manifest.rows.map((row) => ({ ...row, imageFile: resolve(folder, nativePath(row.imagePath)) }))
  return { ...manifest, rows, notes: [...notes, ...manifest.notes] }
}

/** Tables made on Windows: "cubes\a.nii.gz" is a file in a folder everywhere. */
const nativePath = (path: string): string => (path.includes('/') ? path : path.replaceAll('\\', '/'))

async function readTable(path: string, name: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > maxBytes) {
      throw new SpiculaError('cohort/too-large', `${name}: ${size} bytes are too many for a manifest`, {
        hint: 'A manifest is a text file with a line a nodule; a single scan goes to --ct.',
      })
    }
    return await readFile(path)
  } catch (error) {
    if (error instanceof SpiculaError) throw error
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT') {
      throw new SpiculaError('cohort/not-found', `${path}: no such file`, { hint: 'Check the path of the manifest.' })
    }
    const reason = code === 'EISDIR' ? 'it is a folder' : String(code ?? error)
    throw new SpiculaError('cohort/unreadable', `${path}: cannot be read (${reason})`, { cause: error })
  }
}

function decode(bytes: Uint8Array, name: string): { text: string; notes: Note[] } {
  const [a, b] = bytes
  if (a === 0x1f && b === 0x8b) throw binaryError(name, 'a gzip file')
  if (a === 0x50 && b === 0x4b && bytes[2] === 3) throw binaryError(name, 'a workbook or zip archive')
  if (a === 0xff && b === 0xfe) return { text: new TextDecoder('utf-16le').decode(bytes), notes: [] }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), notes: [] }
  } catch {
    const text = new TextDecoder('windows-1252').decode(bytes)
    const message = `${name}: not UTF-8, read as Windows-1252; check names with accents`
    return { text, notes: [{ code: 'cohort/encoding', message }] }
  }
}
