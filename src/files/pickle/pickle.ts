/**
 * Python's pickles (PEP 3154, PEP 574, Lib/pickletools.py), protocols 0 to 5, read without running anything: a pickle
 * is a program for a stack machine that may call any function of the reader's Python. This machine knows no function
 * but those of an allow-list, each of which is ours and only builds values. All else is refused by its name.
 */
import { SpiculaError } from '../../error.ts'
import { pickleBytes } from './bytes.ts'
import { pickleMachine } from './machine.ts'
import { OPCODES, STOP } from './opcodes.ts'
import { type Allowed, damagedPickle, type PickleValue } from './value.ts'

export interface PickleOptions {
  /** The only names that the pickle may ask Python for. */
  readonly allowed: Allowed
  /** What an object that is kept outside the pickle becomes; torch keeps its storages so. */
  readonly persistent?: (id: PickleValue) => PickleValue
  /** Of the file, for messages. */
  readonly name: string
  /** Where in the bytes the pickle begins. */
  readonly at?: number
}

/**
 * Reads one pickle. Time and memory are bounded by the length of the bytes, the depth of what they nest is not limited.
 * @returns its value, and the place of the first byte behind it
 * @throws SpiculaError `pickle/global` naming what was asked for beyond the allow-list; `pickle/opcode` for what no
 *   checkpoint needs (extensions, buffers kept elsewhere); `pickle/truncated`, `pickle/damaged`, `pickle/size`
 * @example
 * const { value } = readPickle(bytes, { allowed: () => undefined, name: 'numbers.pkl' })
 */
export function readPickle(bytes: Uint8Array, options: PickleOptions): { value: PickleValue; end: number } {
  const { allowed, persistent, name, at = 0 } = options
  const cursor = pickleBytes(bytes, at)
  const machine = pickleMachine(cursor, { allowed, persistent })
  try {
    for (;;) {
      const code = cursor.u8()
      machine.charge(1)
      if (code === STOP) return { value: machine.pop(), end: cursor.at }
      const run = OPCODES[code]
      if (!run) throw damagedPickle(`byte ${cursor.at - 1}, ${code}, is not an instruction`)
      run(machine)
    }
  } catch (error) {
    if (!(error instanceof SpiculaError)) throw error
    throw new SpiculaError(error.code, `${name}: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    })
  }
}
