/** The instructions of pickles, protocols 0 to 5, by their byte (Lib/pickletools.py lists them). */
import { SpiculaError } from '../../error.ts'
import type { PickleMachine } from './machine.ts'
import { bytesLong, decimalLong, latin1, protocol0Float, protocol0Int, quoted, rawUnicode, utf8 } from './text.ts'
import { damagedPickle, isObject, type PickleValue } from './value.ts'

export const STOP = 0x2e

type Instruction = (m: PickleMachine) => void

const HIGHEST_PROTOCOL = 5
/** Python's integers have any length; sizes, seeds and hashes have not. */
const LONGEST_INTEGER = 1024

/** Work of making a container, so that none of millions of empty ones fill the memory. */
const CONTAINER = 4

const push =
  (value: (m: PickleMachine) => PickleValue): Instruction =>
  (m) =>
    m.push(value(m))

const pushNew =
  (make: () => PickleValue): Instruction =>
  (m) => {
    m.charge(CONTAINER)
    m.push(make())
  }

const unsupported =
  (what: string): Instruction =>
  () => {
    throw new SpiculaError('pickle/opcode', `the pickle uses ${what}, which no checkpoint needs: refused`)
  }

const long = (m: PickleMachine, length: number): number | bigint => {
  if (length < 0 || length > LONGEST_INTEGER) throw damagedPickle(`an integer of ${length} bytes`)
  return bytesLong(m.bytes.take(length))
}

const tuple =
  (count: number): Instruction =>
  (m) => {
    const items: PickleValue[] = []
    for (let n = 0; n < count; n++) items.unshift(m.pop())
    m.push(items)
  }

/** Everything above the mark into the list below it. */
function extend(m: PickleMachine): void {
  const items = m.popMark()
  const list = m.top()
  if (!Array.isArray(list)) throw damagedPickle('it appends to what is not a list')
  for (const item of items) list.push(item)
}

function setItems(target: PickleValue, items: readonly PickleValue[]): void {
  if (!(target instanceof Map)) throw damagedPickle('it sets items of what is not a dict')
  if (items.length % 2 !== 0) throw damagedPickle('a key without a value')
  for (let n = 0; n < items.length; n += 2) target.set(items[n], items[n + 1])
}

const dictOf = (items: readonly PickleValue[]): Map<PickleValue, PickleValue> => {
  const dict = new Map<PickleValue, PickleValue>()
  setItems(dict, items)
  return dict
}

function build(m: PickleMachine): void {
  const state = m.pop()
  const object = m.pop()
  m.charge(CONTAINER)
  // Attributes that a dict carries beside its items, such as a state dictionary's _metadata, are nobody's business.
  if (object instanceof Map) m.push(object)
  else if (isObject(object) && object.setState) m.push(object.setState(state, m.bytes))
  else throw damagedPickle('it gives a state to what has none')
}

/** `\n`-ended module and name. */
function globalLines(m: PickleMachine): PickleValue {
  const module = utf8(m.bytes.line())
  return m.find(module, utf8(m.bytes.line()))
}

const key = (m: PickleMachine): number => {
  const n = Number(protocol0Int(m.bytes.line()))
  if (!Number.isSafeInteger(n) || n < 0) throw damagedPickle(`${n} is not a place in the memo`)
  return n
}

const TABLE: readonly (readonly [code: number | string, run: Instruction])[] = [
  // The stack.
  ['(', (m) => m.mark()],
  ['0', (m) => m.drop()],
  ['1', (m) => void m.popMark()],
  ['2', (m) => m.push(m.top())],
  // The memo.
  ['p', (m) => m.remember(key(m))],
  ['q', (m) => m.remember(m.bytes.u8())],
  ['r', (m) => m.remember(m.bytes.u32())],
  [0x94, (m) => m.rememberNext()],
  ['g', (m) => m.recall(key(m))],
  ['h', (m) => m.recall(m.bytes.u8())],
  ['j', (m) => m.recall(m.bytes.u32())],
  // Numbers.
  ['N', push(() => null)],
  [0x88, push(() => true)],
  [0x89, push(() => false)],
  ['I', push((m) => protocol0Int(m.bytes.line()))],
  ['J', push((m) => m.bytes.i32())],
  ['K', push((m) => m.bytes.u8())],
  ['M', push((m) => m.bytes.u16())],
  ['L', push((m) => decimalLong(m.bytes.line()))],
  [0x8a, push((m) => long(m, m.bytes.u8()))],
  [0x8b, push((m) => long(m, m.bytes.i32()))],
  ['F', push((m) => protocol0Float(m.bytes.line()))],
  ['G', push((m) => m.bytes.f64BigEndian())],
  // Texts and bytes. Python 2's strings are bytes that torch reads as text.
  ['S', push((m) => quoted(m.bytes.line()))],
  ['T', push((m) => latin1(m.bytes.take(m.bytes.u32())))],
  ['U', push((m) => latin1(m.bytes.take(m.bytes.u8())))],
  ['V', push((m) => rawUnicode(m.bytes.line()))],
  ['X', push((m) => utf8(m.bytes.take(m.bytes.u32())))],
  [0x8c, push((m) => utf8(m.bytes.take(m.bytes.u8())))],
  [0x8d, push((m) => utf8(m.bytes.take(m.bytes.u64())))],
  ['B', push((m) => m.bytes.take(m.bytes.u32()))],
  ['C', push((m) => m.bytes.take(m.bytes.u8()))],
  [0x8e, push((m) => m.bytes.take(m.bytes.u64()))],
  [0x96, push((m) => m.bytes.take(m.bytes.u64()))],
  // Containers.
  [')', pushNew(() => [])],
  [']', pushNew(() => [])],
  ['}', pushNew(() => new Map())],
  [0x8f, pushNew(() => new Set())],
  ['t', push((m) => m.popMark())],
  [0x85, tuple(1)],
  [0x86, tuple(2)],
  [0x87, tuple(3)],
  ['l', push((m) => m.popMark())],
  ['d', push((m) => dictOf(m.popMark()))],
  [0x91, push((m) => new Set(m.popMark()))],
  [
    'a',
    (m) => {
      const item = m.pop()
      const list = m.top()
      if (!Array.isArray(list)) throw damagedPickle('it appends to what is not a list')
      list.push(item)
    },
  ],
  ['e', extend],
  [
    's',
    (m) => {
      const value = m.pop()
      const name = m.pop()
      setItems(m.top(), [name, value])
    },
  ],
  [
    'u',
    (m) => {
      const items = m.popMark()
      setItems(m.top(), items)
    },
  ],
  [
    0x90,
    (m) => {
      const items = m.popMark()
      const set = m.top()
      if (!(set instanceof Set)) throw damagedPickle('it adds to what is not a set')
      for (const item of items) set.add(item)
    },
  ],
  // Objects.
  ['c', push(globalLines)],
  [
    0x93,
    (m) => {
      const name = m.pop()
      const module = m.pop()
      if (typeof name !== 'string' || typeof module !== 'string') throw damagedPickle('a name that is not text')
      m.push(m.find(module, name))
    },
  ],
  [
    'R',
    (m) => {
      const args = m.pop()
      m.push(m.call(m.pop(), args))
    },
  ],
  [
    0x81,
    (m) => {
      const args = m.pop()
      m.push(m.call(m.pop(), args))
    },
  ],
  [
    0x92,
    (m) => {
      const named = m.pop()
      const args = m.pop()
      if (!(named instanceof Map) || named.size > 0) throw damagedPickle('an object made with named arguments')
      m.push(m.call(m.pop(), args))
    },
  ],
  [
    'i',
    (m) => {
      const type = globalLines(m)
      m.push(m.call(type, m.popMark()))
    },
  ],
  [
    'o',
    (m) => {
      const [type, ...args] = m.popMark()
      if (type === undefined) throw damagedPickle('an object without a type')
      m.push(m.call(type, args))
    },
  ],
  ['b', build],
  ['P', push((m) => m.persistent(utf8(m.bytes.line())))],
  ['Q', push((m) => m.persistent(m.pop()))],
  // Frames and versions.
  [
    0x80,
    (m) => {
      const version = m.bytes.u8()
      if (version > HIGHEST_PROTOCOL) throw damagedPickle(`protocol ${version} is not known`)
    },
  ],
  // A frame only tells how much to read ahead; here all bytes are there.
  [0x95, (m) => m.bytes.need(m.bytes.u64())],
  [0x82, unsupported('an extension code')],
  [0x83, unsupported('an extension code')],
  [0x84, unsupported('an extension code')],
  [0x97, unsupported('a buffer outside the pickle')],
  [0x98, unsupported('a buffer outside the pickle')],
]

export const OPCODES: readonly (Instruction | undefined)[] = TABLE.reduce<(Instruction | undefined)[]>(
  (table, [code, run]) => {
    table[typeof code === 'string' ? code.charCodeAt(0) : code] = run
    return table
  },
  new Array(256).fill(undefined),
)
