/** From data to places, and the round numbers that an axis shows. */

/** Place of a value along one axis, px. */
export type Scale = (value: number) => number

/**
 * The straight map that takes one range to another.
 * @param data [from, to], apart from each other
 * @param places where they lie, px; falling where an axis runs upwards
 * @example linearScale([0, 1], [300, 100])(0.25) // 250
 */
export const linearScale =
  ([from, to]: readonly [number, number], [start, end]: readonly [number, number]): Scale =>
  (value) =>
    start + ((value - from) / (to - from)) * (end - start)

/**
 * Round numbers within a range, some `about` of them: multiples of 1, 2 or 5 times a power of ten.
 * @example niceTicks(0, 1) // [0, 0.2, 0.4, 0.6, 0.8, 1]
 */
export function niceTicks(from: number, to: number, about = 5): number[] {
  const step = niceStep(to - from, about)
  return multiples(Math.ceil(from / step - 1e-9), Math.floor(to / step + 1e-9), step)
}

/**
 * The same, reaching to both ends of a range or beyond: an axis from the first to the last holds all values.
 * @example coveringTicks(0.13, 0.88) // [0, 0.2, 0.4, 0.6, 0.8, 1]
 */
export function coveringTicks(from: number, to: number, about = 5): number[] {
  // A range without length still gets two ticks.
  const step = niceStep(Math.max(to - from, Math.abs(to) * 1e-3, 1e-9), about)
  const first = Math.floor(from / step + 1e-9)
  return multiples(first, Math.max(Math.ceil(to / step - 1e-9), first + 1), step)
}

function niceStep(span: number, about: number): number {
  const rough = span / about
  const power = 10 ** Math.floor(Math.log10(rough))
  return ([1, 2, 5].find((n) => n * power >= rough * 0.999) ?? 10) * power
}

const multiples = (first: number, last: number, step: number): number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)))
