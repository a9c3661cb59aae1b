/** How two arrays of numbers differ, as a line and a verdict. */
export interface Comparison {
  readonly name: string
  readonly mean: number
  readonly max: number
  readonly tolerance: number
  readonly pass: boolean
}

/**
 * Mean and maximum absolute difference. NaN on either side, or another number of numbers, fails.
 * @example compare('case0 crop', ours, theirs, 1e-3).pass
 */
export function compare(
  name: string,
  ours: ArrayLike<number>,
  theirs: ArrayLike<number>,
  tolerance: number,
): Comparison {
  if (ours.length !== theirs.length || ours.length === 0) {
    console.error(`${name}: ${ours.length} numbers, ${theirs.length} expected`)
    return { name, mean: Number.NaN, max: Number.NaN, tolerance, pass: false }
  }
  let sum = 0
  let max = 0
  for (let i = 0; i < ours.length; i++) {
    const difference = Math.abs(ours[i] - theirs[i])
    sum += difference
    // Written so that NaN becomes the maximum and stays it.
    if (!(difference <= max)) max = difference
  }
  return { name, mean: sum / ours.length, max, tolerance, pass: max <= tolerance }
}

export function showComparison({ name, mean, max, tolerance, pass }: Comparison): string {
  const number = (x: number) => x.toExponential(1).padStart(8)
  return `${pass ? 'pass' : 'FAIL'}  ${name.padEnd(44)} mean ${number(mean)}  max ${number(max)}  tolerance ${tolerance.toExponential(0)}`
}
