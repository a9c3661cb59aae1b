/** A model folder that appears whole or not at all. */
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { SpiculaError } from '../error.ts'

/**
 * Makes a folder: what `fill` writes into a temporary one beside it takes its name at the end.
 * @throws SpiculaError `inference/exists` where something is there already; and what `fill` throws, then nothing stays
 * @example await makeWholeFolder('models/base', (folder) => writeFileAtomic(join(folder, 'config.json'), json))
 */
export async function makeWholeFolder<T>(path: string, fill: (folder: string) => Promise<T>): Promise<T> {
  const target = resolve(path)
  const exists = (cause?: unknown) =>
    new SpiculaError('inference/exists', `the model folder ${path} cannot be made`, {
      hint: 'Its parent must exist, and it must not: nothing is overwritten.',
      cause,
    })
  if (await stat(target).catch(() => undefined)) throw exists()
  const parts = join(dirname(target), `.${basename(target)}.spicula-${process.pid}.tmp`)
  try {
    await mkdir(parts)
  } catch (cause) {
    throw exists(cause)
  }
  try {
    const result = await fill(parts)
    await rename(parts, target)
    return result
  } catch (error) {
    await rm(parts, { recursive: true, force: true })
    throw error
  }
}
