/** How well a nodule's features are told without having been taught: each feature's table against the radiologists'. */

import { lineList } from '../cohort/duplicates.ts'
import { SpiculaError } from '../error.ts'
import { FEATURE_NAMES, isLength } from '../features/features.ts'
import { choiceValue } from '../features/parse-features.ts'
import type { Table } from '../files/table.ts'
import { seededRandom } from '../random.ts'
import { designOf, drawUnits } from './intervals/bootstrap.ts'
import { type Estimate, tooFew, withInterval } from './intervals/estimate.ts'
import { identified, needColumns, noduleKey, refuseMisfits, type TruthRow } from './labels.ts'
import { aurocOf } from './metrics/auroc.ts'
import { weightedAuroc } from './metrics/multiclass.ts'
import { curveOf, rank } from './metrics/ranking.ts'

export interface FeatureResult {
  readonly feature: string
  /** Nodules with a reading and a prediction. */
  readonly rows: number
  /** AUROC weighted over values, each against the rest. */
  readonly auroc: Estimate
  readonly byValue: readonly { readonly value: string; readonly rows: number; readonly auroc: number | null }[]
}

/**
 * Evaluates zero-shot features.
 * @param table long: pid, nodule_id, feature, value, probability
 * @param rows of the truth, whose columns are the features
 * @throws SpiculaError `evaluation/columns`, `evaluation/rows`, `evaluation/probability`
 */
export function zeroShotResults(
  table: Table,
  rows: readonly TruthRow[],
  { seed, replicates }: { seed: number; replicates: number },
): FeatureResult[] {
  needColumns(table, ['pid', 'nodule_id', 'feature', 'value', 'probability'], 'a table of zero-shot features')
  refuseMisfits(table)
  const features = new Map<string, Map<string, Map<string, number>>>()
  const outside: number[] = []
  for (const record of table.records) {
    const { pid, noduleId, line, values } = identified(record)
    const p = values.probability.trim() === '' ? Number.NaN : Number(values.probability)
    if (!(p >= 0 && p <= 1)) outside.push(line)
    const feature = features.get(values.feature) ?? new Map<string, Map<string, number>>()
    const scores = feature.get(values.value) ?? new Map<string, number>()
    scores.set(noduleKey(pid, noduleId), p)
    features.set(values.feature, feature.set(values.value, scores))
  }
  if (outside.length > 0) {
    throw new SpiculaError('evaluation/probability', `${table.name}: no probability on ${lineList(outside)}`)
  }
  return [...features].map(([feature, byValue]) => featureResult(feature, byValue, rows, { seed, replicates }))
}

/** A value as published, where the feature and its synonyms are ("Spiculated" is "Spiculated/Serrated"), by its letters. */
function plain(feature: string, text: string): string {
  const name = FEATURE_NAMES.find((one) => one === feature)
  const published = name === undefined || isLength(name) ? undefined : choiceValue(name, text)
  return (published ?? text).toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
}

function featureResult(
  feature: string,
  predicted: ReadonlyMap<string, ReadonlyMap<string, number>>,
  rows: readonly TruthRow[],
  { seed, replicates }: { seed: number; replicates: number },
): FeatureResult {
  const names = [...predicted.keys()]
  const told = rows.flatMap((row) => {
    const said = plain(feature, row.values[feature] ?? '')
    const truth = names.find((name) => plain(feature, name) === said)
    const key = noduleKey(row.pid, row.noduleId)
    return truth !== undefined && names.every((name) => predicted.get(name)?.has(key)) ? [{ row, truth, key }] : []
  })
  if (rows.every(({ values }) => values[feature] === undefined)) {
    return { feature, rows: 0, auroc: { value: null, why: 'the cohort has no such column' }, byValue: [] }
  }
  const probabilities = Object.fromEntries(
    names.map((name) => [name, told.map(({ key }) => predicted.get(name)?.get(key) ?? 0)]),
  )
  const truth = told.map((one) => one.truth)
  const result = weightedAuroc(probabilities, truth)
  if (result === null) {
    const why = told.length === 0 ? 'no nodule with a reading and a prediction' : 'all readings say the same'
    return { feature, rows: told.length, auroc: { value: null, why }, byValue: [] }
  }
  return { feature, rows: told.length, auroc: interval(result.weighted), byValue: result.byValue }

  function interval(value: number): Estimate {
    const rankings = names.map((name) =>
      rank(
        probabilities[name],
        truth.map((one) => (one === name ? 1 : 0)),
      ),
    )
    const commonest = result?.byValue.reduce((a, b) => (b.rows > a.rows ? b : a)).value
    // Strata: patients with any nodule of another value than the commonest, and the rest.
    const design = designOf(
      told.map(({ row }) => row.pid),
      truth.map((one) => (one === commonest ? 0 : 1)),
    )
    const few = tooFew(design)
    if (few !== null) return { value, interval: null, why: few }
    const drawn = new Uint8Array(design.units)
    const weights = new Uint16Array(truth.length)
    const values = Float64Array.from({ length: replicates }, (_, replicate) => {
      drawUnits(design, seededRandom(seed, `bootstrap/${replicate}`), drawn)
      for (let row = 0; row < weights.length; row++) weights[row] = drawn[design.unitOfRow[row]]
      let sum = 0
      let total = 0
      for (const ranking of rankings) {
        const curve = curveOf(ranking, weights)
        const area = aurocOf(curve)
        if (area === null) continue
        sum += area * curve.positives
        total += curve.positives
      }
      return total === 0 ? Number.NaN : sum / total
    })
    return withInterval(value, values, design)
  }
}
