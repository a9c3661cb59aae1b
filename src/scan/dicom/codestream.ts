/**
 * What a compressed frame says of itself, read before a codec sees it: a damaged or made-up size would have the codec
 * reserve gigabytes, or work for minutes.
 */
import { SpiculaError } from '../../error.ts'
import type { CodedFrame, CompressedCoding } from './codec-module.ts'

/** Size and precision that a code stream announces. */
interface Announced {
  readonly columns: number
  readonly rows: number
  readonly components: number
  readonly bits: number
  /** Tiles of a JPEG 2000 image, 1 elsewhere. */
  readonly tiles: number
}

/** Far more than any encoder cuts a slice into. */
const MOST_TILES = 4096

/**
 * Refuses a compressed frame whose own header does not announce the picture that the data set describes.
 * @throws SpiculaError `volume/corrupt`
 */
export function checkCodestream(coding: CompressedCoding, coded: Uint8Array, frame: CodedFrame, name: string): void {
  const isJpeg = coding === 'jpeg' || coding === 'jpeg-ls'
  const announced = isJpeg ? jpegHeader(coded) : jpeg2000Header(coded)
  if (announced === undefined) throw corrupt(name, `no ${isJpeg ? 'JPEG' : 'JPEG 2000'} picture in its pixel data`)
  const { columns, rows, components, bits, tiles } = announced
  if (components !== 1) throw corrupt(name, `a picture of ${components} colours instead of one`)
  if (columns !== frame.columns || rows !== frame.rows) {
    throw corrupt(
      name,
      `its compressed picture is ${columns} x ${rows}, its header says ${frame.columns} x ${frame.rows}`,
    )
  }
  if (bits < 2 || bits > frame.bitsAllocated) {
    throw corrupt(name, `its compressed picture has ${bits} bits, its header says ${frame.bitsAllocated}`)
  }
  if (tiles > MOST_TILES) throw corrupt(name, `its compressed picture is cut into ${tiles} tiles`)
}

/** ISO 10918-1 B.2.2: the frame header SOFn; JPEG-LS (ISO 14495-1 C.2.2) has one of the same form, SOF55. */
function jpegHeader(bytes: Uint8Array): Announced | undefined {
  const at = (n: number): number => bytes[n] ?? 0
  if (at(0) !== 0xff || at(1) !== 0xd8) return undefined
  for (let n = 2; n + 9 < bytes.length; ) {
    if (at(n) !== 0xff) return undefined
    const marker = at(n + 1)
    if (marker === 0xff) {
      n++ // fill byte, B.1.1.2
      continue
    }
    const isFrame = (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === 0xf7
    if (isFrame) {
      const rows = at(n + 5) * 256 + at(n + 6)
      const columns = at(n + 7) * 256 + at(n + 8)
      return { columns, rows, components: at(n + 9), bits: at(n + 4), tiles: 1 }
    }
    if (marker === 0xda || marker === 0xd9) return undefined
    n += 2 + at(n + 2) * 256 + at(n + 3)
  }
  return undefined
}

/** ISO 15444-1 A.5.1: SOC, then SIZ. Some writers wrap the code stream in a JP2 file: the marker is looked for. */
function jpeg2000Header(bytes: Uint8Array): Announced | undefined {
  const start = findSoc(bytes)
  if (start === undefined || start + 43 > bytes.length) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, 43)
  // SOC 2, SIZ 2, Lsiz 2, Rsiz 2, then eight numbers of 32 bits, Csiz, Ssiz, XRsiz, YRsiz
  const [width, height, left, top, tileWidth, tileHeight, tileLeft, tileTop] = [0, 1, 2, 3, 4, 5, 6, 7].map((n) =>
    view.getUint32(8 + 4 * n),
  )
  if (tileWidth === 0 || tileHeight === 0) return undefined
  return {
    columns: width - left,
    rows: height - top,
    components: view.getUint16(40),
    bits: (view.getUint8(42) & 0x7f) + 1,
    tiles: Math.ceil((width - tileLeft) / tileWidth) * Math.ceil((height - tileTop) / tileHeight),
  }
}

function findSoc(bytes: Uint8Array): number | undefined {
  const isSoc = (n: number): boolean =>
    bytes[n] === 0xff && bytes[n + 1] === 0x4f && bytes[n + 2] === 0xff && bytes[n + 3] === 0x51
  if (isSoc(0)) return 0
  for (let n = 0; n < Math.min(bytes.length, 4096); n++) if (isSoc(n)) return n
  return undefined
}

const corrupt = (name: string, what: string): SpiculaError =>
  new SpiculaError('volume/corrupt', `${name}: ${what}`, { hint: 'A copy or download changed the file: repeat it.' })
