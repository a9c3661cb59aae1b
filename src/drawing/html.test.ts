import { describe, expect, it } from 'vitest'
import { htmlPage, list, paragraph, table } from './html.ts'
import { html } from './markup.ts'
import { ofClass, parseHtml, parseXml, tagged, textIn } from './read-xml.fixture.ts'

describe('table', () => {
  const cells = [
    'first',
    { text: 'over', under: '0.1 to 0.3' },
    { text: 'why', blank: true },
    { text: '5', under: 'a note' },
  ]
  const root = () =>
    parseXml(table('What <it> shows', ['', 'a', 'b & c', 'd'], [cells, ['second', '1', '2', '3']]).toString())

  it('has a caption, headings of columns and rows, and its cells', () => {
    expect(tagged(root(), 'caption').map(({ text }) => text)).toEqual(['What <it> shows'])
    expect(
      tagged(root(), 'tr').map((row) => row.children.map((cell) => [cell.tag, cell.attributes.scope, textIn(cell)])),
    ).toEqual([
      [
        ['th', 'col', ''],
        ['th', 'col', 'a'],
        ['th', 'col', 'b & c'],
        ['th', 'col', 'd'],
      ],
      [
        ['th', 'row', 'first'],
        ['td', undefined, 'over 0.1 to 0.3'],
        ['td', undefined, 'why'],
        ['td', undefined, '5 a note'],
      ],
      [
        ['th', 'row', 'second'],
        ['td', undefined, '1'],
        ['td', undefined, '2'],
        ['td', undefined, '3'],
      ],
    ])
  })

  it('keeps a range on one line, and shows what is blank as such', () => {
    expect(tagged(root(), 'small').map(({ text, attributes }) => [text, attributes.class])).toEqual([
      ['0.1 to 0.3', 'range'],
      ['a note', undefined],
    ])
    expect(ofClass(root(), 'blank').map(({ text }) => text)).toEqual(['why'])
  })

  it('scrolls by itself, by keyboard too', () => {
    expect(root().attributes).toEqual({ class: 'wide', role: 'region', 'aria-label': 'What <it> shows', tabindex: '0' })
  })
})

describe('pieces', () => {
  it('are paragraphs of a kind, and lists of items', () => {
    expect(paragraph('a < b').toString()).toBe('<p>a &lt; b</p>')
    expect(paragraph('a', 'quiet').toString()).toBe('<p class="quiet">a</p>')
    expect(html`${list(['a', '<b>'])}`.toString()).toBe('<ul>\n<li>a</li>\n<li>&lt;b&gt;</li>\n</ul>')
    expect(html`${list([])}`.toString()).toBe('')
  })
})

describe('htmlPage', () => {
  const page = () => htmlPage('A <title>', html`p { color: "red" > 0 }`, [html`<p>one</p>`, false, '<two>']).toString()

  it('has its title, style and body', () => {
    const root = parseHtml(page())
    expect(tagged(root, 'title')[0].text).toBe('A <title>')
    expect(tagged(root, 'style')[0].text).toBe('p { color: "red" > 0 }')
    expect(textIn(tagged(root, 'body')[0])).toBe('one <two>')
    expect(root.attributes.lang).toBe('en')
    expect(page().startsWith('<!doctype html>\n')).toBe(true)
  })

  it('may run no script and reach no network', () => {
    const [policy] = tagged(parseHtml(page()), 'meta').filter(
      ({ attributes }) => attributes['http-equiv'] !== undefined,
    )
    expect(policy.attributes).toEqual({
      'http-equiv': 'Content-Security-Policy',
      content: "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'",
    })
    expect(tagged(parseHtml(page()), 'meta').map(({ attributes }) => attributes.charset ?? attributes.name)).toEqual([
      'utf-8',
      undefined,
      'viewport',
    ])
  })
})
