/** NRRD headers (teem.sourceforge.net/nrrd/format.html), with the geometry that ITK gives them, in LPS mm. */
import { SpiculaError } from '../error.ts'
import { checkShape, type RawHeader } from './raw-scan.ts'
import type { Affine } from './scan.ts'
import type { StoredType } from './voxel-type.ts'

/** A header, and where its voxels are. */
export interface NrrdHeader extends RawHeader {
  /** Undefined: behind the header in the same file. */
  readonly dataFile: string | undefined
  readonly compressed: boolean
  /** Bytes to skip before the voxels; -1 where they end with the file. */
  readonly byteSkip: number
  readonly headerEnd: number
  /** Volumes in the file, more than one where an axis has no place in the body: colours, times, layers of labels. */
  readonly volumes: number
  /** Whether that axis varies fastest: a voxel's numbers then lie side by side; else one volume follows the other. */
  readonly sideBySide: boolean
  /** `key:=value` pairs, in which 3D Slicer names its segments. */
  readonly pairs: ReadonlyMap<string, string>
}

/** Some hundred named segments come before the voxels. */
export const NRRD_PREFIX_BYTES = 1 << 20

const TYPES: Readonly<Record<string, StoredType>> = Object.fromEntries(
  (
    [
      ['int8', ['signed char', 'int8', 'int8_t']],
      ['uint8', ['uchar', 'unsigned char', 'uint8', 'uint8_t']],
      ['int16', ['short', 'short int', 'signed short', 'signed short int', 'int16', 'int16_t']],
      ['uint16', ['ushort', 'unsigned short', 'unsigned short int', 'uint16', 'uint16_t']],
      ['int32', ['int', 'signed int', 'int32', 'int32_t']],
      ['uint32', ['uint', 'unsigned int', 'uint32', 'uint32_t']],
      ['int64', ['longlong', 'long long', 'long long int', 'signed long long', 'int64', 'int64_t']],
      ['uint64', ['ulonglong', 'unsigned long long', 'unsigned long long int', 'uint64', 'uint64_t']],
      ['float32', ['float']],
      ['float64', ['double']],
    ] as const
  ).flatMap(([type, names]) => names.map((name) => [name, type])),
)

/** Signs that turn a space's axes into L, P, S. */
const SPACES: Readonly<Record<string, readonly [number, number, number]>> = {
  'left-posterior-superior': [1, 1, 1],
  lps: [1, 1, 1],
  'right-anterior-superior': [-1, -1, 1],
  ras: [-1, -1, 1],
  'left-anterior-superior': [1, -1, 1],
  las: [1, -1, 1],
}

export const isNrrd = (bytes: Uint8Array): boolean => /^NRRD000\d/.test(String.fromCharCode(...bytes.subarray(0, 8)))

/**
 * Reads and checks a header.
 * @param bytes the file's first {@link NRRD_PREFIX_BYTES} bytes, or all where it has fewer
 * @throws SpiculaError `volume/header`, `volume/shape`, `volume/datatype`, `volume/orientation`, `volume/truncated`
 * @example parseNrrd(bytes, 'scan.nrrd').affineLps
 */
export function parseNrrd(bytes: Uint8Array, name: string): NrrdHeader {
  const { fields, pairs, end } = readFields(bytes, name)
  const refuse = (what: string): never => {
    throw new SpiculaError('volume/header', `${name}: ${what}`, { hint: 'Write the file again with ITK or 3D Slicer.' })
  }
  const sizes = (fields.get('sizes') ?? '').split(/\s+/).map(Number)
  const axes = Number(fields.get('dimension'))
  if (!(axes >= 2 && axes <= 16) || sizes.length !== axes) refuse('dimension and sizes do not fit each other')
  // An axis without a direction (of colours, of time, of layers) may stand beside them; one voxel long, it says nothing.
  const directions = vectors(fields.get('space directions') ?? '')
  const spatial = sizes.map((_, n) => n).filter((n) => directions[n] !== undefined)
  const space = SPACES[(fields.get('space') ?? '').toLowerCase()]
  if (space === undefined || directions.length !== axes || spatial.length !== 3) {
    throw new SpiculaError(
      'volume/orientation',
      `${name}: does not say how it lies in the body (space, space directions)`,
      {
        hint: 'Without them left and right cannot be told: write the file again from its DICOM series.',
      },
    )
  }
  const lists = sizes.flatMap((size, n) => (directions[n] === undefined && size !== 1 ? [n] : []))
  const volumes = lists.length === 0 ? 1 : sizes[lists[0]]
  if (lists.length > 1 || !(volumes >= 1 && volumes <= MOST_VOLUMES) || (lists[0] ?? 0) % (axes - 1) !== 0) {
    throw new SpiculaError('volume/shape', `${name}: ${sizes.join(' x ')} voxels are no volumes one beside the other`)
  }
  const shapeIjk = checkShape(
    spatial.map((n) => sizes[n]),
    name,
  )
  const type = TYPES[(fields.get('type') ?? '').toLowerCase()]
  if (type === undefined) {
    throw new SpiculaError('volume/datatype', `${name}: voxels of its type are not CT values`, {
      hint: 'Supported: integers of 8 to 64 bits, float, double.',
    })
  }
  const encoding = (fields.get('encoding') ?? '').toLowerCase()
  if (!['raw', 'gzip', 'gz'].includes(encoding)) refuse('only the encodings raw and gzip are read')
  if (type !== 'int8' && type !== 'uint8' && !/^(little|big)$/.test(fields.get('endian') ?? '')) {
    refuse('does not say its byte order (endian)')
  }
  if (Number(fields.get('line skip') ?? 0) !== 0) refuse('line skip is not supported')
  const byteSkip = Number(fields.get('byte skip') ?? 0)
  if (!Number.isInteger(byteSkip) || byteSkip < -1 || (byteSkip < 0 && encoding !== 'raw'))
    refuse(`byte skip ${byteSkip}`)
  const dataFile = fields.get('data file') ?? fields.get('datafile')
  if (dataFile !== undefined && (/^LIST\b/.test(dataFile) || /%/.test(dataFile))) {
    refuse('its voxels are spread over a list of files, which is not read')
  }
  const origin = vectors(fields.get('space origin') ?? '')[0] ?? refuse('without space origin')
  const affineLps: Affine = [0, 1, 2].flatMap((row) =>
    [...spatial.map((n) => directions[n]?.[row] ?? Number.NaN), origin[row]].map((value) => value * space[row] + 0),
  )
  return {
    shapeIjk,
    type,
    littleEndian: fields.get('endian') !== 'big',
    slope: 1,
    intercept: 0,
    voxelOffset: Math.max(0, byteSkip),
    affineLps,
    notes: [],
    dataFile,
    compressed: encoding !== 'raw',
    byteSkip,
    headerEnd: end,
    volumes,
    sideBySide: lists[0] === 0,
    pairs,
  }
}

/** More than any segmentation has layers. */
const MOST_VOLUMES = 1024

/** `(1,0,0) none (0,0,2)`: vectors, undefined for `none`. */
function vectors(text: string): (readonly number[] | undefined)[] {
  return [...text.matchAll(/none|\(([^)]*)\)/gi)].map(([, inner]) => {
    // Some writers say `none` in three not-a-numbers.
    if (inner === undefined || /^(\s*nan\s*,?)+$/i.test(inner)) return undefined
    return inner.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  })
}

interface Fields {
  readonly fields: ReadonlyMap<string, string>
  readonly pairs: ReadonlyMap<string, string>
  readonly end: number
}

/** `field: value` lines and `key:=value` pairs to the first empty line; comments are left out. */
function readFields(bytes: Uint8Array, name: string): Fields {
  const fields = new Map<string, string>()
  const pairs = new Map<string, string>()
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(10, at)
    const end = newline < 0 ? bytes.length : newline
    const line = new TextDecoder('utf-8').decode(bytes.subarray(at, end)).replace(/\r$/, '')
    at = end + 1
    if (line === '') return { fields, pairs, end: at }
    if (line.startsWith('#') || line.startsWith('NRRD')) continue
    const pair = line.indexOf(':=')
    if (pair >= 0) {
      pairs.set(
        line.slice(0, pair),
        line
          .slice(pair + 2)
          .replaceAll('\\n', '\n')
          .replaceAll('\\\\', '\\'),
      )
      continue
    }
    const colon = line.indexOf(': ')
    if (colon < 0) throw new SpiculaError('volume/header', `${name}: a line of its header is no "field: value"`)
    fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 2).trim())
  }
  if (fields.has('data file') || fields.has('datafile')) return { fields, pairs, end: bytes.length }
  throw new SpiculaError('volume/truncated', `${name}: its NRRD header does not end`, {
    hint: 'The file was cut short: copy or download it again.',
  })
}
