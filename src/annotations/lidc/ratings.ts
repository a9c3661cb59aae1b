/** What LIDC-IDRI's radiologists rated, and what their ratings become (Armato et al. 2011; docs/method.md M16). */

/** The nine characteristics, each 1 to 5; calcification 1 to 6. */
export const CHARACTERISTICS = [
  'subtlety',
  'internalStructure',
  'calcification',
  'sphericity',
  'margin',
  'lobulation',
  'spiculation',
  'texture',
  'malignancy',
] as const

export type Characteristic = (typeof CHARACTERISTICS)[number]

/** One reader's ratings of a nodule, or several readers' made one. */
export type Ratings = Readonly<Record<Characteristic, number>>

/**
 * The largest rating of each characteristic; the smallest is 1. The scale of internalStructure ends at 4 (air), but one
 * reader of the archive wrote 5: counted, and like 1 to 3 no air.
 */
export const HIGHEST: Ratings = {
  subtlety: 5,
  internalStructure: 5,
  calcification: 6,
  sphericity: 5,
  margin: 5,
  lobulation: 5,
  spiculation: 5,
  texture: 5,
  malignancy: 5,
}

/** Categories without an order: a median of them would be a category that nobody chose. */
const UNORDERED: ReadonlySet<Characteristic> = new Set(['internalStructure', 'calcification'])

/** How readers become one: the median, or the most frequent rating. */
export const AGGREGATES = ['median', 'mode'] as const
export type Aggregate = (typeof AGGREGATES)[number]

/**
 * Readers' ratings as one; internalStructure and calcification always by mode.
 * @example aggregateRatings(readers, 'median').malignancy // 3.5
 */
export function aggregateRatings(readers: readonly Ratings[], aggregate: Aggregate): Ratings {
  const one = (name: Characteristic): number => {
    const values = readers.map((ratings) => ratings[name])
    return aggregate === 'mode' || UNORDERED.has(name) ? mode(values) : median(values)
  }
  return Object.fromEntries(CHARACTERISTICS.map((name) => [name, one(name)])) as Ratings
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** The most frequent value, the lowest of ties. */
export function mode(values: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  let best = Number.POSITIVE_INFINITY
  for (const [value, count] of counts) {
    const most = counts.get(best) ?? 0
    if (count > most || (count === most && value < best)) best = value
  }
  return best
}

/**
 * Semantic features in the published columns, from aggregated ratings (docs/method.md M16); empty where the
 * rating is not known (NaN).
 * @example lidcFeatures(aggregateRatings(readers, 'median')).nodule_shape // 'Round'
 */
export function lidcFeatures(ratings: Ratings): Readonly<Record<string, string>> {
  const of = (name: Characteristic, feature: (rating: number) => string): string =>
    Number.isNaN(ratings[name]) ? '' : feature(ratings[name])
  return {
    nodule_margin_conspicuity: of('margin', (x) => (x >= 3 ? 'Well marginated' : 'Poorly marginated')),
    nodule_margins: of('lobulation', (x) => (x >= 3 ? 'Lobulated' : '')),
    additional_nodule_margins: of('spiculation', (x) => (x >= 3 ? 'Spiculated' : '')),
    nodule_shape: of('sphericity', (x) => (x > 3 ? 'Round' : 'Ovoid')),
    nodule_consistency: of('texture', (x) => (x < 2 ? 'Pure ground glass' : x > 4 ? 'Solid' : 'Part-solid')),
    'cyst-like_spaces': of('internalStructure', (x) => (x === 4 ? 'Present' : 'Absent')),
    eccentric_calcification: of('calcification', (x) => (x === 4 ? 'Present' : 'Absent')),
  }
}

/** How readers' suspicions become a label. They are suspicions, not pathology. */
export const TARGETS = {
  'leave-3': 'aggregated rating > 3 malignant, < 3 benign, 3 without a label',
  'above-3': 'aggregated rating > 3 malignant, the others benign',
  'mean-leave-3': 'mean rating > 3 malignant, < 3 benign, 3 without a label',
  'mean-above-3': 'mean rating > 3 malignant, the others benign',
} as const
export type Target = keyof typeof TARGETS

/**
 * The label of a lesion: 1, 0, or null where the rule leaves it out.
 * @example malignancyLabel([3, 3, 4], 3, 'mean-above-3') // 1
 */
export function malignancyLabel(readers: readonly number[], aggregated: number, target: Target): 0 | 1 | null {
  const mean = readers.reduce((sum, rating) => sum + rating, 0) / readers.length
  const rating = target.startsWith('mean') ? mean : aggregated
  if (Number.isNaN(rating)) return null
  if (rating > 3) return 1
  return rating < 3 || target.endsWith('above-3') ? 0 : null
}
