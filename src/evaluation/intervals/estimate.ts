/** A value with its interval, or why there is none: nothing in a table is ever NaN. */

import { METRICS, measure, type Sample, whyBlank } from '../metrics/metrics.ts'
import { column, type Design } from './bootstrap.ts'
import { type Interval, intervalOf } from './interval.ts'
import { normalQuantile } from './normal.ts'

export type Estimate =
  | {
      readonly value: number
      /** 95 %; null where none can be told, and `why` says why. */
      readonly interval: Interval | null
      readonly why?: string
    }
  | { readonly value: null; readonly why: string }

/** How replicates are computed: in this thread, or spread over several. */
export type Bootstrap = (sample: Sample, design: Design, keys: readonly string[]) => Promise<Float64Array>

const NOT_PROBABILITIES = 'not a probability'

/**
 * Every metric of the catalogue with its interval.
 * @returns by key; metrics of probabilities are blank where scores are on another scale
 */
export async function estimates(
  sample: Sample,
  design: Design,
  probabilities: boolean,
  bootstrap: Bootstrap,
): Promise<Record<string, Estimate>> {
  const wanted = METRICS.filter(({ ofProbabilities }) => probabilities || !ofProbabilities).map(({ key }) => key)
  const values = measure(sample, wanted)
  const told = wanted.filter((_, i) => values[i] !== null)
  const few = tooFew(design)
  const replicates = few === null && told.length > 0 ? await bootstrap(sample, design, told) : new Float64Array()
  const why = whyBlank(sample)
  return Object.fromEntries(
    METRICS.map(({ key }): [string, Estimate] => {
      const value = values[wanted.indexOf(key)] ?? null
      if (!wanted.includes(key)) return [key, { value: null, why: NOT_PROBABILITIES }]
      if (value === null) return [key, { value, why }]
      if (few !== null) return [key, { value, interval: null, why: few }]
      return [key, withInterval(value, column(replicates, told.length, told.indexOf(key)), design)]
    }),
  )
}

/** Why a design allows no interval. */
export function tooFew({ strata }: Design): string | null {
  const smallest = Math.min(...strata.map(({ length }) => length))
  return strata.length === 0 || smallest < 2 ? 'fewer than two patients of a class: no interval' : null
}

/** A value with the interval of its replicates. */
export function withInterval(value: number, replicates: Float64Array, design: Design): Estimate {
  const interval = intervalOf(replicates, value, design)
  if (interval === null) return { value, interval, why: 'too many draws have no value: no interval' }
  // At the edge of what is possible resampling sees no spread where there is some.
  if (interval.low === interval.high) return { value, interval: null, why: 'all draws give one value: no interval' }
  return { value, interval }
}

/**
 * Wilson's interval of a share (1927), for shares of 0 and 1, which resampling cannot doubt.
 * @param n of independent units
 * @example wilson(1, 20) // { low: 0.839, high: 1 }
 */
export function wilson(share: number, n: number): Interval {
  const z2 = normalQuantile(0.975) ** 2
  const centre = (share + z2 / (2 * n)) / (1 + z2 / n)
  const reach = (Math.sqrt(z2) / (1 + z2 / n)) * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n))
  return { low: Math.max(0, centre - reach), high: Math.min(1, centre + reach) }
}
