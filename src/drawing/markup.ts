/** HTML and SVG by tagged templates that escape by themselves whatever a table, a file name or a model brings. */

let markupOf: (text: string) => Markup

/** Text that is markup. The templates alone make it: what comes from outside stays text, whatever it looks like. */
export class Markup {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  static {
    markupOf = (text) => new Markup(text)
  }

  toString(): string {
    return this.#text
  }
}

/** What a template takes: text and numbers are escaped, markup stays, of a list all, and what is absent leaves nothing. */
export type Content = Markup | string | number | false | null | undefined | readonly Content[]

/**
 * A template whose values are escaped for the inside of an element and of a quoted attribute.
 * @example html`<p title="${'"'}">${'a < b'}${undefined}</p>`.toString() // '<p title="&quot;">a &lt; b</p>'
 * @example html`<ul>${['a', 'b'].map((one) => html`<li>${one}</li>`)}</ul>`.toString() // '<ul><li>a</li><li>b</li></ul>'
 */
const template = (strings: TemplateStringsArray, ...values: readonly Content[]): Markup =>
  markupOf(strings.reduce((before, after, i) => before + written(values[i - 1]) + after))

/** The same under the name of what it holds. */
export const html: typeof template = template
/** The same under the name of what it holds. */
export const svg: typeof template = template

/**
 * Parts one a line; absent and empty ones take none.
 * @example lines([html`<p>`, false, 'a & b', html`</p>`]).toString() // '<p>\na &amp; b\n</p>'
 */
export const lines = (parts: readonly Content[]): Markup =>
  markupOf(
    parts
      .map(written)
      .filter((part) => part !== '')
      .join('\n'),
  )

/**
 * Takes text for markup. Only for a drawing of ours that came back as text, from a worker thread say: nothing in it is
 * escaped.
 */
export const drawnMarkup = (text: string): Markup => markupOf(text)

function written(content: Content): string {
  if (content === null || content === undefined || content === false) return ''
  if (content instanceof Markup) return content.toString()
  if (typeof content === 'object') return content.map(written).join('')
  return escaped(String(content))
}

/** Characters that XML 1.0 cannot hold at all, and halves of surrogate pairs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be taken out
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu

const escaped = (text: string): string =>
  text
    .replace(notXml, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
