/** One nodule on a page. */
import { type Cell, paragraph, table } from '../drawing/html.ts'
import { type Content, drawnMarkup, html, lines, type Markup } from '../drawing/markup.ts'
import { bracketed, range, shown } from '../drawing/numbers.ts'
import type { Picture } from '../pictures/pictures.ts'
import { probabilityOf } from '../predict/answers.ts'
import { bar, pointPlot } from './bars.ts'
import type { CaseNodule } from './content.ts'
import { featuresSection } from './features.ts'

/** Where a label's nodule stands on the page. */
export const anchorOf = (label: string): string => label.toLowerCase().replace(/[^a-z0-9]+/g, '-')

/** What the page calls a nodule: its label, and its identifiers where they were asked for. */
export const nameOf = ({ label, identifiers }: Pick<CaseNodule, 'label' | 'identifiers'>): string =>
  identifiers === undefined ? label : `${label}: ${identifiers.pid}, nodule ${identifiers.noduleId}`

/** The number that stands for a nodule: calibrated where the model is. */
export const headline = ({ reading }: CaseNodule): { readonly mean: number; readonly folds: readonly number[] } => ({
  mean: probabilityOf(reading),
  folds: reading.calibrated ?? reading.raw,
})

export function noduleArticle(nodule: CaseNodule, hasIndex: boolean): Markup {
  const id = anchorOf(nodule.label)
  const section = (title: string, kind: string, content: Content): Markup =>
    html`<section class="${kind}"><h3>${title}</h3>\n${content}\n</section>`
  return lines([
    html`<article id="${id}" aria-labelledby="${id}-title">`,
    html`<h2 id="${id}-title">${nameOf(nodule)}</h2>`,
    notesBox(nodule),
    section('Probability of malignancy', 'answer', probability(nodule)),
    section('Where it is', 'where', where(nodule)),
    section('What the model saw, and the weight of each view', 'views', views(nodule)),
    section('In words', 'words', featuresSection(nodule.reading.features)),
    section('Training reports most like it', 'similar', similar(nodule)),
    section("The clinic's models", 'risks', risks(nodule)),
    hasIndex && html`<p class="back"><a href="#index">Back to the index</a></p>`,
    html`</article>`,
  ])
}

function notesBox({ notes }: CaseNodule): Content {
  if (notes.length === 0) return undefined
  const items = notes.map(({ code, message }) => html`<li>${message} <span class="code">${code}</span></li>`)
  const title = notes.length === 1 ? 'A warning' : `${notes.length} warnings`
  return html`<div class="warn" role="note"><p><b>${title} on this nodule</b></p>\n<ul>${lines(items)}</ul></div>`
}

function probability({ reading }: CaseNodule): Markup {
  const { raw, ensemble, calibrated, calibratedEnsemble } = reading
  const folds = raw.length === 1 ? 'of one fold' : `mean of ${raw.length} folds`
  const number = (p: number, each: readonly number[], kind: string): Markup =>
    html`<p class="number"><strong>${shown(p)}</strong> ${kind}, ${folds}${bracketed(each)}</p>`
  const before = { label: 'raw', mean: ensemble, folds: raw }
  if (calibrated === undefined || calibratedEnsemble === undefined) {
    const remark = 'The model carries no calibration: the number orders nodules, but is not a frequency of cancer.'
    return lines([number(ensemble, raw, 'raw'), paragraph(remark, 'quiet'), pointPlot(FOLDS_TITLE, [before])])
  }
  const after = { label: 'calibrated', mean: calibratedEnsemble, folds: calibrated }
  return lines([
    number(calibratedEnsemble, calibrated, 'calibrated'),
    paragraph(`Raw, before calibration: ${shown(ensemble)}${bracketed(raw)}.`),
    pointPlot(FOLDS_TITLE, [after, before]),
  ])
}

const FOLDS_TITLE = 'Probability of malignancy by each fold'

function where({ pictures, pointLps }: CaseNodule): Markup {
  const [x, y, z] = pointLps.map((mm) => mm.toFixed(1))
  const place = `Centre: ${x}, ${y}, ${z} mm (LPS: x to the patient's left, y to the back, z to the head).`
  const { overview } = pictures
  if ('why' in overview) return lines([paragraph(place), paragraph(`No overview: ${overview.why}.`, 'blank')])
  const planes = overview.planes.map((one) => picture(one))
  return lines([paragraph(place), html`<div class="planes">${lines(planes)}</div>`])
}

const picture = ({ label, svg }: Picture, under?: Markup): Markup =>
  html`<figure>${drawnMarkup(svg)}<figcaption>${label}${under}</figcaption></figure>`

function views({ pictures, reading: { attention } }: CaseNodule): Markup {
  const weights = pictures.views.map((_, v) => {
    const folds = attention.map((fold) => fold[v])
    return { folds, mean: folds.reduce((sum, x) => sum + x, 0) / folds.length }
  })
  const guess = 1 / weights.length
  // Equal shares stand in the middle, where no view has more than twice as much.
  const most = Math.max(Math.min(1, 2 * guess), ...weights.flatMap(({ folds }) => folds))
  const figures = pictures.views.map((one, v) => {
    const { mean, folds } = weights[v]
    const spread = range(folds, 2)
    const quiet = spread !== '' && html` <span class="quiet">${spread}</span>`
    return picture(one, html`<br>weight <b>${shown(mean, 2)}</b>${quiet}${bar(mean, folds, { guess, most })}`)
  })
  return lines([
    html`<div class="nine">${lines(figures)}</div>`,
    paragraph('Weights: mean and range of the folds; dotted where all views would count alike.', 'quiet'),
  ])
}

function similar({ reading }: CaseNodule): Markup {
  if ('why' in reading.similar) return paragraph(`Left out: ${reading.similar.why}.`, 'blank')
  const items = reading.similar.content.map(({ text, nodules, similarity, folds }) => {
    const count = nodules === 1 ? 'one training nodule' : `${nodules} training nodules`
    const under = `similarity ${similarity.toFixed(2)}${folds.length > 1 ? `, folds ${Math.min(...folds).toFixed(2)} to ${Math.max(...folds).toFixed(2)}` : ''}; of ${count}`
    return html`<li><blockquote>${text}</blockquote><span class="quiet">${under}</span></li>`
  })
  return lines([
    html`<ol>${lines(items)}</ol>`,
    paragraph(
      'Texts that the model was trained with, by the cosine of their embedding with the image: about other nodules, ' +
        'not a report on this one.',
      'quiet',
    ),
  ])
}

function risks({ risks: all }: CaseNodule): Markup {
  const blank = all.flatMap(({ model, answer }) => (answer.kind === 'blank' ? [`${model.label}: ${answer.why}`] : []))
  const why = blank.length > 0 && paragraph(`Without an answer: ${blank.join('; ')}.`, 'blank')
  const rows = all.flatMap(({ model, answer }): Cell[][] => {
    if (answer.kind === 'blank') return []
    const result = model.scale === 'probability' ? shown(answer.value) : answer.shown
    return [[model.label, result, answer.notes.join('; ')]]
  })
  if (rows.length === 0)
    return lines([paragraph("They need columns of the cohort's table (spicula risk --help names them).", 'blank'), why])
  const from = "Computed from the table's columns, not from the image."
  const answers = table('Probability of cancer, or category', ['model', 'result', 'remarks'], rows)
  return lines([answers, paragraph(from, 'quiet'), why])
}
