/** joblib's files (joblib/numpy_pickle.py): a pickle in whose midst arrays lie as plain bytes. */

import type { PickleBytes } from '../files/pickle/bytes.ts'
import { isDtype, numpyArray, numpyType, widthOf } from '../files/pickle/numpy.ts'
import { readPickle } from '../files/pickle/pickle.ts'
import { plainType } from '../files/pickle/plain.ts'
import {
  type Allowed,
  damagedPickle,
  inertType,
  isCount,
  isCounts,
  type PickleObject,
  type PickleType,
  type PickleValue,
} from '../files/pickle/value.ts'

const WRAPPER: PickleType = { call: () => arrayWrapper() }

/**
 * The allow-list of a file of joblib: arrays, numbers, and these classes as inert records.
 * @param classes their full names
 */
const joblibTypes =
  (classes: RegExp): Allowed =>
  (module, name) =>
    numpyType(module, name) ??
    plainType(module, name) ??
    (`${module}.${name}` === 'joblib.numpy_pickle.NumpyArrayWrapper'
      ? WRAPPER
      : classes.test(`${module}.${name}`)
        ? inertType(`${module}.${name}`)
        : undefined)

/**
 * Reads a file of joblib or of pickle.
 * @param bytes not compressed
 * @param classes full names of the classes that may be in it
 * @throws SpiculaError `pickle/*`
 * @example readJoblib(bytes, { name: 'cal_0.pkl', classes: /^betacal\./ })
 */
export function readJoblib(bytes: Uint8Array, { name, classes }: { name: string; classes: RegExp }): PickleValue {
  const { value, end } = readPickle(bytes, { allowed: joblibTypes(classes), name })
  if (end !== bytes.length) throw damagedPickle(`${name}: ${bytes.length - end} bytes follow its end`)
  return value
}

/** Stands for an array: behind its state lie the array's bytes, behind padding where it says how they are aligned. */
function arrayWrapper(): PickleObject {
  return {
    kind: 'joblib array',
    setState(state, bytes) {
      if (!(state instanceof Map)) throw damagedPickle('an array of joblib without a description')
      return readArray(state, bytes)
    },
  }
}

function readArray(state: ReadonlyMap<PickleValue, PickleValue>, bytes: PickleBytes): PickleValue {
  const [shape, dtype, alignment] = ['shape', 'dtype', 'numpy_array_alignment_bytes'].map((key) => state.get(key))
  if (!isCounts(shape) || !isDtype(dtype)) throw damagedPickle('an array of joblib without shape and type')
  if (isCount(alignment)) bytes.take(bytes.u8())
  const size = shape.reduce((product, n) => product * n, widthOf(dtype))
  return numpyArray(shape, dtype, bytes.take(size))
}
