/** How a page looks: light and dark, wide and narrow, and on paper. Contrast of text at least 4.5 to 1 in all of them. */
import { html } from '../drawing/markup.ts'

const LIGHT = html`--paper: #ffffff; --ink: #1a1a1a; --quiet: #555b61; --line: #d5d9dd; --track: #e6e9ec; --mean: #5a9bd0;
--fold: #10456e; --link: #00539b; --warn: #fdf0e4; --edge: #c2500a; --card: #f6f7f8;`

const DARK = html`--paper: #14171b; --ink: #e9ebee; --quiet: #a8b0b8; --line: #3a4149; --track: #2a3037; --mean: #3f7cae;
--fold: #d8ecfb; --link: #86c5ff; --warn: #33251a; --edge: #f0955a; --card: #1c2026;`

export const STYLE = html`
:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: var(--ink); background: var(--paper); overflow-wrap: break-word; }
main { max-width: 1120px; margin: 0 auto; padding: 0 1rem 3rem; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: .5rem; top: .5rem; z-index: 2; background: var(--paper); padding: .4rem .8rem; }
.banner { position: sticky; top: 0; z-index: 1; background: var(--warn); border-bottom: 3px solid var(--edge); }
.banner p { max-width: 1120px; margin: 0 auto; padding: .4rem 1rem; font-size: .9rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 1.5rem 0 .8rem; }
h2 { font-size: 1.35rem; margin: 0 0 .8rem; }
h3 { font-size: 1.08rem; margin: 0 0 .5rem; }
h4 { font-size: .95rem; margin: 1rem 0 .4rem; }
h1, h2, article { scroll-margin-top: 4.5rem; }
article { border-top: 3px solid var(--ink); padding-top: 1rem; margin-top: 2.5rem; }
section { margin: 0 0 1.8rem; }
.about, .index { border-top: 3px solid var(--ink); padding-top: 1rem; margin-top: 2.5rem; }
.quiet, .code { color: var(--quiet); font-size: .88rem; }
.blank { color: var(--quiet); font-style: italic; }
.warn { background: var(--warn); border-left: 5px solid var(--edge); padding: .6rem 1rem; margin: 0 0 1.4rem; }
.warn p, .warn ul { margin: .1rem 0; }
.lead { font-size: 1.05rem; }
.number { margin: .2rem 0; }
.number strong { font-size: 2.4rem; line-height: 1; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; margin: .6rem 0; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .2rem 0; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
th { font-weight: 500; }
thead th { font-weight: 600; }
th:first-child, .text, .risks td:last-child, .risks th:last-child { text-align: left; }
.text { min-width: 14rem; }
.folds-cell { white-space: nowrap; color: var(--quiet); }
.planes, .nine { display: grid; gap: .8rem; grid-template-columns: repeat(3, minmax(0, 1fr)); }
.nine { max-width: 760px; }
figure { margin: 0; break-inside: avoid; font-size: .88rem; }
figure > svg { display: block; width: 100%; height: auto; background: #000; border-radius: 3px; }
figcaption { padding-top: .3rem; line-height: 1.35; }
figcaption .bar { width: 100%; }
.group { background: var(--card); border-radius: 6px; padding: .1rem 1rem .8rem; margin: 0 0 .8rem; }
.choices { display: grid; gap: .6rem 1.6rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); }
.bars { width: 100%; table-layout: auto; break-inside: avoid; align-self: start; }
.bars th, .bars td { border: 0; padding: .08rem .35rem; vertical-align: middle; }
.bars caption { padding: .3rem .35rem .1rem; }
.bars th[scope=row] { text-align: left; min-width: 4rem; }
.signs .bars { max-width: 46rem; }
.signs .bars th[scope=row] { width: 50%; }
.barcell { width: 40%; min-width: 4rem; }
.bar { display: block; width: 100%; height: .8rem; }
.track { fill: var(--track); }
.mean { fill: var(--mean); }
.bar path { fill: none; stroke: var(--fold); stroke-width: 1.4px; vector-effect: non-scaling-stroke; }
.bar .guess { stroke: var(--quiet); stroke-dasharray: 2 2; }
.points { display: block; width: 100%; max-width: 30rem; height: auto; font-family: inherit; }
.points .grid { stroke: var(--line); }
.points .span { stroke: var(--fold); stroke-width: 1.5px; }
.points .fold { fill: var(--paper); stroke: var(--fold); stroke-width: 1.8px; }
.points .middle { stroke: var(--edge); stroke-width: 3px; }
blockquote { margin: 0; padding: .1rem 0 .1rem .8rem; border-left: 3px solid var(--line); }
ol { padding-left: 1.4rem; }
ol li { margin-bottom: .6rem; }
dl { display: grid; grid-template-columns: minmax(8rem, 15rem) 1fr; gap: .3rem 1rem; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; }
@media (max-width: 640px) {
  .planes { grid-template-columns: 1fr; max-width: 26rem; }
  .nine { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .group { padding: .1rem .5rem .6rem; }
  .banner .quiet { display: none; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
}
@page { margin: 12mm; @bottom-right { content: counter(page) " / " counter(pages); font: 9px sans-serif; } }
@media print {
  :root { color-scheme: light; ${LIGHT} }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  :root { font-size: 11px; }
  body { font-size: 1rem; }
  /* A table's head is repeated on every page, in every browser. */
  .sheet { display: table; width: 100%; }
  .banner { display: table-header-group; position: static; break-inside: avoid; }
  .banner p { border-bottom: 2px solid var(--edge); padding: 0 0 .2rem; max-width: none; }
  main { display: table-row-group; }
  article, .about { break-before: page; margin-top: 0; }
  .about + .about { break-before: auto; margin-top: 1.5rem; }
  h2, h3, h4, caption { break-after: avoid; }
  tr, li, .warn { break-inside: avoid; }
  section { margin-bottom: .9rem; }
  .nine { max-width: none; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: .5rem; }
  .planes { max-width: 560px; grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .choices { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: .3rem 1rem; }
  .points { max-width: 24rem; }
  .bars { font-size: .8rem; }
  .wide { overflow: visible; }
  .skip, .back { display: none; }
  a { color: inherit; text-decoration: none; }
}
`
