/** MetaImage headers (.mhd, .mha), with the geometry that ITK gives them. World is LPS mm, as ITK's. */
import { SpiculaError } from '../error.ts'
import { checkShape, type RawHeader } from './raw-scan.ts'
import type { Affine, Note } from './scan.ts'
import type { StoredType } from './voxel-type.ts'

/** A header, and where its voxels are. */
export interface MetaImageHeader extends RawHeader {
  /** 'LOCAL' (behind the header), or a file's name. */
  readonly dataFile: string
  readonly compressed: boolean
  /** Bytes before the voxels in their file; -1 where they end with the file. */
  readonly headerSize: number
  /** First byte behind the header. */
  readonly headerEnd: number
}

/** Enough for any header: of .mha the voxels follow. */
export const METAIMAGE_PREFIX_BYTES = 1 << 14

const TYPES: Readonly<Record<string, StoredType>> = {
  MET_CHAR: 'int8',
  MET_UCHAR: 'uint8',
  MET_SHORT: 'int16',
  MET_USHORT: 'uint16',
  MET_INT: 'int32',
  MET_UINT: 'uint32',
  // MetaIO writes these with 4 bytes, whatever the compiler's long is.
  MET_LONG: 'int32',
  MET_ULONG: 'uint32',
  MET_LONG_LONG: 'int64',
  MET_ULONG_LONG: 'uint64',
  MET_FLOAT: 'float32',
  MET_DOUBLE: 'float64',
}

/** Whether a file begins as MetaImage headers do. */
export const isMetaImage = (bytes: Uint8Array): boolean =>
  /^\s*(ObjectType|NDims|Comment)\s*=/.test(new TextDecoder('latin1').decode(bytes.subarray(0, 64)))

/**
 * Reads and checks a header.
 * @param bytes the file's first {@link METAIMAGE_PREFIX_BYTES} bytes, or all where it has fewer
 * @throws SpiculaError `volume/header`, `volume/shape`, `volume/datatype`, `volume/truncated` without ElementDataFile
 * @example parseMetaImage(bytes, 'scan.mhd').shapeIjk // [512, 512, 300]
 */
export function parseMetaImage(bytes: Uint8Array, name: string): MetaImageHeader {
  const { fields, end } = readFields(bytes, name)
  const find = (...keys: string[]): string | undefined =>
    keys.map((key) => fields.get(key.toLowerCase())).find((one) => one !== undefined)
  const list = (...keys: string[]): number[] | undefined =>
    find(...keys)
      ?.split(/\s+/)
      .map(toNumber)
  const isTrue = (...keys: string[]): boolean => /^(true|t|1|yes|y)$/i.test(find(...keys) ?? '')
  const refuse = (what: string): never => {
    throw new SpiculaError('volume/header', `${name}: ${what}`, { hint: 'Write the file again with ITK or SimpleITK.' })
  }
  const kind = find('ObjectType') ?? 'Image'
  if (kind.toLowerCase() !== 'image') refuse('its ObjectType is not Image')
  const axes = toNumber(find('NDims') ?? '')
  const sizes = list('DimSize') ?? []
  if (sizes.length !== axes || axes < 2 || axes > 4) refuse(`NDims and DimSize do not fit each other`)
  const shapeIjk = checkShape(sizes, name)
  if ((list('ElementNumberOfChannels')?.[0] ?? 1) !== 1) refuse('voxels of several channels have no HU')
  const type = TYPES[(find('ElementType') ?? '').toUpperCase()]
  if (type === undefined) {
    throw new SpiculaError('volume/datatype', `${name}: its ElementType does not hold CT values`, {
      hint: `Supported: ${Object.keys(TYPES).join(', ')}.`,
    })
  }
  if (!/^(true|t|1|yes|y|)$/i.test(find('BinaryData') ?? '')) refuse('voxels written as text are not read')
  const spacing = list('ElementSpacing', 'ElementSize') ?? refuse('without ElementSpacing')
  const notes: Note[] = []
  const matrix = list('TransformMatrix', 'Rotation', 'Orientation')
  if (matrix === undefined) notes.push(noOrientation(name))
  const offset = list('Offset', 'Position', 'Origin') ?? new Array(axes).fill(0)
  if (spacing.length !== axes || offset.length !== axes || (matrix && matrix.length !== axes * axes)) {
    refuse('spacing, offset and transform do not fit NDims')
  }
  const dataFile = find('ElementDataFile') ?? refuse('without ElementDataFile')
  if (/^LIST\b/i.test(dataFile) || dataFile.includes('%')) {
    refuse('its voxels are spread over a list of files, which is not read')
  }
  const headerSize = list('HeaderSize')?.[0] ?? 0
  if (!Number.isInteger(headerSize) || headerSize < -1) refuse(`HeaderSize is ${headerSize}`)
  return {
    shapeIjk,
    type,
    littleEndian: !isTrue('BinaryDataByteOrderMSB', 'ElementByteOrderMSB'),
    slope: 1,
    intercept: 0,
    voxelOffset: Math.max(0, headerSize),
    affineLps: affine(axes, spacing, offset, matrix),
    notes,
    dataFile: /^LOCAL$/i.test(dataFile) ? 'LOCAL' : dataFile,
    compressed: isTrue('CompressedData'),
    headerSize,
    headerEnd: end,
  }
}

const toNumber = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text))

const noOrientation = (name: string): Note => ({
  code: 'volume/orientation',
  message: `${name}: without TransformMatrix, its axes are taken to run to the left, posterior and superior, as ITK does`,
})

/** Direction of each stored axis in turn: `TransformMatrix` lists them axis by axis. */
function affine(
  axes: number,
  spacing: readonly number[],
  offset: readonly number[],
  matrix?: readonly number[],
): Affine {
  const direction = (row: number, column: number): number => {
    if (row >= axes || column >= axes) return row === column ? 1 : 0
    return matrix ? matrix[column * axes + row] : Number(row === column)
  }
  return [0, 1, 2].flatMap((row) => [
    ...[0, 1, 2].map((column) => direction(row, column) * Math.abs(spacing[column] ?? 1)),
    offset[row] ?? 0,
  ])
}

/** `Key = value` lines up to ElementDataFile, which is the last. */
function readFields(bytes: Uint8Array, name: string): { fields: Map<string, string>; end: number } {
  const fields = new Map<string, string>()
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(10, at)
    const end = newline < 0 ? bytes.length : newline
    const line = new TextDecoder('utf-8').decode(bytes.subarray(at, end))
    at = end + 1
    const equals = line.indexOf('=')
    if (line.trim() === '') continue
    if (equals < 0) throw new SpiculaError('volume/header', `${name}: a line of its header is no "Key = value"`)
    const key = line.slice(0, equals).trim().toLowerCase()
    fields.set(key, line.slice(equals + 1).trim())
    if (key === 'elementdatafile') return { fields, end: at }
  }
  throw new SpiculaError('volume/truncated', `${name}: its MetaImage header ends without ElementDataFile`, {
    hint: 'The file was cut short: copy or download it again.',
  })
}
