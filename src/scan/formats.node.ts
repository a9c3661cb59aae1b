/**
 * The formats of scans: what each is called, how it is known, how it is opened. Hints, help and look-ups come from here:
 * a new format is its reader and an entry in this list.
 */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isTorch } from '../files/torch/file.ts'
import { isDicom } from './dicom/start.ts'
import type { Labels } from './labels.ts'
import { isMetaImage } from './metaimage.ts'
import { niftiKind } from './nifti/fields.ts'
import { isImageOfPair, openNifti } from './nifti/nifti.node.ts'
import { isNrrd } from './nrrd.ts'
import { openMetaImage, openNrrd, openNrrdLabels } from './raw-file.node.ts'
import type { Scan, Scans } from './scan.ts'

/** One format of scans. */
export interface ScanFormat {
  /** As messages and help call it. */
  readonly name: string
  /** Endings of its files' names, in lower case; '' stands for a folder. */
  readonly endings: readonly string[]
  /** Whether a file is of this format, by its first bytes (inflated), or by its name where these cannot tell. */
  readonly isIt: (bytes: Uint8Array, path: string) => boolean
  /** Opens a file, or a folder where it has the ending '', reading headers only; of several series the named one. */
  readonly open: (path: string, series?: string) => Promise<Scans>
  /** Opens label volumes, where a file can hold several of them or name them. */
  readonly openLabels?: (path: string) => Promise<Labels>
}

/** A format whose files are one scan each. */
const oneScan =
  (open: (path: string) => Promise<Scan>): ScanFormat['open'] =>
  async (path) => {
    const scan = await open(path)
    return { at: () => scan }
  }

/** A pair's voxels tell nothing, nor does a NIfTI file that was cut within its header: their names do. */
const isNifti: ScanFormat['isIt'] = (bytes, path) =>
  niftiKind(bytes) !== undefined ||
  (bytes.length < 348 && /\.(nii|hdr)(\.gz)?$/i.test(path)) ||
  (isImageOfPair(path) && !isDicom(bytes))

const isZip = (bytes: Uint8Array): boolean => String.fromCharCode(...bytes.subarray(0, 4)) === 'PK\x03\x04'

/** What folders hold, and what a `#series` behind a path means. */
export const ofFolders: ScanFormat = {
  name: 'DICOM',
  endings: ['.dcm', '.zip', ''],
  isIt: (bytes) => isDicom(bytes) || isZip(bytes),
  open: async (path, series) => (await import('./dicom/dicom.node.ts')).openDicomScans(path, series),
}

/** In the order in which they are tried: a file of PyTorch is a zip archive too. Large readers load when they are needed. */
export const SCAN_FORMATS: readonly ScanFormat[] = [
  {
    name: 'NIfTI',
    endings: ['.nii.gz', '.nii', '.hdr', '.img', '.hdr.gz', '.img.gz'],
    isIt: isNifti,
    open: oneScan(openNifti),
  },
  {
    name: "a nodule's crop of torch.save",
    endings: ['.pt'],
    isIt: isTorch,
    open: oneScan(async (path) => (await import('./torch-crop.node.ts')).openTorchCrop(path)),
  },
  ofFolders,
  { name: 'MetaImage', endings: ['.mhd', '.mha'], isIt: isMetaImage, open: oneScan(openMetaImage) },
  { name: 'NRRD', endings: ['.nrrd', '.nhdr'], isIt: isNrrd, open: oneScan(openNrrd), openLabels: openNrrdLabels },
]

/** The formats for a sentence: `NIfTI, ..., DICOM, MetaImage, NRRD`. */
export const FORMAT_NAMES = SCAN_FORMATS.map(({ name }) => name).join(', ')

/** The formats with their endings, for a hint. */
export const FORMATS_IN_FULL = SCAN_FORMATS.map(
  ({ name, endings }) => `${name} (${endings.map((ending) => ending || 'a folder').join(', ')})`,
).join(', ')

/** All endings, a longer one before the one that it ends in; the folder's last. */
const ENDINGS = SCAN_FORMATS.flatMap(({ endings }) => endings).sort((a, b) => b.split('.').length - a.split('.').length)

/**
 * The name of a scan's file without its ending.
 * @example stemOf('ct/1.3.6.1.nii.gz') // '1.3.6.1'
 */
export function stemOf(path: string): string {
  const name = basename(path)
  const ending = ENDINGS.find((one) => name.toLowerCase().endsWith(one)) ?? ''
  return name.slice(0, name.length - ending.length)
}

/**
 * The scans of a name in a folder, in whatever formats they are there; a folder of that name last.
 * @example scansIn('ct', '1.3.6.1') // ['ct/1.3.6.1.nii.gz']
 */
export const scansIn = (folder: string, name: string): string[] =>
  ENDINGS.map((ending) => join(folder, `${name}${ending}`)).filter((path) => existsSync(path))
