/** Pieces of HTML that every page of ours is made of: tables, lists, and the page itself. */
import { type Content, html, lines, type Markup } from './markup.ts'

/** A cell: a text, or a text over a quieter one. */
export type Cell = string | { readonly text: string; readonly under?: string | undefined; readonly blank?: boolean }

/**
 * A table that scrolls by itself where it is wider than the page, by keyboard too.
 * @param caption what it shows
 * @param head one text a column
 * @param rows first cell of each is its heading
 * @example table('Counts', ['', 'NLST'], [['nodules', '1261']])
 */
export function table(caption: string, head: readonly string[], rows: readonly (readonly Cell[])[]): Markup {
  const body = rows.map(
    ([first, ...cells]) =>
      html`<tr><th scope="row">${cell(first)}</th>${cells.map((one) => html`<td>${cell(one)}</td>`)}</tr>`,
  )
  return html`<div class="wide" role="region" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${head.map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>
${lines(body)}
</tbody>
</table></div>`
}

function cell(content: Cell): Content {
  if (typeof content === 'string') return content
  const { text, under, blank = false } = content
  const shown = blank ? html`<span class="blank">${text}</span>` : text
  if (under === undefined) return shown
  const isRange = /^-?[\d.]+ to -?[\d.]+$/.test(under)
  return html`${shown}<small${isRange && html` class="range"`}>${under}</small>`
}

export const paragraph = (text: string, kind = ''): Markup =>
  html`<p${kind !== '' && html` class="${kind}"`}>${text}</p>`

/** Nothing where there are no items. */
export const list = (items: readonly string[]): Content =>
  items.length > 0 && html`<ul>\n${lines(items.map((item) => html`<li>${item}</li>`))}\n</ul>`

/**
 * A whole page that needs nothing else: style and drawings inside, no script, and a policy that lets it run none and
 * reach no network.
 * @param style a style sheet
 */
export const htmlPage = (title: string, style: Markup, body: readonly Content[]): Markup => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
${lines(body)}
</body>
</html>
`
