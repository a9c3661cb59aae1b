/** A cursor over the bytes of a pickle that never reads beyond them, whatever lengths they claim. */
import { SpiculaError } from '../../error.ts'
import { inWords } from '../bytes.ts'

export interface PickleBytes {
  /** Place of the next byte. */
  readonly at: number
  /** The next bytes, not copied. */
  take(count: number): Uint8Array
  /** Checks that so many bytes follow. */
  need(count: number): void
  /** The bytes up to the next newline, which is passed over. */
  line(): Uint8Array
  u8(): number
  u16(): number
  i32(): number
  u32(): number
  /** Lengths of 8 bytes. */
  u64(): number
  f64BigEndian(): number
}

/**
 * @param at where to begin
 * @throws SpiculaError `pickle/truncated`, from every method, where the bytes end before
 * @example pickleBytes(Uint8Array.of(0x80, 2, 0x4e, 0x2e)).u8() // 0x80
 */
export function pickleBytes(bytes: Uint8Array, at = 0): PickleBytes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let place = at
  const need = (count: number): void => {
    if (count > bytes.length - place) throw cutShort(count, place, bytes.length)
  }
  const skip = (count: number): number => {
    need(count)
    const start = place
    place += count
    return start
  }
  return {
    get at() {
      return place
    },
    need,
    take: (count) => {
      const start = skip(count)
      return bytes.subarray(start, start + count)
    },
    line: () => {
      const end = bytes.indexOf(10, place)
      if (end < 0) throw cutShort(bytes.length - place + 1, place, bytes.length)
      const line = bytes.subarray(place, end)
      place = end + 1
      return line
    },
    u8: () => bytes[skip(1)],
    u16: () => view.getUint16(skip(2), true),
    i32: () => view.getInt32(skip(4), true),
    u32: () => view.getUint32(skip(4), true),
    u64: () => Number(view.getBigUint64(skip(8), true)),
    f64BigEndian: () => view.getFloat64(skip(8), false),
  }
}

const cutShort = (count: number, at: number, length: number): SpiculaError =>
  new SpiculaError(
    'pickle/truncated',
    `the pickle asks for ${inWords(count)} bytes at byte ${inWords(at)}, it has ${inWords(length)} in all`,
    { hint: 'The file was cut short, or made to claim lengths that it does not have: copy or download it again.' },
  )
