/** What the study asks of each nodule beside malignancy, and how it prints an answer's worth. */
import { auroc } from '../src/evaluation/auroc.ts'

/** The value whose probability is ranked, and what it is weighed against. */
export const QUESTIONS: readonly { readonly feature: string; readonly value: string; readonly against: string }[] = [
  { feature: 'nodule_margin_conspicuity', value: 'Well marginated', against: 'Poorly marginated' },
  { feature: 'nodule_consistency', value: 'Solid', against: 'Part-solid' },
  { feature: 'nodule_calcification', value: 'Present', against: 'Absent' },
  { feature: 'nodule_margins', value: 'Lobulated', against: 'Smooth' },
  { feature: 'additional_nodule_margins', value: 'Spiculated/Serrated', against: 'Smooth' },
  { feature: 'nodule_shape', value: 'Round', against: 'Ovoid' },
]

export function showAuroc(name: string, scores: readonly number[], labels: readonly number[]): void {
  const positives = labels.filter((label) => label === 1).length
  console.log(`${name.padEnd(48)} ${auroc(scores, labels)?.toFixed(4) ?? '-'}  (${positives} of ${labels.length})`)
}
