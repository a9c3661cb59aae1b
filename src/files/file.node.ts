import { constants, type Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { SpiculaError } from '../error.ts'

/** Size and kind of a regular file that is not empty. */
export async function statFile(path: string): Promise<Stats> {
  const name = basename(path)
  let stats: Stats
  try {
    stats = await stat(path)
  } catch (error) {
    throw fileError(name, error)
  }
  if (stats.isDirectory()) {
    throw new SpiculaError('volume/format', `${name}: is a folder, not a file`)
  }
  if (!stats.isFile()) throw new SpiculaError('volume/format', `${name}: is neither a file nor a folder`)
  if (stats.size === 0) {
    throw new SpiculaError('volume/empty', `${name}: the file is empty (0 bytes)`, {
      hint: 'A copy or download stopped before its first byte: repeat it.',
    })
  }
  return stats
}

/** Opens a file for as long as `body` runs. Errors of the file system come out as SpiculaError. */
export async function withFile<T>(path: string, body: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle | undefined
  try {
    file = await open(path, constants.O_RDONLY)
    return await body(file)
  } catch (error) {
    throw error instanceof SpiculaError ? error : fileError(basename(path), error)
  } finally {
    await file?.close()
  }
}

/** An error of the file system in our words; the path stays out of it, folders carry patients' names. */
export function fileError(name: string, error: unknown): SpiculaError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new SpiculaError('volume/missing', `${name}: there is no such file`, {
      hint: 'Check the path; relative paths in a manifest are relative to the manifest.',
    })
  }
  const why = code === 'EACCES' || code === 'EPERM' ? 'no permission to read it' : `the system says ${code}`
  return new SpiculaError('volume/unreadable', `${name}: cannot be read, ${why}`)
}

/** The first of some paths at which there is something. */
export async function firstExisting(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const there = await stat(path).then(
      () => true,
      () => false,
    )
    if (there) return path
  }
  return undefined
}
