/** The page: one HTML file for a screen and for paper, that needs nothing else and reaches nothing. */
import { htmlPage, list } from '../drawing/html.ts'
import { html, lines, type Markup } from '../drawing/markup.ts'
import { range, shown } from '../drawing/numbers.ts'
import { modelSection, readingSection } from './about.ts'
import type { CaseFailure, CaseNodule, CasePage } from './content.ts'
import { anchorOf, headline, nameOf, noduleArticle } from './nodule.ts'
import { STYLE } from './style.ts'
import { phrase, standingOut, top } from './words.ts'

/** Most nodules on one page: with more, readers find nothing and browsers are slow. */
export const MOST_NODULES = 50

/**
 * Composes the page. It names no patient but those whose identifiers it is given.
 * @returns HTML
 * @example await writeFileAtomic('case.html', composePage({ stamp, config, nodules, failures: [], notes: [] }))
 */
export function composePage(page: CasePage): string {
  const { stamp, nodules, failures, notes } = page
  const count = nodules.length === 1 ? 'one nodule' : `${nodules.length} nodules`
  const hasIndex = nodules.length + failures.length > 1
  const body = [
    html`<a class="skip" href="#main">To the nodules</a>`,
    html`<div class="sheet">`,
    html`<div class="banner" role="note"><p><b>For research use.</b> No medical device: nothing on this page is a diagnosis. <span class="quiet">${stamp.model} ${stamp.modelVersion}, ${stamp.software}</span></p></div>`,
    html`<main id="main">`,
    html`<h1>Case page: ${count}</h1>`,
    notes.length > 0 &&
      html`<div class="warn" role="note"><p><b>On the table</b></p>${list(notes.map(({ message, code }) => `${message} [${code}]`))}</div>`,
    hasIndex && index(nodules, failures),
    ...nodules.map((nodule) => noduleArticle(nodule, hasIndex)),
    failures.length > 0 && failuresSection(failures),
    readingSection(),
    modelSection(page),
    html`</main>`,
    html`</div>`,
  ]
  const title = `Case page: ${count}, ${stamp.model} ${stamp.modelVersion}, for research use`
  return htmlPage(title, STYLE, body).toString()
}

/** Every row with its answer in a line, or the reason why it has none. */
function index(nodules: readonly CaseNodule[], failures: readonly CaseFailure[]): Markup {
  const rows = nodules.map((nodule) => {
    const { mean, folds } = headline(nodule)
    const { features } = nodule.reading
    const words =
      'why' in features
        ? ''
        : standingOut(features.content, 3)
            .map((one) => `${phrase(one.feature, top(one).value)} ${shown(top(one).probability, 2)}`)
            .join(', ')
    const warnings = nodule.notes.length > 0 && nodule.notes.length
    return html`<tr><th scope="row"><a href="#${anchorOf(nodule.label)}">${nameOf(nodule)}</a></th><td><b>${shown(mean)}</b></td><td class="folds-cell">${range(folds)}</td><td class="text">${words}</td><td>${warnings}</td></tr>`
  })
  const failed = failures.length === 1 ? 'One row' : `${failures.length} rows`
  return lines([
    html`<nav class="index" aria-labelledby="index"><h2 id="index">Index</h2>`,
    rows.length > 0 &&
      html`<div class="wide" role="region" aria-label="Index of nodules" tabindex="0"><table><thead><tr><th scope="col">nodule</th><th scope="col">probability</th><th scope="col">folds</th><th scope="col" class="text">standing out</th><th scope="col">warnings</th></tr></thead><tbody>
${lines(rows)}
</tbody></table></div>`,
    failures.length > 0 && html`<p><a href="#failed">${failed} without an answer</a></p>`,
    html`</nav>`,
  ])
}

function failuresSection(failures: readonly CaseFailure[]): Markup {
  const items = failures.map((failure) => {
    const hint = failure.hint !== undefined && html`<br><span class="quiet">${failure.hint}</span>`
    return html`<li><b>${nameOf(failure)}</b>: ${failure.message} <span class="code">${failure.code}</span>${hint}</li>`
  })
  return html`<section class="warn" aria-labelledby="failed"><h2 id="failed">Rows without an answer</h2>\n<ul>${lines(items)}</ul></section>`
}
