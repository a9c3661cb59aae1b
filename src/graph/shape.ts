/**
 * Shapes of symbolic tensors. A dimension is a number, or a multiple of one free symbol written as a string:
 * 'N' is a batch size not yet known, '9N' nine times it. That is all the algebra that a batched network needs,
 * and such a string is its own ONNX `dim_param`.
 */
import { SpiculaError } from '../error.ts'

export type Dim = number | string
export type Shape = readonly Dim[]

const MONOMIAL = /^([1-9]\d*)?([A-Za-z]\w*)$/

/** A dimension as coefficient times symbol; the symbol of a plain number is ''. */
function monomial(dim: Dim): { times: number; symbol: string } {
  if (typeof dim === 'number') {
    if (!Number.isSafeInteger(dim) || dim < 0) throw new SpiculaError('graph/shape', `${dim} is not a dimension`)
    return { times: dim, symbol: '' }
  }
  const match = MONOMIAL.exec(dim)
  if (!match) throw new SpiculaError('graph/shape', `'${dim}' is not a dimension: a number or e.g. 'N', '9N'`)
  return { times: match[1] === undefined ? 1 : Number(match[1]), symbol: match[2] ?? '' }
}

/**
 * Product of dimensions.
 * @example dimProduct(['9N', 50]) // '450N'
 * @throws SpiculaError `graph/shape` when two symbols meet
 */
export function dimProduct(dims: Shape): Dim {
  let times = 1
  let symbol = ''
  for (const dim of dims) {
    const factor = monomial(dim)
    if (factor.symbol !== '' && symbol !== '')
      throw new SpiculaError('graph/shape', `the product of ${showShape(dims)} has more than one symbol`)
    times *= factor.times
    symbol ||= factor.symbol
  }
  if (symbol === '') return times
  return times === 1 ? symbol : `${times}${symbol}`
}

/**
 * Whether a dimension may be `size`. The first meeting of a symbol gives it its value in `symbols`.
 * @example unify('9N', 36, new Map()) // true, and N is 4
 */
export function unify(dim: Dim, size: number, symbols: Map<string, number>): boolean {
  const { times, symbol } = monomial(dim)
  if (symbol === '') return times === size
  const value = symbols.get(symbol) ?? size / times
  symbols.set(symbol, value)
  return Number.isInteger(value) && times * value === size
}

/**
 * The size of a dimension whose symbol is known.
 * @example dimValue('9N', new Map([['N', 4]])) // 36
 */
export function dimValue(dim: Dim, symbols: ReadonlyMap<string, number>): number {
  const { times, symbol } = monomial(dim)
  if (symbol === '') return times
  const value = symbols.get(symbol)
  if (value === undefined) throw new SpiculaError('graph/shape', `the symbol ${symbol} of ${dim} has no value`)
  return times * value
}

/** Whether a dimension is a plain number. */
export const isStatic = (dim: Dim): dim is number => typeof dim === 'number'

/** Whether two shapes are the same, symbol for symbol. */
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, i) => dim === b[i])

/** A shape for messages: `[9N, 50, 768]`. */
export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`

/**
 * NumPy's broadcasting: shapes aligned at the right, a dimension of 1 stretches.
 * @example broadcastShapes(['N', 50, 768], [768]) // ['N', 50, 768]
 * @throws SpiculaError `graph/shape` naming both shapes when they do not fit
 */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  const result: Dim[] = []
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1
    const right = b[axis - rank + b.length] ?? 1
    if (left !== right && left !== 1 && right !== 1)
      throw new SpiculaError('graph/shape', `shapes ${showShape(a)} and ${showShape(b)} do not broadcast`)
    result.push(left === 1 ? right : left)
  }
  return result
}

/** An axis counted from the end where negative, checked against the rank. */
export function normaliseAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(positive) || positive < 0 || positive >= rank)
    throw new SpiculaError('graph/shape', `axis ${axis} does not exist in a tensor of rank ${rank}`)
  return positive
}
