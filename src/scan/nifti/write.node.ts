import { randomUUID } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { SpiculaError } from '../../error.ts'
import { encodeNifti, type NiftiImage } from './write.ts'

// CT noise hardly compresses better at higher levels, which take several times as long.
const GZIP_LEVEL = 1

/**
 * Writes a NIfTI file, gzipped where the name ends in .gz. The file appears whole or not at all: it is written under a
 * temporary name in the same folder and renamed.
 * @throws SpiculaError `volume/unwritable`, and the codes of {@link encodeNifti}
 * @example await writeNifti('crop.nii.gz', { voxels: hu, shapeIjk: [100, 100, 100], affineLps })
 */
export async function writeNifti(path: string, image: NiftiImage): Promise<void> {
  const nifti = encodeNifti(image)
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`)
  try {
    await writeFile(temporary, /\.gz$/i.test(path) ? await promisify(gzip)(nifti, { level: GZIP_LEVEL }) : nifti)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const likely: Record<string, string> = {
      ENOENT: 'its folder does not exist',
      EACCES: 'no permission to write there',
      EROFS: 'the disk is read-only',
      ENOSPC: 'the disk is full',
      EISDIR: 'a folder has this name',
    }
    throw new SpiculaError('volume/unwritable', `${basename(path)}: ${likely[code] ?? `the system says ${code}`}`)
  }
}
