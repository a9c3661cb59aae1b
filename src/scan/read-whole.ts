import { SpiculaError } from '../error.ts'
import type { Scan } from './scan.ts'

/** Slices read at a time. */
const SLAB = 16

/**
 * All voxels of a scan in HU, in the smallest type that holds them without loss: int16, else int32 where they are
 * whole numbers, else float32.
 * @param onSlice called after every slice, for progress
 * @throws SpiculaError `volume/memory`, and those of the scan's reader
 * @example await writeNifti('scan.nii.gz', { voxels: await readWhole(scan), shapeIjk, affineLps })
 */
export async function readWhole(
  scan: Scan,
  onSlice: () => void = () => {},
): Promise<Int16Array | Int32Array | Float32Array> {
  const [ni, nj, nk] = scan.shapeIjk
  let out: Int16Array | Int32Array | Float32Array = reserve(scan, Int16Array)
  for (let k = 0; k < nk; k += SLAB) {
    const count = Math.min(SLAB, nk - k)
    const slab = await scan.readHu({ startIjk: [0, 0, k], sizeIjk: [ni, nj, count] })
    if (out instanceof Int16Array && !slab.every((value) => value === Math.round(value) && Math.abs(value) <= 32767)) {
      const wider = slab.every(Number.isInteger) && slab.every((value) => Math.abs(value) < 2 ** 31)
      const next: Int32Array | Float32Array = wider ? reserve(scan, Int32Array) : reserve(scan, Float32Array)
      next.set(out.subarray(0, k * ni * nj))
      out = next
    } else if (
      out instanceof Int32Array &&
      !slab.every((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31)
    ) {
      const next: Float32Array = reserve(scan, Float32Array)
      next.set(out.subarray(0, k * ni * nj))
      out = next
    }
    out.set(slab, k * ni * nj)
    for (let n = 0; n < count; n++) onSlice()
  }
  return out
}

function reserve<Voxels>({ name, shapeIjk: [ni, nj, nk] }: Scan, type: new (length: number) => Voxels): Voxels {
  try {
    return new type(ni * nj * nk)
  } catch (cause) {
    throw new SpiculaError('volume/memory', `${name}: no memory for ${ni} x ${nj} x ${nk} voxels`, { cause })
  }
}
