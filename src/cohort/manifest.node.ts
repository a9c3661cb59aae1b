import { dirname, resolve } from 'node:path'
import { readRecords } from '../files/table.node.ts'
import type { Frame } from './frame.ts'
import { type Manifest, manifestOf } from './manifest.ts'
import type { CohortRow } from './row.ts'

/** A row that knows where its scan lies. */
export interface LocatedRow extends CohortRow {
  /** Absolute path of the scan: a file, or a folder of DICOM slices. Not checked to exist. */
  readonly imageFile: string
}

export interface LocatedManifest extends Manifest {
  readonly rows: readonly LocatedRow[]
}

/**
 * Reads a manifest from a file. Relative image paths are relative to the manifest's folder, absolute ones stay.
 * @param path of the manifest
 * @param frame of its points, `lps` by default
 * @throws SpiculaError those of {@link readRecords} and of {@link parseManifest}
 * @example
 * const { rows, problems } = await readManifest('cohort.csv', { frame: 'ras' })
 */
export async function readManifest(path: string, { frame = 'lps' }: { frame?: Frame } = {}): Promise<LocatedManifest> {
  const manifest = manifestOf(await readRecords(path), { frame })
  const folder = dirname(resolve(path))
  const rows = manifest.rows.map((row) => ({ ...row, imageFile: resolve(folder, nativePath(row.imagePath)) }))
  return { ...manifest, rows }
}

/** Tables made on Windows: "cubes\a.nii.gz" is a file in a folder everywhere. */
const nativePath = (path: string): string => (path.includes('/') ? path : path.replaceAll('\\', '/'))
