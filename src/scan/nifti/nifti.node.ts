import { basename, dirname, join } from 'node:path'
import { SpiculaError } from '../../error.ts'
import { fileSource } from '../../files/bytes.node.ts'
import { type ByteSource, readPrefix } from '../../files/bytes.ts'
import { firstExisting } from '../../files/file.node.ts'
import type { Scan } from '../scan.ts'
import { NIFTI_PREFIX_BYTES, parseNiftiHeader } from './header.ts'
import { niftiScan } from './nifti.ts'

/** `scan`, `img` and `.gz` of a name such as scan.img.gz. */
const PAIR_NAME = /^(.+)\.(hdr|img)(\.gz)?$/i

/**
 * Opens a NIfTI-1 or NIfTI-2 scan: .nii, .nii.gz, or a pair .hdr and .img (either name, each with or without .gz).
 * Reads the header only.
 * @throws SpiculaError `volume/missing`, `volume/format` (also Analyze 7.5), `volume/truncated`, `volume/orientation`
 *   and the other codes of {@link parseNiftiHeader}
 * @example
 * const scan = await openNifti('scan.nii.gz')
 * const hu = await scan.readHu({ startIjk: [0, 0, 0], sizeIjk: [64, 64, 16] }) // float32, i fastest
 */
export async function openNifti(path: string): Promise<Scan> {
  const headerPath = isImageOfPair(path) ? await partner(path, 'hdr') : path
  const source = await fileSource(headerPath)
  const header = parseNiftiHeader(await readPrefix(source, NIFTI_PREFIX_BYTES), source.name)
  return niftiScan(basename(path), header, header.singleFile ? source : await imageSource(headerPath))
}

/** Whether a name is that of the voxels of a pair, whose content tells nothing. */
export const isImageOfPair = (path: string): boolean => PAIR_NAME.exec(basename(path))?.[2]?.toLowerCase() === 'img'

async function imageSource(headerPath: string): Promise<ByteSource> {
  const name = basename(headerPath)
  if (!PAIR_NAME.test(name)) {
    throw new SpiculaError('volume/missing', `${name}: is the header of a pair; its voxels are in an .img file`, {
      hint: 'Name the two files alike, ending in .hdr and .img.',
    })
  }
  return fileSource(await partner(headerPath, 'img'))
}

/** The other file of a pair; the same compression and case first. */
async function partner(path: string, extension: 'hdr' | 'img'): Promise<string> {
  const [, stem = '', given = '', gz = ''] = PAIR_NAME.exec(basename(path)) ?? []
  const cased = given === given.toUpperCase() ? extension.toUpperCase() : extension
  const names = [`${stem}.${cased}${gz}`, `${stem}.${cased}${gz === '' ? '.gz' : ''}`]
  const found = await firstExisting(names.map((name) => join(dirname(path), name)))
  if (found !== undefined) return found
  throw new SpiculaError('volume/missing', `${basename(path)}: its other half ${names[0]} is not beside it`, {
    hint: 'A pair of files is one scan: keep both in one folder, named alike.',
  })
}
