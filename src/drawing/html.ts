/** Pieces of HTML that every page of ours is made of: escaped text, tables, lists, and the page itself. */
import { escapeXml } from './svg.ts'

/** A cell: a text, or a text over a quieter one. */
export type Cell = string | { readonly text: string; readonly under?: string | undefined; readonly blank?: boolean }

/**
 * A table that scrolls by itself where it is wider than the page, by keyboard too.
 * @param caption what it shows
 * @param head one text a column
 * @param rows first cell of each is its heading
 * @example table('Counts', ['', 'NLST'], [['nodules', '1261']])
 */
export function table(caption: string, head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const heading = head.map((text) => `<th scope="col">${escapeXml(text)}</th>`).join('')
  const body = rows
    .map(
      ([first, ...cells]) =>
        `<tr><th scope="row">${cell(first)}</th>${cells.map((one) => `<td>${cell(one)}</td>`).join('')}</tr>`,
    )
    .join('\n')
  return `<div class="wide" role="region" aria-label="${escapeXml(caption)}" tabindex="0"><table>
<caption>${escapeXml(caption)}</caption>
<thead><tr>${heading}</tr></thead>
<tbody>
${body}
</tbody>
</table></div>`
}

function cell(content: Cell): string {
  if (typeof content === 'string') return escapeXml(content)
  const { text, under, blank = false } = content
  const shown = blank ? `<span class="blank">${escapeXml(text)}</span>` : escapeXml(text)
  return under === undefined
    ? shown
    : `${shown}<small${/^-?[\d.]+ to -?[\d.]+$/.test(under) ? ' class="range"' : ''}>${escapeXml(under)}</small>`
}

export const paragraph = (text: string, kind = ''): string =>
  `<p${kind === '' ? '' : ` class="${kind}"`}>${escapeXml(text)}</p>`

export const list = (items: readonly string[]): string =>
  items.length === 0 ? '' : `<ul>\n${items.map((item) => `<li>${escapeXml(item)}</li>`).join('\n')}\n</ul>`

/**
 * A whole page that needs nothing else: style and drawings inside, no script, and a policy that lets it run none and
 * reach no network.
 * @param style a style sheet, of our own words only
 * @param body HTML, whatever came from outside escaped
 */
export const htmlPage = (title: string, style: string, body: readonly string[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
${body.join('\n')}
</body>
</html>
`
