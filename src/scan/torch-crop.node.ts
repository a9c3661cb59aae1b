/**
 * A crop round a nodule that the published project keeps: `cropped_img/{pid}_{nodule_id}.pt`, a tensor of torch.save.
 */
import { SpiculaError } from '../error.ts'
import { fileSource } from '../files/bytes.node.ts'
import { openTorch } from '../files/torch/file.ts'
import { isTensor } from '../files/torch/tensor.ts'
import { memoryScan } from './memory-scan.ts'
import type { Scan } from './scan.ts'
import { type StoredType, storedToHu } from './voxel-type.ts'

/** Larger on an axis, it is not a crop. */
const MOST_VOXELS = 1024
const TYPES: ReadonlySet<string> = new Set<StoredType>([
  'float32',
  'float64',
  'int64',
  'int32',
  'int16',
  'int8',
  'uint8',
])

/**
 * Opens a crop: HU, [z, y, x] or [1, z, y, x], 1 mm, axes along L, P, S, the nodule at index floor(n / 2) of each. That
 * index becomes the world's origin: a row of a manifest that names a crop has the coordinates 0, 0, 0. On a volume of
 * 1 mm both geometries read the voxels as they are, so a crop goes to the model unchanged.
 * @throws SpiculaError `volume/crop` where the file holds something else; those of `openTorch`
 * @example const scan = await openTorchCrop('cropped_img/100012_1.pt') // scan.shapeIjk: [100, 100, 100]
 */
export async function openTorchCrop(path: string): Promise<Scan> {
  const file = await openTorch(await fileSource(path))
  const { name, value } = file
  const refuse = (what: string): never => {
    throw new SpiculaError('volume/crop', `${name}: ${what}`, {
      hint: "A nodule's crop is meant: a tensor of HU [z, y, x], as the published project keeps in cropped_img/.",
    })
  }
  if (!isTensor(value)) return refuse('a file of PyTorch that holds no single tensor')
  const sizes = value.shape.length === 4 && value.shape[0] === 1 ? value.shape.slice(1) : value.shape
  const [nk, nj, ni] = sizes
  if (sizes.length !== 3 || !sizes.every((size) => size > 0 && size <= MOST_VOXELS))
    return refuse(`a tensor [${value.shape.join(', ')}] is not a crop`)
  const type = value.storage.dtype
  if (!isStoredType(type)) return refuse(`its numbers are ${type}`)
  const raw = new Uint8Array(await file.read(value))
  const hu = storedToHu(raw, { type, littleEndian: true, slope: 1, intercept: 0 })
  const [x, y, z] = [ni, nj, nk].map((size) => -Math.floor(size / 2))
  return memoryScan(hu, [ni, nj, nk], [1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z], { name })
}

const isStoredType = (type: string): type is StoredType => TYPES.has(type)
