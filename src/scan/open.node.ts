import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { SpiculaError } from '../error.ts'
import { fileSource } from '../files/bytes.node.ts'
import { readPrefix } from '../files/bytes.ts'
import { isTorch } from '../files/torch/file.ts'
import { isDicom } from './dicom/file.ts'
import { isMetaImage } from './metaimage.ts'
import { niftiKind } from './nifti/fields.ts'
import { NIFTI_PREFIX_BYTES } from './nifti/header.ts'
import { isImageOfPair, openNifti } from './nifti/nifti.node.ts'
import { isNrrd } from './nrrd.ts'
import { openMetaImage, openNrrd } from './raw-file.node.ts'
import type { Scan } from './scan.ts'

const SUPPORTED =
  'Supported: NIfTI-1 and NIfTI-2 (.nii, .nii.gz, .hdr with .img), DICOM (a folder, a file, a zip, a DICOMDIR), ' +
  'MetaImage (.mhd, .mha), NRRD (.nrrd, .nhdr), a crop of torch.save (.pt).'

/** Formats that users hold and that we know by their first bytes, to say more than "unknown". */
const KNOWN: readonly (readonly [format: string, at: number, magic: string])[] = [
  ['a NumPy array', 0, '\x93NUMPY'],
  ['an MGH volume', 0, '\x00\x00\x00\x01\x00\x00'],
]

/**
 * Opens a scan, in whatever format its content shows. Reads headers only.
 * @param path a file or, for DICOM, a folder. Where a folder or archive holds several series, `#` and the ending of a
 *   Series Instance UID behind the path name one
 * @throws SpiculaError `volume/missing`, `volume/format` where it is not a format that is read, and the codes of its
 *   reader
 * @example
 * const scan = await openScan('scan.nii.gz')
 * scan.shapeIjk // [512, 512, 300]
 * @example const scan = await openScan('study.zip#48283260')
 */
export async function openScan(path: string): Promise<Scan> {
  const named = /^(.+)#([0-9.]+)$/.exec(path)
  if (named && !existsSync(path)) return dicom(named[1], named[2])
  if ((await stat(path).catch(() => undefined))?.isDirectory()) return dicom(path)
  if (isImageOfPair(path)) return openNifti(path)
  const source = await fileSource(path)
  const bytes = await readPrefix(source, NIFTI_PREFIX_BYTES)
  // A name may speak where the content cannot: a NIfTI file that was cut within its header.
  if (niftiKind(bytes) !== undefined || (bytes.length < 348 && /\.(nii|hdr)(\.gz)?$/i.test(path)))
    return openNifti(path)
  if (isTorch(bytes)) return (await import('./torch-crop.node.ts')).openTorchCrop(path)
  if (isDicom(bytes) || startsWith(bytes, 0, 'PK\x03\x04')) return dicom(path)
  if (isMetaImage(bytes)) return openMetaImage(path)
  if (isNrrd(bytes)) return openNrrd(path)
  const known = KNOWN.find(([, at, magic]) => startsWith(bytes, at, magic))
  const what = known ? `${known[0]}, which is not read` : 'not a scan in a format that is read'
  throw new SpiculaError('volume/format', `${source.name}: ${what}`, { hint: SUPPORTED })
}

/** DICOM is half of this room: it is loaded when a scan turns out to be one. */
const dicom = async (path: string, series?: string): Promise<Scan> =>
  (await import('./dicom/dicom.node.ts')).openDicom(path, series)

const startsWith = (bytes: Uint8Array, at: number, magic: string): boolean =>
  [...magic].every((character, n) => bytes[at + n] === character.charCodeAt(0))
