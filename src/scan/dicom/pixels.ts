/** The pixels of one slice: what its header says of them, and how its bytes become HU (PS3.3 C.7.6.3, C.11.1). */
import { SpiculaError } from '../../error.ts'
import { HOST_LITTLE_ENDIAN } from '../voxel-type.ts'
import type { Dataset } from './dataset.ts'
import type { TransferSyntax } from './syntax.ts'
import { items, number, text } from './values.ts'

/** How a sample lies in its bytes (Image Pixel module). */
export interface PixelFormat {
  readonly rows: number
  readonly columns: number
  /** 8, 16 or 32 */
  readonly bitsAllocated: number
  readonly bitsStored: number
  readonly highBit: number
  readonly signed: boolean
  /** Stored numbers that stand for "no data here", lowest and highest. */
  readonly padding: readonly [number, number] | undefined
}

/** HU = stored * slope + intercept */
export interface Rescale {
  readonly slope: number
  readonly intercept: number
}

/** What stands where a scanner has no data: air. */
const AIR_HU = -1000
/** The most that 12 bits hold, as scanners store it: metal. */
const MOST_HU = 3071
/** The largest side that a detector or reconstruction has. */
const MOST_PIXELS = 16384

/**
 * The checked Image Pixel module.
 * @throws SpiculaError `volume/dicom-pixels` for what no CT has (colours, floating point, strange bit depths),
 *   `volume/shape`
 */
export function pixelFormat(dataset: Dataset, { coding }: TransferSyntax, name: string): PixelFormat {
  const refuse = (what: string): never => {
    throw new SpiculaError('volume/dicom-pixels', `${name}: ${what}`, { hint: 'Give the original CT images.' })
  }
  const samples = number(dataset, 'SamplesPerPixel') ?? 1
  if (samples !== 1) refuse(`${samples} samples a pixel: a colour picture has no HU`)
  // C.8.2.1.1.2: MONOCHROME1 turns the display round, never the stored numbers: their HU are the same.
  const photometric = text(dataset, 'PhotometricInterpretation') ?? 'MONOCHROME2'
  if (!/^MONOCHROME[12]$/.test(photometric)) refuse('its photometric interpretation is not monochrome')
  const [rows, columns] = [number(dataset, 'Rows') ?? 0, number(dataset, 'Columns') ?? 0]
  if (!(rows > 0 && columns > 0 && rows <= MOST_PIXELS && columns <= MOST_PIXELS)) {
    throw new SpiculaError('volume/shape', `${name}: ${columns} columns and ${rows} rows are not a slice`)
  }
  const bitsAllocated = number(dataset, 'BitsAllocated') ?? 0
  if (![8, 16, 32].includes(bitsAllocated)) refuse(`${bitsAllocated} bits allocated a pixel, not 8, 16 or 32`)
  const bitsStored = number(dataset, 'BitsStored') ?? bitsAllocated
  // Where samples come from a codec, they are the lowest bits, whatever HighBit says.
  const highBit =
    coding === 'native' || coding === 'rle' ? (number(dataset, 'HighBit') ?? bitsStored - 1) : bitsStored - 1
  if (!(bitsStored >= 1 && bitsStored <= bitsAllocated && highBit >= bitsStored - 1 && highBit < bitsAllocated)) {
    refuse(`${bitsStored} bits stored up to bit ${highBit} of ${bitsAllocated}`)
  }
  const signed = number(dataset, 'PixelRepresentation') === 1
  const format = { rows, columns, bitsAllocated, bitsStored, highBit, signed }
  return { ...format, padding: paddingOf(dataset, format) }
}

/** C.7.5.1.1.2: a value or a range; its own representation may be written wrongly, its bits are those of the pixels. */
function paddingOf(dataset: Dataset, { bitsAllocated, signed }: Omit<PixelFormat, 'padding'>) {
  const value = number(dataset, 'PixelPaddingValue')
  if (value === undefined) return undefined
  const asPixel = (n: number): number => {
    const bits = n & (2 ** Math.min(16, bitsAllocated) - 1)
    const half = 2 ** (Math.min(16, bitsAllocated) - 1)
    return signed && bits >= half ? bits - 2 * half : bits
  }
  const [a, b] = [asPixel(value), asPixel(number(dataset, 'PixelPaddingRangeLimit') ?? value)]
  return [Math.min(a, b), Math.max(a, b)] as const
}

/**
 * The rescale of a slice or of a frame's functional group.
 * @param dataset that holds RescaleSlope and RescaleIntercept
 * @returns undefined where it has neither
 * @throws SpiculaError `volume/dicom-rescale` for a table in their place, a slope of 0, numbers that are not finite, or
 *   a result that is not HU
 */
export function rescaleOf(dataset: Dataset, name: string): Rescale | undefined {
  const refuse = (what: string): never => {
    throw new SpiculaError('volume/dicom-rescale', `${name}: ${what}`, { hint: 'Give the original CT images, in HU.' })
  }
  if (items(dataset, 'ModalityLUTSequence').length > 0) refuse('its values go through a table, not to HU')
  const type = (text(dataset, 'RescaleType') ?? 'HU').toUpperCase()
  // C.11.1.1.2: "US" is unspecified, as older writers leave it.
  if (!['HU', 'US', 'HU_MOD'].includes(type)) refuse('its rescaled values are not HU')
  const slope = number(dataset, 'RescaleSlope')
  const intercept = number(dataset, 'RescaleIntercept')
  if (slope === undefined && intercept === undefined) return undefined
  if (slope === undefined || intercept === undefined) return refuse('of rescale slope and intercept one is missing')
  if (!Number.isFinite(slope) || !Number.isFinite(intercept) || slope === 0) {
    refuse(`its rescale slope ${slope} and intercept ${intercept} give no HU`)
  }
  return { slope, intercept }
}

/** Samples of a frame, sign and depth as stored, host's byte order undone. */
export type Samples = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array

/**
 * Bytes to stored numbers: byte order, unused bits, sign.
 * @param bytes alone in their buffer; they may be changed in place
 * @example samplesOf(bytes, format, true)[0] // 1024
 */
export function samplesOf(bytes: Uint8Array<ArrayBuffer>, format: PixelFormat, littleEndian: boolean): Samples {
  const { bitsAllocated, bitsStored, highBit, signed } = format
  const width = bitsAllocated / 8
  if (littleEndian !== HOST_LITTLE_ENDIAN && width > 1) {
    for (let n = 0; n < bytes.length; n += width) bytes.subarray(n, n + width).reverse()
  }
  const samples = view(bytes, width, signed)
  const [left, right] = [32 - (highBit + 1), 32 - bitsStored]
  if (bitsStored === bitsAllocated) return samples
  const { padding } = format
  const [least, most] = signed ? [-(2 ** (bitsStored - 1)), 2 ** (bitsStored - 1) - 1] : [0, 2 ** bitsStored - 1]
  if (padding && (padding[0] < least || padding[1] > most)) {
    // Padding that does not fit into the bits stored is written beyond them: cut to them it would look like tissue.
    const cut = (value: number): number => (signed ? (value << left) >> right : (value << left) >>> right)
    for (let n = 0; n < samples.length; n++) if (!isWithin(padding, samples[n])) samples[n] = cut(samples[n])
    return samples
  }
  // To the top of 32 bits and back: what lies above the highest bit (old overlays, garbage) falls off, the sign spreads.
  if (signed) for (let n = 0; n < samples.length; n++) samples[n] = (samples[n] << left) >> right
  else for (let n = 0; n < samples.length; n++) samples[n] = (samples[n] << left) >>> right
  return samples
}

function view(bytes: Uint8Array<ArrayBuffer>, width: number, signed: boolean): Samples {
  const { buffer } = bytes
  if (width === 1) return signed ? new Int8Array(buffer) : new Uint8Array(buffer)
  if (width === 2) return signed ? new Int16Array(buffer) : new Uint16Array(buffer)
  return signed ? new Int32Array(buffer) : new Uint32Array(buffer)
}

const isWithin = ([low, high]: readonly [number, number], value: number): boolean => value >= low && value <= high

/**
 * HU of padding that tissue may have as well: such padding stays as it is stored, as other readers have it.
 * @returns lowest and highest HU; undefined where padding is none, is air or less, or is more than any tissue
 */
export function paddingHu({ padding }: PixelFormat, rescale: Rescale): readonly [number, number] | undefined {
  if (padding === undefined) return undefined
  const [a, b] = padding.map((stored) => stored * rescale.slope + rescale.intercept)
  const [low, high] = [Math.min(a, b), Math.max(a, b)]
  return high > AIR_HU && low <= MOST_HU ? [low, high] : undefined
}

/**
 * Part of a slice as HU. Padding that would be more than any tissue becomes air; all other stays what it is, as other
 * readers have it: a voxel in the body may have the same number.
 * @param samples some rows of the slice, whole
 * @param out where they go
 * @param at first place in `out`
 * @param columns first column and how many
 */
export function writeHu(
  samples: Samples,
  { rescale, format, columns }: { rescale: Rescale; format: PixelFormat; columns: readonly [number, number] },
  out: Float32Array,
  at: number,
): void {
  const { slope, intercept } = rescale
  const [first, count] = columns
  const rows = samples.length / format.columns
  for (let row = 0, to = at; row < rows; row++) {
    let from = row * format.columns + first
    for (let n = 0; n < count; n++) out[to++] = samples[from++] * slope + intercept
  }
  const { padding } = format
  if (padding === undefined || Math.max(...padding.map((stored) => stored * slope + intercept)) <= MOST_HU) return
  for (let row = 0, to = at; row < rows; row++) {
    let from = row * format.columns + first
    for (let n = 0; n < count; n++, to++, from++) {
      if (out[to] > MOST_HU && isWithin(padding, samples[from])) out[to] = AIR_HU
    }
  }
}
