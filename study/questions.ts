/** What the study asks of each nodule beside malignancy, and how it prints an answer's worth. */
import { deLong } from '../src/evaluation/intervals/delong.ts'
import { normalQuantile } from '../src/evaluation/intervals/normal.ts'

/** The value whose probability is ranked, and what it is weighed against. */
export const QUESTIONS: readonly { readonly feature: string; readonly value: string; readonly against: string }[] = [
  { feature: 'nodule_margin_conspicuity', value: 'Well marginated', against: 'Poorly marginated' },
  { feature: 'nodule_consistency', value: 'Solid', against: 'Part-solid' },
  { feature: 'nodule_calcification', value: 'Present', against: 'Absent' },
  { feature: 'nodule_margins', value: 'Lobulated', against: 'Smooth' },
  { feature: 'additional_nodule_margins', value: 'Spiculated/Serrated', against: 'Smooth' },
  { feature: 'nodule_shape', value: 'Round', against: 'Ovoid' },
]

/** An answer about a nodule, and what is true. */
export interface Judged {
  readonly pid: string
  readonly score: number
  readonly label: number
}

/**
 * AUROC with its 95 % interval (DeLong, patients as units), as text.
 * @example aurocText(judged) // '0.942 (0.926 to 0.958)'
 */
export function aurocText(judged: readonly Judged[]): string {
  const pids = [...new Set(judged.map(({ pid }) => pid))]
  const unit = new Map(pids.map((pid, i) => [pid, i]))
  const result = deLong(
    [judged.map(({ score }) => score)],
    judged.map(({ label }) => label),
    judged.map(({ pid }) => unit.get(pid) ?? -1),
  )
  if (result === null) return 'too few'
  const [area] = result.areas
  const reach = normalQuantile(0.975) * Math.sqrt(Math.max(0, result.covariance[0][0]))
  return `${area.toFixed(3)} (${Math.max(0, area - reach).toFixed(3)} to ${Math.min(1, area + reach).toFixed(3)})`
}

export function showAuroc(name: string, judged: readonly Judged[]): void {
  const positives = judged.filter(({ label }) => label === 1).length
  console.log(`${name.padEnd(48)} ${aurocText(judged)}, ${positives} of ${judged.length}`)
}
