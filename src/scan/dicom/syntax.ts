import { SpiculaError } from '../../error.ts'
import type { Encoding } from './dataset.ts'

/** How the pixels of a transfer syntax are compressed; `unread` where nobody here can tell. */
export type PixelCoding = 'native' | 'rle' | 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k' | 'unread'

/** A transfer syntax that is read (PS3.5 10 and annex A; UIDs of PS3.6 A). */
export interface TransferSyntax extends Encoding {
  readonly uid: string
  readonly name: string
  readonly coding: PixelCoding
  /** The data set behind the meta information is deflated (A.5). */
  readonly deflated: boolean
  /** The pixels may differ from those that were acquired. */
  readonly lossy: boolean
}

const syntax = (uid: string, name: string, coding: PixelCoding, rest: Partial<TransferSyntax> = {}) =>
  ({ uid, name, coding, explicit: true, littleEndian: true, deflated: false, lossy: false, ...rest }) as const

const SYNTAXES: readonly TransferSyntax[] = [
  syntax('1.2.840.10008.1.2', 'Implicit VR Little Endian', 'native', { explicit: false }),
  syntax('1.2.840.10008.1.2.1', 'Explicit VR Little Endian', 'native'),
  syntax('1.2.840.10008.1.2.1.99', 'Deflated Explicit VR Little Endian', 'native', { deflated: true }),
  syntax('1.2.840.10008.1.2.2', 'Explicit VR Big Endian', 'native', { littleEndian: false }),
  syntax('1.2.840.10008.1.2.5', 'RLE Lossless', 'rle'),
  syntax('1.2.840.10008.1.2.4.50', 'JPEG Baseline (8 bits)', 'jpeg', { lossy: true }),
  syntax('1.2.840.10008.1.2.4.51', 'JPEG Extended (12 bits)', 'jpeg', { lossy: true }),
  syntax('1.2.840.10008.1.2.4.53', 'JPEG Spectral Selection (retired)', 'jpeg', { lossy: true }),
  syntax('1.2.840.10008.1.2.4.55', 'JPEG Full Progression (retired)', 'jpeg', { lossy: true }),
  syntax('1.2.840.10008.1.2.4.57', 'JPEG Lossless, Process 14', 'jpeg'),
  syntax('1.2.840.10008.1.2.4.70', 'JPEG Lossless, First-Order Prediction', 'jpeg'),
  syntax('1.2.840.10008.1.2.4.80', 'JPEG-LS Lossless', 'jpeg-ls'),
  syntax('1.2.840.10008.1.2.4.81', 'JPEG-LS Near-Lossless', 'jpeg-ls', { lossy: true }),
  syntax('1.2.840.10008.1.2.4.90', 'JPEG 2000 Lossless', 'jpeg-2000'),
  syntax('1.2.840.10008.1.2.4.91', 'JPEG 2000', 'jpeg-2000', { lossy: true }),
  syntax('1.2.840.10008.1.2.4.201', 'High-Throughput JPEG 2000 Lossless', 'htj2k'),
  syntax('1.2.840.10008.1.2.4.202', 'High-Throughput JPEG 2000 Lossless, RPCL', 'htj2k'),
  syntax('1.2.840.10008.1.2.4.203', 'High-Throughput JPEG 2000', 'htj2k', { lossy: true }),
]

/** PS3.5 10.1: the syntax of a data set whose file does not say. */
export const DEFAULT_SYNTAX: TransferSyntax = SYNTAXES[0]
export const EXPLICIT_LITTLE_ENDIAN: TransferSyntax = SYNTAXES[1]
export const EXPLICIT_BIG_ENDIAN: TransferSyntax = SYNTAXES[3]

/** The transfer syntax of a UID; undefined for one that is not read. */
export const transferSyntax = (uid: string): TransferSyntax | undefined => SYNTAXES.find((one) => one.uid === uid)

/** Standard syntaxes that hold no CT slices, or that no codec at hand reads (PS3.6 A). */
const UNREAD: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2.4.92': 'JPEG 2000 Part 2 Lossless',
  '1.2.840.10008.1.2.4.93': 'JPEG 2000 Part 2',
  '1.2.840.10008.1.2.4.94': 'JPIP Referenced',
  '1.2.840.10008.1.2.4.100': 'MPEG-2 video',
  '1.2.840.10008.1.2.4.102': 'MPEG-4 video',
  '1.2.840.10008.1.2.4.110': 'JPEG XL Lossless',
  '1.2.840.10008.1.2.4.111': 'JPEG XL JPEG Recompression',
  '1.2.840.10008.1.2.4.112': 'JPEG XL',
  '1.2.840.10008.1.2.8.1': 'Deflated Image Frame Compression',
}

/** A syntax whose pixels are not read; its attributes are, for all of them since 1993 are explicit little endian. */
export const unreadSyntax = (uid: string): TransferSyntax => {
  const name = UNREAD[uid] ?? (/^[0-9.]{1,64}$/.test(uid) ? uid : 'that is not a UID')
  return { ...EXPLICIT_LITTLE_ENDIAN, uid, name, coding: 'unread' }
}

/**
 * The refusal of a transfer syntax.
 * @example throw unreadError('slice.dcm', header.syntax)
 */
export const unreadError = (name: string, { name: syntax }: TransferSyntax): SpiculaError =>
  new SpiculaError('volume/transfer-syntax', `${name}: transfer syntax ${syntax} is not read`, {
    hint: `Read are ${SYNTAXES.map((one) => one.name).join(', ')}. dcmconv or gdcmconv --raw turn others into one of them.`,
  })
