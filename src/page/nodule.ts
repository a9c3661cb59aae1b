/** One nodule on a page. */
import { type Cell, paragraph, table } from '../drawing/html.ts'
import { bracketed, range, shown } from '../drawing/numbers.ts'
import { escapeXml } from '../drawing/svg.ts'
import type { Picture } from '../pictures/pictures.ts'
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
  mean: reading.calibratedEnsemble ?? reading.ensemble,
  folds: reading.calibrated ?? reading.raw,
})

export function noduleArticle(nodule: CaseNodule, hasIndex: boolean): string {
  const id = anchorOf(nodule.label)
  const section = (title: string, kind: string, content: string): string =>
    `<section class="${kind}"><h3>${title}</h3>\n${content}\n</section>`
  return [
    `<article id="${id}" aria-labelledby="${id}-title">`,
    `<h2 id="${id}-title">${escapeXml(nameOf(nodule))}</h2>`,
    notesBox(nodule),
    section('Probability of malignancy', 'answer', probability(nodule)),
    section('Where it is', 'where', where(nodule)),
    section('What the model saw, and the weight of each view', 'views', views(nodule)),
    section('In words', 'words', featuresSection(nodule.reading.features)),
    section('Training reports most like it', 'similar', similar(nodule)),
    section("The clinic's models", 'risks', risks(nodule)),
    ...(hasIndex ? ['<p class="back"><a href="#index">Back to the index</a></p>'] : []),
    '</article>',
  ].join('\n')
}

function notesBox({ notes }: CaseNodule): string {
  if (notes.length === 0) return ''
  const items = notes.map(
    ({ code, message }) => `<li>${escapeXml(message)} <span class="code">${escapeXml(code)}</span></li>`,
  )
  const title = notes.length === 1 ? 'A warning' : `${notes.length} warnings`
  return `<div class="warn" role="note"><p><b>${title} on this nodule</b></p>\n<ul>${items.join('\n')}</ul></div>`
}

function probability({ reading }: CaseNodule): string {
  const { raw, ensemble, calibrated, calibratedEnsemble } = reading
  const folds = raw.length === 1 ? 'of one fold' : `mean of ${raw.length} folds`
  const number = (p: number, each: readonly number[], kind: string): string =>
    `<p class="number"><strong>${escapeXml(shown(p))}</strong> ${escapeXml(`${kind}, ${folds}${bracketed(each)}`)}</p>`
  const before = { label: 'raw', mean: ensemble, folds: raw }
  if (calibrated === undefined || calibratedEnsemble === undefined) {
    const remark = 'The model carries no calibration: the number orders nodules, but is no frequency of cancer.'
    return `${number(ensemble, raw, 'raw')}\n${paragraph(remark, 'quiet')}\n${pointPlot('Probability of malignancy by each fold', [before])}`
  }
  const after = { label: 'calibrated', mean: calibratedEnsemble, folds: calibrated }
  return [
    number(calibratedEnsemble, calibrated, 'calibrated'),
    `<p>${escapeXml(`Raw, before calibration: ${shown(ensemble)}${bracketed(raw)}.`)}</p>`,
    pointPlot('Probability of malignancy by each fold', [after, before]),
  ].join('\n')
}

function where({ pictures, pointLps }: CaseNodule): string {
  const [x, y, z] = pointLps.map((mm) => mm.toFixed(1))
  const place = `Centre: ${x}, ${y}, ${z} mm (LPS: x to the patient's left, y to the back, z to the head).`
  if ('why' in pictures.overview)
    return `${paragraph(place)}\n${paragraph(`No overview: ${pictures.overview.why}.`, 'blank')}`
  return `${paragraph(place)}\n<div class="planes">${pictures.overview.planes.map((one) => picture(one, '')).join('\n')}</div>`
}

const picture = ({ label, svg }: Picture, under: string): string =>
  `<figure>${svg}<figcaption>${escapeXml(label)}${under}</figcaption></figure>`

function views({ pictures, reading: { attention } }: CaseNodule): string {
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
    const numbers = `<b>${shown(mean, 2)}</b>${spread === '' ? '' : ` <span class="quiet">${escapeXml(spread)}</span>`}`
    return picture(one, `<br>weight ${numbers}${bar(mean, folds, { guess, most })}`)
  })
  return [
    `<div class="nine">${figures.join('\n')}</div>`,
    paragraph('Weights: mean and range of the folds; dotted where all views would count alike.', 'quiet'),
  ].join('\n')
}

function similar({ reading }: CaseNodule): string {
  if ('why' in reading.similar) return paragraph(`Left out: ${reading.similar.why}.`, 'blank')
  const items = reading.similar.content.map(({ text, nodules, similarity, folds }) => {
    const count = nodules === 1 ? 'one training nodule' : `${nodules} training nodules`
    const under = `similarity ${similarity.toFixed(2)}${folds.length > 1 ? `, folds ${Math.min(...folds).toFixed(2)} to ${Math.max(...folds).toFixed(2)}` : ''}; of ${count}`
    return `<li><blockquote>${escapeXml(text)}</blockquote><span class="quiet">${escapeXml(under)}</span></li>`
  })
  return [
    `<ol>${items.join('\n')}</ol>`,
    paragraph(
      'Texts that the model was trained with, by the cosine of their embedding with the image: about other nodules, ' +
        'not a report on this one.',
      'quiet',
    ),
  ].join('\n')
}

function risks({ risks: all }: CaseNodule): string {
  const answered = all.filter(({ answer }) => answer.kind === 'answer')
  const blank = all.flatMap(({ model, answer }) => (answer.kind === 'blank' ? [`${model.label}: ${answer.why}`] : []))
  const why = blank.length === 0 ? '' : paragraph(`Without an answer: ${blank.join('; ')}.`, 'blank')
  if (answered.length === 0)
    return `${paragraph("They need columns of the cohort's table (spicula risk --help names them).", 'blank')}\n${why}`
  const rows = answered.map(({ model, answer }): Cell[] => {
    if (answer.kind === 'blank') return [model.label, '', '']
    const result = model.scale === 'probability' ? shown(answer.value) : answer.shown
    return [model.label, result, answer.notes.join('; ')]
  })
  const from = "Computed from the table's columns, not from the image."
  return `${table('Probability of cancer, or category', ['model', 'result', 'remarks'], rows)}\n${paragraph(from, 'quiet')}\n${why}`
}
