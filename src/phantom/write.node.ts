/** Phantoms as files: NIfTI and DICOM. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../files/atomic.node.ts'
import { writeNifti } from '../scan/nifti/write.node.ts'
import { VERSION } from '../version.ts'
import type { Phantom, PhantomVolume } from './phantom.ts'
import { ctSlice } from './scan/dicom-ct.ts'
import { phantomSpecJson } from './spec-json.ts'

export const FORMATS = ['nifti', 'dicom', 'both'] as const
export type Format = (typeof FORMATS)[number]

/** Where a scan's files go, relative to the folder of the cohort. */
export interface ScanPaths {
  readonly nifti: string
  readonly dicom: string
}

/** The path by which a manifest names the scan. */
export const imagePathOf = ({ nifti, dicom }: ScanPaths, format: Format): string => (format === 'dicom' ? dicom : nifti)

/**
 * Writes a scan in one or both formats.
 * @param pid the patient's identifier in DICOM
 * @throws SpiculaError `volume/unwritable`, `file/unwritable`
 */
export async function writePhantom(
  folder: string,
  { nifti, dicom }: ScanPaths,
  phantom: Phantom,
  volume: PhantomVolume,
  pid: string,
  format: Format,
): Promise<void> {
  if (format !== 'dicom') {
    await writeNifti(join(folder, nifti), {
      ...volume,
      description: `synthetic, spicula ${VERSION}, for research use`,
    })
  }
  if (format === 'nifti') return
  const series = { pid, grid: phantom.grid, scanner: phantom.scanner, identity: phantomSpecJson(phantom.spec) }
  await mkdir(join(folder, dicom), { recursive: true })
  const [ni, nj, nk] = volume.shapeIjk
  const digits = String(nk).length
  for (let k = 0; k < nk; k++) {
    const slice = volume.voxels.subarray(k * ni * nj, (k + 1) * ni * nj)
    const name = `${String(k + 1).padStart(digits, '0')}.dcm`
    await writeFileAtomic(join(folder, dicom, name), ctSlice(series, slice, k))
  }
}
