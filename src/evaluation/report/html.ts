/** How a report looks, and its figures. */
import { htmlPage } from '../../drawing/html.ts'
import { type Content, html, type Markup } from '../../drawing/markup.ts'

/** A drawing with its caption. */
export function figure(svg: Markup, caption: string): Markup {
  const isBroad = Number(/width="(\d+)/.exec(svg.toString())?.[1]) > 600
  return html`<figure${isBroad && html` class="broad"`}>\n${svg}<figcaption>${caption}</figcaption>\n</figure>`
}

const STYLE = html`
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: #1a1a1a; background: #fff; max-width: 1140px; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; }
h2 { font-size: 1.3rem; margin: 2.4rem 0 .6rem; border-bottom: 2px solid #1a1a1a; padding-bottom: .2rem; }
h3 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
.stamp { color: #444; margin: 0 0 1rem; }
.use { border: 2px solid #1a1a1a; padding: .1rem .6rem; font-weight: 700; display: inline-block; }
.warn { border-left: 4px solid #d55e00; padding: .2rem .8rem; background: #fdf3ec; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .28rem .5rem; border-bottom: 1px solid #d9d9d9; text-align: right; vertical-align: top; }
th:first-child { text-align: left; }
thead th { border-bottom: 2px solid #1a1a1a; vertical-align: bottom; }
tbody th { font-weight: 500; min-width: 7rem; max-width: 17rem; }
td { max-width: 13rem; }
td small, th small { display: block; color: #595959; font-size: .93em; }
td small.range { white-space: nowrap; }
.blank { color: #595959; font-size: .95em; font-style: italic; }
.figures { display: flex; flex-wrap: wrap; gap: 1.2rem; align-items: flex-start; }
figure { margin: 0; max-width: 100%; break-inside: avoid; }
figure svg { max-width: 100%; height: auto; border: 1px solid #e3e3e3; }
figcaption { font-size: .82rem; color: #444; max-width: 470px; }
@page { margin: 12mm; }
@media print { body { margin: 0; padding: 0; max-width: none; font-size: 11px; } table { font-size: 9px; } th, td { padding: .2rem .3rem; } .wide { overflow: visible; } h2 { break-after: avoid; } tr { break-inside: avoid; } figure { width: 47%; } figure.broad { width: 100%; } }
`

/** A report's page. */
export const page = (title: string, body: readonly Content[]): string => htmlPage(title, STYLE, body).toString()
