import { randomUUID } from 'node:crypto'
import { copyFile, open, realpath, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SpiculaError } from '../error.ts'

/**
 * Writes a file so that at any moment its path holds either the old content or the new, whole: a temporary file in the
 * same folder, flushed to the disk, then renamed. A link keeps pointing where it points; a device or pipe is written
 * to directly.
 * @param data text (UTF-8) or bytes
 * @throws SpiculaError `file/unwritable` saying why; no temporary file stays behind
 * @example await writeFileAtomic('results.csv', predictionsCsv(predictions, { folds: 5 }))
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  try {
    const existing = await stat(path).catch(() => undefined)
    if (existing && !existing.isFile() && !existing.isDirectory()) return await writeFile(path, data)
    const target = existing ? await realpath(path) : path
    await replace(target, data, existing?.mode)
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

/**
 * Copies a file; the target appears whole or not at all.
 * @throws SpiculaError `file/unwritable` saying why
 * @example await copyFileAtomic('base/base.safetensors', 'runs/a/model/base.safetensors')
 */
export async function copyFileAtomic(from: string, to: string): Promise<void> {
  const temporary = temporaryBeside(to)
  try {
    await copyFile(from, temporary)
    await rename(temporary, to)
  } catch (cause) {
    await unlink(temporary).catch(() => undefined)
    throw unwritable(to, cause)
  }
}

/** The error of a file that cannot be written, saying why. */
export function unwritable(path: string, cause: unknown): SpiculaError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : cause
  return new SpiculaError('file/unwritable', `${path}: cannot be written (${reasons[String(code)] ?? code})`, {
    cause,
    hint: 'Choose another place, or make room or permission there.',
  })
}

/** A short name of its own: the target's may already be as long as the disk allows, and threads share a process id. */
const temporaryBeside = (path: string): string => join(dirname(path), `.spicula-${randomUUID()}.tmp`)

const reasons: Record<string, string> = {
  ENOENT: 'its folder does not exist',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'its name is too long',
}

async function replace(path: string, data: string | Uint8Array, mode: number | undefined): Promise<void> {
  const temporary = temporaryBeside(path)
  const file = await open(temporary, 'wx', mode)
  try {
    try {
      await file.writeFile(data)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
}
