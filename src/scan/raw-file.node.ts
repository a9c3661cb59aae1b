/** MetaImage and NRRD from the disk: a header, and voxels behind it or in a file beside it. */
import { basename, dirname, join } from 'node:path'
import { SpiculaError } from '../error.ts'
import { fileSource, plainFileSource } from '../files/bytes.node.ts'
import { type ByteSource, readPrefix } from '../files/bytes.ts'
import { statFile } from '../files/file.node.ts'
import { inflatedSource } from '../files/inflated.node.ts'
import { safePath } from '../files/zip.ts'
import { checkBox, voxelCount } from './box.ts'
import { type Labels, segmentsOf } from './labels.ts'
import { METAIMAGE_PREFIX_BYTES, parseMetaImage } from './metaimage.ts'
import { NRRD_PREFIX_BYTES, type NrrdHeader, parseNrrd } from './nrrd.ts'
import { type RawHeader, rawScan } from './raw-scan.ts'
import type { Scan, Triple } from './scan.ts'
import { BYTES_PER_VOXEL } from './voxel-type.ts'

/**
 * Opens a MetaImage: .mha, or .mhd with its .raw or .zraw. Reads the header only.
 * @throws SpiculaError those of {@link parseMetaImage}; `volume/missing`, `volume/header` for a data file elsewhere
 * @example const scan = await openMetaImage('1.3.6.1.4.1.14519.5.2.1.6279.6001.mhd')
 */
export async function openMetaImage(path: string): Promise<Scan> {
  const name = basename(path)
  const header = parseMetaImage(await readPrefix(await fileSource(path), METAIMAGE_PREFIX_BYTES), name)
  const dataFile = header.dataFile === 'LOCAL' ? undefined : header.dataFile
  return openVoxels(path, header, { dataFile, skip: header.headerSize })
}

/**
 * Opens an NRRD: .nrrd, or .nhdr with its data file. Reads the header only.
 * @throws SpiculaError those of {@link parseNrrd}; `volume/shape` where it holds several volumes; `volume/missing`,
 *   `volume/header` for a data file elsewhere
 * @example const scan = await openNrrd('scan.nrrd')
 */
export async function openNrrd(path: string): Promise<Scan> {
  const header = await nrrdHeader(path)
  if (header.volumes === 1) return openVoxels(path, header, { dataFile: header.dataFile, skip: header.byteSkip })
  throw new SpiculaError('volume/shape', `${basename(path)}: ${header.volumes} volumes are no scan`, {
    hint: 'A segmentation of several layers goes to "spicula cohort from mask"; of others, save the volume that is meant.',
  })
}

const nrrdHeader = async (path: string): Promise<NrrdHeader> =>
  parseNrrd(await readPrefix(await fileSource(path), NRRD_PREFIX_BYTES), basename(path))

/**
 * Opens an NRRD of labels, 3D Slicer's .seg.nrrd among them: its layers, and the segments that its header names.
 * @throws SpiculaError as {@link openNrrd}, but for several volumes
 * @example const { layers, segments } = await openNrrdLabels('nodules.seg.nrrd')
 */
export async function openNrrdLabels(path: string): Promise<Labels> {
  const name = basename(path)
  const header = await nrrdHeader(path)
  const { volumes, sideBySide } = header
  // All volumes as one: longer rows where they lie side by side, more slices where one follows the other.
  const [ni, nj, nk] = header.shapeIjk
  const shapeIjk: Triple = sideBySide ? [ni * volumes, nj, nk] : [ni, nj, nk * volumes]
  const all = await openVoxels(path, { ...header, shapeIjk }, { dataFile: header.dataFile, skip: header.byteSkip })
  const layers =
    volumes === 1
      ? [all]
      : Array.from({ length: volumes }, (_, n) => layer(all, header.shapeIjk, { n, volumes, sideBySide }))
  return { name, layers, segments: segmentsOf(header.pairs, volumes, name) }
}

/** One of several volumes that are stored together. */
function layer(
  all: Scan,
  shapeIjk: Triple,
  { n, volumes, sideBySide }: { n: number; volumes: number; sideBySide: boolean },
): Scan {
  return {
    ...all,
    shapeIjk,
    async readHu(box) {
      checkBox({ name: all.name, shapeIjk }, box)
      const [i, j, k] = box.startIjk
      const [ni, nj, nk] = box.sizeIjk
      if (!sideBySide) return all.readHu({ startIjk: [i, j, k + n * shapeIjk[2]], sizeIjk: box.sizeIjk })
      const beside = await all.readHu({ startIjk: [i * volumes, j, k], sizeIjk: [ni * volumes, nj, nk] })
      return Float32Array.from({ length: ni * nj * nk }, (_, v) => beside[v * volumes + n])
    },
  }
}

type FileHeader = RawHeader & { readonly compressed: boolean; readonly headerEnd: number }

async function openVoxels(
  path: string,
  header: FileHeader,
  { dataFile, skip }: { dataFile: string | undefined; skip: number },
): Promise<Scan> {
  const file = dataFile === undefined ? path : beside(path, dataFile)
  const { size } = await statFile(file)
  const start = dataFile === undefined ? header.headerEnd : 0
  const voxelBytes = voxelCount({ sizeIjk: header.shapeIjk }) * BYTES_PER_VOXEL[header.type]
  const source: ByteSource = header.compressed
    ? inflatedSource(file, { start, end: Math.max(start, size) })
    : plainFileSource(file, basename(file), size)
  const voxelOffset = header.compressed ? Math.max(0, skip) : skip < 0 ? size - voxelBytes : start + skip
  if (voxelOffset < start && !header.compressed) {
    throw new SpiculaError('volume/truncated', `${basename(file)}: ${size} bytes are fewer than its voxels`, {
      hint: 'The file was cut short: copy or download it again.',
    })
  }
  return rawScan(basename(path), { ...header, voxelOffset }, source)
}

/** The data file of a header: named from the header's folder, and inside it. */
function beside(path: string, dataFile: string): string {
  const inside = safePath(dataFile)
  if (inside !== undefined) return join(dirname(path), inside)
  throw new SpiculaError('volume/header', `${basename(path)}: its data file lies outside its folder`, {
    hint: 'Put both files into one folder, and write the bare name of the data file into the header.',
  })
}
