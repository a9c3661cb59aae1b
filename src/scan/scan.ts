/**
 * A CT as the rest of Spicula sees it: geometry at once, voxels only where asked.
 * World points are millimetres in LPS (x to the patient's left, y to posterior, z to superior: DICOM PS3.3 C.7.6.2.1.1).
 */
import type { Note } from '../error.ts'

export type { Note }

/** Three numbers: a voxel index (i, j, k), a point or vector in mm, or a size. */
export type Triple = readonly [number, number, number]

/**
 * Row-major 3x4 affine: world = A[:, 0..2] * index + A[:, 3], twelve numbers.
 * A voxel's centre is at its integer index.
 */
export type Affine = readonly number[]

/** A box of voxels: first index and number of voxels on each stored axis. */
export interface Box {
  readonly startIjk: Triple
  readonly sizeIjk: Triple
}

/** An opened scan. */
export interface Scan {
  /** Name for messages: the file's base name, never its content's identifiers. */
  readonly name: string
  /** Voxels on each stored axis; i varies fastest in memory. */
  readonly shapeIjk: Triple
  /** Voxel index to world LPS mm. */
  readonly affineLps: Affine
  /** What was odd but readable. */
  readonly notes: readonly Note[]
  /**
   * Voxels of a box inside the scan, rescaled to HU (stored * slope + intercept).
   * Reads no more of the file than the box needs.
   * @returns float32, length i*j*k, i fastest: data[i + ni * (j + nj * k)]
   * @throws SpiculaError `volume/box` for a box outside the scan, `volume/truncated` and its kin for a bad file
   */
  readHu(box: Box): Promise<Float32Array>
  /** Where a folder holds several series: which others hold a point, in words; undefined where none does. */
  readonly elsewhere?: (pointLps: Triple) => string | undefined
}

/** What lies at a path: mostly one scan; of a folder of several series a nodule's point may decide. */
export interface Scans {
  /**
   * The scan that holds a point best, or without one the best.
   * @throws SpiculaError where several could be meant
   */
  at(pointLps?: Triple): Scan
}
