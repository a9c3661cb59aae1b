/** What a pickle becomes here: plain values, and Python objects as inert records. Nothing in it is ever run. */
import { SpiculaError } from '../../error.ts'
import type { PickleBytes } from './bytes.ts'

/** Lists and tuples are arrays, dicts are maps; integers beyond 2^53 are bigints. Values may contain themselves. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | Set<PickleValue>
  | PickleObject

/** Anything that a name of the allow-list made. */
export interface PickleObject {
  readonly kind: string
  /** Python's `__setstate__`: takes the state (and bytes that follow it, where a format puts them there). */
  setState?(state: PickleValue, bytes: PickleBytes): PickleValue
}

/** A Python object as a plain record: the name of its type, what it would be made with, and its state. */
export interface PickleRecord extends PickleObject {
  readonly kind: 'record'
  readonly type: string
  readonly args: readonly PickleValue[]
  state: PickleValue | undefined
}

/** What a name of the allow-list stands for. */
export interface PickleType {
  /** The value of `name(*args)`; where it is left out, the name stands for itself and cannot be called. */
  readonly call?: (args: readonly PickleValue[]) => PickleValue
  /** Carried for code that reads the name as a value, e.g. the type of a storage. */
  readonly tag?: string
}

/** A name of the allow-list, as a value. */
export interface PickleGlobal extends PickleObject {
  readonly kind: 'global'
  readonly name: string
  readonly type: PickleType
}

/** The allow-list: the type that a module's name stands for, or undefined for all else, which is refused by name. */
export type Allowed = (module: string, name: string) => PickleType | undefined

/** A type whose objects are kept as {@link PickleRecord}. */
export const inertType = (type: string): PickleType => ({ call: (args) => record(type, args) })

function record(type: string, args: readonly PickleValue[]): PickleRecord {
  return {
    kind: 'record',
    type,
    args,
    state: undefined,
    setState(state) {
      this.state = state
      return this
    },
  }
}

export const isObject = (value: PickleValue | undefined): value is PickleObject =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Map) &&
  !(value instanceof Set) &&
  !(value instanceof Uint8Array)

export const isRecord = (value: PickleValue | undefined): value is PickleRecord =>
  isObject(value) && value.kind === 'record'

export const isGlobal = (value: PickleValue | undefined): value is PickleGlobal =>
  isObject(value) && value.kind === 'global'

/** Sizes, counts and places: whole numbers that are exact. */
export const isCount = (value: PickleValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

export const isCounts = (value: PickleValue | undefined): value is number[] =>
  Array.isArray(value) && value.every(isCount)

/** A pickle that its own format does not allow, or that holds something else than what is looked for. */
export const damagedPickle = (what: string): SpiculaError =>
  new SpiculaError('pickle/damaged', `not a sound pickle: ${what}`, {
    hint: 'The file was cut short or changed: copy or download it again.',
  })
