import { SpiculaError } from '../error.ts'
import { fileSource } from './bytes.node.ts'
import { readPrefix } from './bytes.ts'
import { isImageOfPair, openNifti } from './nifti.node.ts'
import { niftiKind } from './nifti-fields.ts'
import { NIFTI_PREFIX_BYTES } from './nifti-header.ts'
import type { Scan } from './volume.ts'

const SUPPORTED = 'Supported: NIfTI-1 and NIfTI-2 (.nii, .nii.gz, .hdr with .img).'

/** Formats that users hold and that we know by their first bytes, to say more than "unknown". */
const KNOWN: readonly (readonly [format: string, at: number, magic: string])[] = [
  ['a DICOM file', 128, 'DICM'],
  ['NRRD', 0, 'NRRD'],
  ['MetaImage', 0, 'ObjectType'],
  ['MetaImage', 0, 'NDims'],
  ['a NumPy array', 0, '\x93NUMPY'],
  ['a zip archive', 0, 'PK\x03\x04'],
  ['an MGH volume', 0, '\x00\x00\x00\x01\x00\x00'],
]

/**
 * Opens a scan, in whatever format its content shows. Reads the header only.
 * @param path a file
 * @throws SpiculaError `volume/missing`, `volume/format` where it is no format that is read, and the codes of its reader
 * @example
 * const scan = await openScan('scan.nii.gz')
 * scan.shapeIjk // [512, 512, 300]
 */
export async function openScan(path: string): Promise<Scan> {
  if (isImageOfPair(path)) return openNifti(path)
  const source = await fileSource(path)
  const bytes = await readPrefix(source, NIFTI_PREFIX_BYTES)
  // A name may speak where the content cannot: a NIfTI file that was cut within its header.
  if (niftiKind(bytes) !== undefined || (bytes.length < 348 && /\.(nii|hdr)(\.gz)?$/i.test(path)))
    return openNifti(path)
  const known = KNOWN.find(([, at, magic]) => startsWith(bytes, at, magic))
  const what = known ? `${known[0]}, which is not read yet` : 'not a scan in a format that is read'
  throw new SpiculaError('volume/format', `${source.name}: ${what}`, { hint: SUPPORTED })
}

const startsWith = (bytes: Uint8Array, at: number, magic: string): boolean =>
  [...magic].every((character, n) => bytes[at + n] === character.charCodeAt(0))
