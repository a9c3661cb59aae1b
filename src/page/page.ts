/** The page: one HTML file for a screen and for paper, that needs nothing else and reaches nothing. */
import { htmlPage, list } from '../drawing/html.ts'
import { range, shown } from '../drawing/numbers.ts'
import { escapeXml } from '../drawing/svg.ts'
import { modelSection, readingSection } from './about.ts'
import type { CaseFailure, CaseNodule, CasePage } from './content.ts'
import { anchorOf, headline, nameOf, noduleArticle } from './nodule.ts'
import { STYLE } from './style.ts'
import { phrase, standingOut, top } from './words.ts'

/** Nodules on one page: beyond, nobody finds anything, and a browser needs long. */
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
    '<a class="skip" href="#main">To the nodules</a>',
    '<div class="sheet">',
    `<div class="banner" role="note"><p><b>For research use.</b> No medical device: nothing on this page is a diagnosis. <span class="quiet">${escapeXml(`${stamp.model} ${stamp.modelVersion}, ${stamp.software}`)}</span></p></div>`,
    '<main id="main">',
    `<h1>Case page: ${count}</h1>`,
    notes.length === 0
      ? ''
      : `<div class="warn" role="note"><p><b>On the table</b></p>${list(notes.map(({ message, code }) => `${message} [${code}]`))}</div>`,
    hasIndex ? index(nodules, failures) : '',
    ...nodules.map((nodule) => noduleArticle(nodule, hasIndex)),
    failures.length === 0 ? '' : failuresSection(failures),
    readingSection(),
    modelSection(page),
    '</main>',
    '</div>',
  ]
  return htmlPage(`Case page: ${count}, ${stamp.model} ${stamp.modelVersion}, for research use`, STYLE, body)
}

/** Every row with its answer in a line, or the reason why it has none. */
function index(nodules: readonly CaseNodule[], failures: readonly CaseFailure[]): string {
  const rows = nodules.map((nodule) => {
    const { mean, folds } = headline(nodule)
    const { features } = nodule.reading
    const words =
      'why' in features
        ? ''
        : standingOut(features.content, 3)
            .map((one) => `${phrase(one.feature, top(one).value)} ${shown(top(one).probability, 2)}`)
            .join(', ')
    const warnings = nodule.notes.length === 0 ? '' : `${nodule.notes.length}`
    return [
      `<tr><th scope="row"><a href="#${anchorOf(nodule.label)}">${escapeXml(nameOf(nodule))}</a></th>`,
      `<td><b>${escapeXml(shown(mean))}</b></td><td class="folds-cell">${escapeXml(range(folds))}</td>`,
      `<td class="text">${escapeXml(words)}</td><td>${warnings}</td></tr>`,
    ].join('')
  })
  const failed =
    failures.length === 0
      ? ''
      : `<p><a href="#failed">${failures.length === 1 ? 'One row' : `${failures.length} rows`} without an answer</a></p>`
  return [
    '<nav class="index" aria-labelledby="index"><h2 id="index">Index</h2>',
    rows.length === 0
      ? ''
      : `<div class="wide" role="region" aria-label="Index of nodules" tabindex="0"><table><thead><tr><th scope="col">nodule</th><th scope="col">probability</th><th scope="col">folds</th><th scope="col" class="text">standing out</th><th scope="col">warnings</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table></div>`,
    failed,
    '</nav>',
  ].join('\n')
}

function failuresSection(failures: readonly CaseFailure[]): string {
  const items = failures.map(
    (failure) =>
      `<li><b>${escapeXml(nameOf(failure))}</b>: ${escapeXml(failure.message)} <span class="code">${escapeXml(failure.code)}</span>${failure.hint === undefined ? '' : `<br><span class="quiet">${escapeXml(failure.hint)}</span>`}</li>`,
  )
  return `<section class="warn" aria-labelledby="failed"><h2 id="failed">Rows without an answer</h2>\n<ul>${items.join('\n')}</ul></section>`
}
