/** The part of a page that says in words what a nodule looks like. */
import { paragraph } from '../drawing/html.ts'
import { type Content, html, lines, type Markup } from '../drawing/markup.ts'
import { range, shown } from '../drawing/numbers.ts'
import type { FeatureAnswer } from '../predict/answers.ts'
import { bar } from './bars.ts'
import type { Part } from './content.ts'
import { groupOf, labelOf, phrase, standingOut, top } from './words.ts'

const GROUPS = [
  ['assessment', 'Suspicion'],
  ['general', 'Margins, shape, consistency'],
  ['internal', 'Inside the nodule'],
  ['external', 'Around the nodule'],
  ['sizes', 'Sizes'],
] as const

/** What zero-shot is, in a sentence that stands beside its answers. */
const ZERO_SHOT =
  'Zero-shot: the model learnt to match images with reports, not to judge these features; it says which of several ' +
  'sentences is most like the image. ' +
  'A number compares sentences and measures nothing, and none of them is the reason for the probability above.'

/** The answers by group, with bars, or why there are none. */
export function featuresSection(features: Part<readonly FeatureAnswer[]>): Markup {
  if ('why' in features) return paragraph(`Left out: ${features.why}.`, 'blank')
  const answers = features.content
  const first = standingOut(answers, 5).map((one) => {
    const { value, probability } = top(one)
    return `${phrase(one.feature, value)} ${shown(probability, 2)}`
  })
  const groups = GROUPS.map(([group, title]) => {
    const those = answers.filter(({ feature }) => groupOf(feature) === group)
    if (those.length === 0) return undefined
    const isSigns = group === 'internal' || group === 'external'
    const content = isSigns ? signsTable(those) : lines(those.map(choiceTable))
    return html`<section class="group"><h4>${title}</h4>\n<div class="${isSigns ? 'signs' : 'choices'}">${content}</div></section>`
  })
  return lines([
    first.length > 0 && paragraph(`Standing out: ${first.join(', ')}.`, 'lead'),
    paragraph(ZERO_SHOT, 'quiet'),
    paragraph(
      'Bars: mean of the folds. Thin marks: each fold. Dotted: what a guess among the values would give.',
      'quiet',
    ),
    ...groups,
  ])
}

/** Signs that are there or not: one bar each, of being there. */
function signsTable(answers: readonly FeatureAnswer[]): Markup {
  const rows = answers.map((one) => {
    const present = one.values.find(({ value }) => value === 'Present') ?? one.values[0]
    const said = top(one)
    const words = html`${phrase(one.feature, said.value)} <b>${shown(said.probability, 2)}</b>`
    return barRow(words, present, 1 / one.values.length)
  })
  const head = html`<thead><tr><th scope="col">in words</th><th scope="col" colspan="2">present</th><th scope="col">folds</th></tr></thead>`
  return bars(head, rows)
}

/** A choice: a bar for each value. */
function choiceTable(answer: FeatureAnswer): Markup {
  const { feature, values } = answer
  const said = top(answer)
  const unit = groupOf(feature) === 'sizes' ? ' mm' : ''
  const rows = values.map((one) => barRow(one.value + unit, one, 1 / values.length))
  const words = html`<b>${phrase(feature, said.value)} ${shown(said.probability, 2)}</b>`
  return bars(html`<caption>${labelOf(feature)}: ${words}</caption>`, rows)
}

const bars = (above: Markup, rows: readonly Markup[]): Markup =>
  html`<table class="bars">${above}<tbody>\n${lines(rows)}\n</tbody></table>`

const barRow = (heading: Content, { probability, folds }: FeatureAnswer['values'][number], guess: number): Markup =>
  html`<tr><th scope="row">${heading}</th><td class="barcell">${bar(probability, folds, { guess })}</td><td>${shown(probability, 2)}</td><td class="folds-cell">${range(folds, 2)}</td></tr>`
