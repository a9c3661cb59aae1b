/**
 * Where a file's data set begins and how it is stored. PS3.10 says both in a preamble and in group 2; files lose either,
 * or name one transfer syntax and are written in another. What other readers read is read where the data prove it.
 */
import { SpiculaError } from '../../error.ts'
import { type Dataset, type Encoding, MoreBytesNeeded, parseDataset } from './dataset.ts'
import {
  DEFAULT_SYNTAX,
  EXPLICIT_BIG_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  type TransferSyntax,
  transferSyntax,
  unreadSyntax,
} from './syntax.ts'
import { text } from './values.ts'

/** The beginning of a DICOM file. */
export interface FileStart {
  /** First byte of the data set. */
  readonly at: number
  /** As the data set is stored. */
  readonly syntax: TransferSyntax
  /** Group 2, where there is one. */
  readonly meta: Dataset | undefined
  /** What is not as the standard has it, for a note. */
  readonly odd: string | undefined
}

const PREAMBLE = 128
/** Two letters that stand between an attribute's tag and its length (PS3.5 6.2). */
const VRS = new Set(
  'AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV'.split(' '),
)

const hasPrefix = (bytes: Uint8Array): boolean =>
  String.fromCharCode(...bytes.subarray(PREAMBLE, PREAMBLE + 4)) === 'DICM'

const letters = (bytes: Uint8Array, at: number): string => String.fromCharCode(bytes[at], bytes[at + 1])

/** Group 2 at once, its preamble lost: explicit little endian, its first attributes have low numbers. */
const isMeta = (bytes: Uint8Array): boolean =>
  bytes[0] === 2 && bytes[1] === 0 && bytes[2] <= 0x20 && bytes[3] === 0 && VRS.has(letters(bytes, 4))

/** A data set at once, as in old archives: it begins with an attribute of group 8, low numbers first. */
function isBare(bytes: Uint8Array): boolean {
  if (bytes.length < PREAMBLE + 4 || bytes[0] !== 8 || bytes[1] !== 0 || bytes[3] !== 0 || bytes[2] > 0x20) return false
  return /^(UL|CS|UI|DA|TM|SH|LO)$/.test(letters(bytes, 4)) || (bytes[6] === 0 && bytes[7] === 0)
}

/**
 * Whether a file is DICOM: the prefix DICM behind 128 bytes (PS3.10 7.1), or group 2 or a data set at once.
 * @param bytes the first 132 bytes
 */
export const isDicom = (bytes: Uint8Array): boolean => hasPrefix(bytes) || isMeta(bytes) || isBare(bytes)

/**
 * Reads group 2 where there is one, and looks at how the data set behind it is stored.
 * @param bytes of the file from its beginning
 * @param fileBytes size of the file, or the most that it can be
 * @throws SpiculaError `volume/format` for what is not DICOM, `volume/corrupt`; `volume/transfer-syntax` where it is
 *   named in no way and the data do not tell, or where they contradict the byte order that is named
 * @throws MoreBytesNeeded where the bytes end first
 * @example startOf(bytes, { name: 'slice.dcm', fileBytes }).syntax.name // 'Explicit VR Little Endian'
 */
export function startOf(bytes: Uint8Array, file: { name: string; fileBytes: number }): FileStart {
  const { name } = file
  const { at, meta, odd: lost } = metaOf(bytes, name)
  const stored = storedAt(bytes, at, file.fileBytes)
  const told = (syntax: TransferSyntax, odd?: string): FileStart => {
    const all = [lost, odd].filter((one) => one !== undefined)
    return { at, syntax, meta, odd: all.length > 0 ? all.join(', ') : undefined }
  }
  if (meta === undefined) return told(ofEncoding(stored ?? DEFAULT_SYNTAX))
  const uid = text(meta, 'TransferSyntaxUID')
  if (uid === undefined) {
    if (stored === undefined) {
      throw new SpiculaError('volume/transfer-syntax', `${name}: its meta information names no transfer syntax`)
    }
    const syntax = ofEncoding(stored)
    const missing = meta.elements.size === 0 ? 'no meta information' : 'no transfer syntax named'
    return told(syntax, `${missing}, stored in ${syntax.name}`)
  }
  const named = transferSyntax(uid) ?? unreadSyntax(uid)
  if (stored === undefined || isSame(stored, named)) return told(named)
  if (named.littleEndian && !stored.littleEndian) {
    const message = `${name}: its transfer syntax is named ${named.name}, its attributes are stored big endian`
    throw new SpiculaError('volume/transfer-syntax', message, {
      hint: 'In which order its pixels lie nobody can tell: export it again.',
    })
  }
  // How pixels are compressed is what the name says; how attributes are written is what is seen.
  const { explicit, littleEndian } = stored
  const syntax = named.coding === 'native' ? ofEncoding(stored) : { ...named, explicit, littleEndian }
  return told(syntax, `named ${named.name}, stored in ${ofEncoding(stored).name}`)
}

/**
 * What a file says although its transfer syntax cannot be told: group 2, and the attributes behind it as they are stored,
 * up to where they break off.
 * @throws SpiculaError, MoreBytesNeeded where not even group 2 can be read
 * @example text(beginningOf(bytes, { name: 'slice.dcm', fileBytes }), 'SOPClassUID')
 */
export function beginningOf(bytes: Uint8Array, file: { name: string; fileBytes: number }): Dataset {
  const { at, meta } = metaOf(bytes, file.name)
  const elements = new Map(meta?.elements)
  const encoding = storedAt(bytes, at, file.fileBytes)
  try {
    if (encoding) parseDataset(bytes, encoding, { at, name: file.name, into: elements })
  } catch (error) {
    if (!(error instanceof SpiculaError || error instanceof MoreBytesNeeded)) throw error
  }
  return { bytes, littleEndian: encoding?.littleEndian ?? true, elements }
}

/** Group 2, where there is one, and where it ends. PS3.10 7.1: it is always explicit little endian. */
function metaOf(bytes: Uint8Array, name: string): Pick<FileStart, 'at' | 'meta' | 'odd'> {
  const prefix = hasPrefix(bytes)
  if (!prefix && !isMeta(bytes)) {
    if (isBare(bytes)) return { at: 0, meta: undefined, odd: undefined }
    throw new SpiculaError('volume/format', `${name}: not a DICOM file`)
  }
  const first = prefix ? PREAMBLE + 4 : 0
  const { dataset, end } = parseDataset(bytes, EXPLICIT_LITTLE_ENDIAN, { at: first, name, group: 2 })
  return { at: end, meta: dataset, odd: prefix ? undefined : 'no preamble' }
}

const isSame = (stored: Encoding, named: TransferSyntax): boolean =>
  // Deflated data show no attribute: what does is not deflated.
  named.deflated ? !stored.explicit : stored.explicit === named.explicit && stored.littleEndian === named.littleEndian

const ofEncoding = ({ explicit, littleEndian }: Encoding): TransferSyntax =>
  explicit ? (littleEndian ? EXPLICIT_LITTLE_ENDIAN : EXPLICIT_BIG_ENDIAN) : DEFAULT_SYNTAX

/** How the attribute at a place is written; undefined where it is none that begins a data set (group 4 or 8). */
function storedAt(bytes: Uint8Array, at: number, fileBytes: number): Encoding | undefined {
  if (at + 12 > bytes.length) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 12)
  const littleEndian = [4, 8].includes(view.getUint16(0, true))
  if (!littleEndian && ![4, 8].includes(view.getUint16(0, false))) return undefined
  if (VRS.has(letters(bytes, at + 4))) return { explicit: true, littleEndian }
  // The first attributes are codes, times and identifiers: a length that the file can hold is one.
  const length = view.getUint32(4, true)
  return littleEndian && length <= fileBytes - at - 8 ? { explicit: false, littleEndian } : undefined
}
