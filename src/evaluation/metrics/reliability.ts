/** Do probabilities mean what they say: bins of predicted against observed. */

export interface ReliabilityBin {
  /** Above `low`, up to and with `high`; the first bin holds 0 too. */
  readonly low: number
  readonly high: number
  readonly count: number
  readonly events: number
  /** Mean probability; null in an empty bin. */
  readonly predicted: number | null
  /** Share of cancers; null in an empty bin. */
  readonly observed: number | null
}

/**
 * Bins of equal width.
 * @param probabilities in [0, 1]
 * @param weights how often each row counts
 * @example reliabilityBins([0.05, 0.95], [0, 1]).length // 10
 */
export function reliabilityBins(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { bins = 10, weights }: { bins?: number; weights?: ArrayLike<number> | undefined } = {},
): ReliabilityBin[] {
  const { count, events, sum } = sums(probabilities, labels, { bins, weights })
  return Array.from(count, (c, b) => ({
    low: b / bins,
    high: (b + 1) / bins,
    count: c,
    events: events[b],
    predicted: c === 0 ? null : sum[b] / c,
    observed: c === 0 ? null : events[b] / c,
  }))
}

function sums(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { bins, weights, members = binsOf(probabilities, bins) }: EceOptions & { bins: number },
): { count: Float64Array; events: Float64Array; sum: Float64Array } {
  const count = new Float64Array(bins)
  const events = new Float64Array(bins)
  const sum = new Float64Array(bins)
  for (let i = 0; i < probabilities.length; i++) {
    const weight = weights === undefined ? 1 : weights[i]
    const bin = members[i]
    count[bin] += weight
    events[bin] += weight * labels[i]
    sum[bin] += weight * probabilities[i]
  }
  return { count, events, sum }
}

/** Bin of each row, at most 256 of them. */
export const binsOf = (probabilities: ArrayLike<number>, bins = 10): Uint8Array =>
  Uint8Array.from(probabilities, (p) => binOf(p, bins))

/** Bins closed above, as in Guo et al. 2017 and scikit-learn's `calibration_curve`, whose edges are multiples of 1/bins. */
function binOf(p: number, bins: number): number {
  let bin = Math.min(bins - 1, Math.max(0, Math.ceil(p * bins) - 1))
  // The product rounds: the edges decide.
  const edge = (b: number): number => b * (1 / bins)
  if (bin > 0 && p <= edge(bin)) bin--
  else if (bin < bins - 1 && p > edge(bin + 1)) bin++
  return bin
}

interface EceOptions {
  readonly bins?: number
  /** How often each row counts. */
  readonly weights?: ArrayLike<number> | undefined
  /** Bin of each row where it is known: see {@link binsOf}. */
  readonly members?: Uint8Array | undefined
}

/**
 * Expected calibration error (Naeini et al. 2015; Guo et al. 2017): mean over rows of the distance between a bin's
 * observed share and its mean probability.
 * @returns null without rows
 * @example ece([0.2, 0.2, 0.2, 0.2, 0.2], [0, 0, 0, 0, 1]) // 0
 */
export function ece(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { bins = 10, weights, members }: EceOptions = {},
): number | null {
  const { count, events, sum } = sums(probabilities, labels, { bins, weights, members })
  let total = 0
  let error = 0
  for (let b = 0; b < bins; b++) {
    total += count[b]
    error += Math.abs(events[b] - sum[b])
  }
  return total === 0 ? null : error / total
}

/** Rows of a bin up to which the distribution of its events is summed exactly; beyond, the normal law is closer than 1e-4. */
const EXACT_ROWS = 2000

/**
 * The ECE that a perfectly calibrated model with these probabilities would show on average, from chance alone: the
 * observed one means something only above it. Exact: in each bin the number of events is a sum of independent coin
 * tosses, whose distribution is built up row by row (Poisson binomial); in bins of many rows its normal limit.
 * @returns null without rows
 * @example eceOfPerfect([0.5, 0.5]) // 0.25: one event of two half of the time, none or two otherwise
 */
export function eceOfPerfect(probabilities: ArrayLike<number>, { bins = 10 }: { bins?: number } = {}): number | null {
  const members: number[][] = Array.from({ length: bins }, () => [])
  for (let i = 0; i < probabilities.length; i++) members[binOf(probabilities[i], bins)].push(probabilities[i])
  const expected = members.reduce((sum, bin) => sum + meanAbsoluteDeviation(bin), 0)
  return probabilities.length === 0 ? null : expected / probabilities.length
}

/** E |S - E S| for S a sum of independent events of these probabilities. */
function meanAbsoluteDeviation(probabilities: readonly number[]): number {
  const mean = probabilities.reduce((sum, p) => sum + p, 0)
  if (probabilities.length > EXACT_ROWS) {
    const variance = probabilities.reduce((sum, p) => sum + p * (1 - p), 0)
    return Math.sqrt((2 * variance) / Math.PI)
  }
  const distribution = new Float64Array(probabilities.length + 1)
  distribution[0] = 1
  for (const [rows, p] of probabilities.entries()) {
    for (let s = rows + 1; s > 0; s--) distribution[s] = distribution[s] * (1 - p) + distribution[s - 1] * p
    distribution[0] *= 1 - p
  }
  return distribution.reduce((sum, chance, s) => sum + chance * Math.abs(s - mean), 0)
}
