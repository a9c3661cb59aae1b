/** The stack, marks and memo of the machine that reads a pickle, with a bound on its work. */
import { SpiculaError } from '../../error.ts'
import type { PickleBytes } from './bytes.ts'
import {
  type Allowed,
  damagedPickle,
  isGlobal,
  isObject,
  type PickleGlobal,
  type PickleType,
  type PickleValue,
} from './value.ts'

/** Instructions, and values that they copy: a checkpoint of 60,000 tensors needs no more. */
const MOST_WORK = 1_000_000
/** Bytes of text or array that count as much as one instruction, where a call copies them. */
const BYTES_PER_WORK = 64

export interface PickleMachine {
  readonly bytes: PickleBytes
  push(value: PickleValue): void
  /** The topmost value above the last mark. */
  pop(): PickleValue
  /** The same, left where it is. */
  top(): PickleValue
  mark(): void
  /** All values above the last mark, and the mark itself. */
  popMark(): PickleValue[]
  /** Drops the topmost value, or the mark where there is none above it. */
  drop(): void
  remember(key: number): void
  /** Under the next free number, as protocol 4 does. */
  rememberNext(): void
  recall(key: number): void
  /** The name of the allow-list, or its refusal. */
  find(module: string, name: string): PickleGlobal
  call(callee: PickleValue, args: PickleValue): PickleValue
  persistent(id: PickleValue): PickleValue
  charge(work: number): void
}

export function pickleMachine(
  bytes: PickleBytes,
  { allowed, persistent }: { allowed: Allowed; persistent: ((id: PickleValue) => PickleValue) | undefined },
): PickleMachine {
  const stack: PickleValue[] = []
  const marks: number[] = []
  const memo = new Map<number, PickleValue>()
  let work = 0

  const charge = (amount: number): void => {
    work += amount
    if (work > MOST_WORK)
      throw new SpiculaError('pickle/size', `the pickle takes more than ${MOST_WORK.toLocaleString('en-US')} steps`, {
        hint: 'No checkpoint does: it is made to fill the memory, or holds something else than weights.',
      })
  }
  const floor = (): number => marks.at(-1) ?? 0
  const above = (): number => {
    if (stack.length <= floor()) throw damagedPickle('it takes a value from an empty stack')
    return stack.length - 1
  }
  const popMark = (): PickleValue[] => {
    const from = marks.pop()
    if (from === undefined) throw damagedPickle('it looks for a mark that is not there')
    return stack.splice(from)
  }

  return {
    bytes,
    charge,
    popMark,
    push: (value) => void stack.push(value),
    pop: () => {
      const value = stack[above()]
      stack.length -= 1
      return value
    },
    top: () => stack[above()],
    mark: () => void marks.push(stack.length),
    drop: () => {
      if (stack.length > floor()) stack.length -= 1
      else popMark()
    },
    remember: (key) => void memo.set(key, stack[above()]),
    rememberNext: () => void memo.set(memo.size, stack[above()]),
    recall: (key) => {
      const value = memo.get(key)
      if (value === undefined) throw damagedPickle(`it recalls ${key}, which it never kept`)
      stack.push(value)
    },
    find: (module, name) => {
      const type = allowed(module, name)
      if (!type) throw refused(`${module}.${name}`)
      return { kind: 'global', name: `${module}.${name}`, type }
    },
    call: (callee, args) => {
      if (!isGlobal(callee)) throw damagedPickle('it calls what is not a function')
      if (!Array.isArray(args)) throw damagedPickle(`it calls ${callee.name} without a tuple of arguments`)
      charge(args.reduce<number>((sum, arg) => sum + workOf(arg), 1))
      return callOf(callee)(args)
    },
    persistent: (id) => {
      if (!persistent) throw damagedPickle('it refers to objects that are kept elsewhere')
      return persistent(id)
    },
  }
}

function callOf({ name, type }: PickleGlobal): NonNullable<PickleType['call']> {
  if (!type.call) throw refused(`${name}()`)
  return type.call
}

/** What a call may copy of an argument. */
function workOf(value: PickleValue): number {
  if (Array.isArray(value)) return value.length
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length / BYTES_PER_WORK
  return value instanceof Map || value instanceof Set || isObject(value) ? 4 : 1
}

const refused = (name: string): SpiculaError =>
  new SpiculaError('pickle/global', `the file asks Python for ${shown(name)}, which no weights need: refused`, {
    hint:
      'Nothing of the file was run. If you trust it, load it in Python and save the bare state dictionary ' +
      '(torch.save(model.state_dict(), ...) or safetensors).',
  })

/** A name may hold anything. */
const shown = (name: string): string =>
  name.length > 200 || /[^\x20-\x7e]/.test(name) ? JSON.stringify(name.slice(0, 200)) : name
