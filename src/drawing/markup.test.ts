import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import { chromium, openBrowser } from '../cli/shared/chromium.fixture.ts'
import { type Content, drawnMarkup, html, lines, type Markup, svg } from './markup.ts'

const HOSTILE = [
  '</p><script>alert(1)</script>',
  `"><img src=x onerror='alert(1)'>`,
  `' onmouseover="alert(1)`,
  '<!--',
  ']]>',
  '<![CDATA[<b>]]>',
  '<?xml?>',
  '&lt;b&gt;',
  '&amp;amp;',
  '&#x3c;',
  '$& $1 $`',
  'a\r\nb\rc\td',
  '\u0000\u001b\ufffe\uffff',
  '\ud800',
  '結節𝛼',
]
const hostile = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary' }), fc.string())

describe('templates', () => {
  it('escape texts and numbers, in elements and in attributes', () => {
    const text = `<script x="1" y='2'>&amp;`
    expect(html`<p title="${text}">${text}</p>`.toString()).toBe(
      '<p title="&lt;script x=&quot;1&quot; y=&#39;2&#39;&gt;&amp;amp;">&lt;script x=&quot;1&quot; y=&#39;2&#39;&gt;&amp;amp;</p>',
    )
    expect(svg`<text x="${-1.5}">${0}</text>`.toString()).toBe('<text x="-1.5">0</text>')
  })

  it('leave markup as it is, however deep, and take no text for it', () => {
    const bold = html`<b>${'&'}</b>`
    expect(html`${bold}${html`<i>${[bold, '&']}</i>`}`.toString()).toBe('<b>&amp;</b><i><b>&amp;</b>&amp;</i>')
    expect(html`${bold.toString()}`.toString()).toBe('&lt;b&gt;&amp;amp;&lt;/b&gt;')
    // What JSON or a worker brings cannot look like markup.
    const disguised = JSON.parse('{"length": 1, "0": "<b>"}')
    Object.setPrototypeOf(disguised, Array.prototype)
    expect(html`${disguised}`.toString()).toBe('&lt;b&gt;')
    expect(html`${drawnMarkup('<b>&</b>')}`.toString()).toBe('<b>&</b>')
  })

  it('join lists, and leave nothing of what is absent', () => {
    expect(html`<p>${['a', ['b', 1], html`<i>c</i>`]}</p>`.toString()).toBe('<p>ab1<i>c</i></p>')
    expect(html`<p>${[null, undefined, false, '', []]}</p>`.toString()).toBe('<p></p>')
    expect(html`<p>${0 > 1 && 'a'}</p>`.toString()).toBe('<p></p>')
  })

  it('replace what XML cannot hold', () => {
    expect(html`${'a\u0000\u001b\ud800b\uffff𝛼結\n\t'}`.toString()).toBe('a\ufffd\ufffd\ufffdb\ufffd𝛼結\n\t')
  })

  it('put parts on lines, none for an absent one', () => {
    expect(lines([html`<p>`, false, '', [], ['a & b', 'c'], html`</p>`]).toString()).toBe('<p>\na &amp; bc\n</p>')
    expect(lines([]).toString()).toBe('')
  })
})

describe('whatever is put in', () => {
  /** What XML 1.0 makes of a text on reading (2.11, 3.3.3), once what it cannot hold is replaced. */
  const holdable = (text: string): string =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that XML cannot hold
    text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Cs}/gu, '\ufffd')
  const readText = (text: string): string => holdable(text).replace(/\r\n?/g, '\n')
  const readAttribute = (text: string): string => readText(text).replace(/[\t\n]/g, ' ')

  interface Node {
    readonly name: string
    readonly attribute: string
    readonly children: readonly (Node | string)[]
  }
  const { node } = fc.letrec<{ node: Node; child: Node | string }>((tie) => ({
    node: fc.record({
      name: fc.constantFrom('g', 'text', 'title', 'script', 'style'),
      attribute: hostile,
      children: fc.array(tie('child'), { maxLength: 4, depthIdentifier: 'node' }),
    }),
    child: fc.oneof({ depthIdentifier: 'node', depthSize: 'small' }, hostile, tie('node')),
  }))
  const NAMES = { g: svg`g`, text: svg`text`, title: svg`title`, script: svg`script`, style: svg`style` }
  const write = ({ name, attribute, children }: Node): Markup => {
    const tag = NAMES[name as keyof typeof NAMES]
    const inside = children.map((child): Content => (typeof child === 'string' ? child : write(child)))
    return svg`<${tag} id="${attribute}">${[inside, undefined]}</${tag}>`
  }

  /** The same tree by another's parser, neighbouring texts joined. */
  function read(xml: string): unknown {
    const parser = new SaxesParser()
    const open: { name: string; attribute: string; children: unknown[] }[] = [{ name: '', attribute: '', children: [] }]
    parser.on('error', (error) => {
      throw error
    })
    parser.on('opentag', ({ name, attributes }) => {
      expect(Object.keys(attributes)).toEqual(['id'])
      const element = { name, attribute: attributes.id, children: [] }
      open[open.length - 1].children.push(element)
      open.push(element)
    })
    parser.on('closetag', () => open.pop())
    parser.on('text', (text) => open[open.length - 1].children.push(text))
    for (const kind of ['comment', 'cdata', 'processinginstruction', 'doctype'] as const)
      parser.on(kind, () => expect.unreachable(`markup that nobody wrote: ${kind}`))
    parser.write(xml).close()
    return open[0].children[0]
  }
  function expected({ name, attribute, children }: Node): unknown {
    const joined: unknown[] = []
    let text = ''
    const flush = () => {
      if (text !== '') joined.push(readText(text))
      text = ''
    }
    for (const child of children) {
      if (typeof child === 'string') text += holdable(child)
      else {
        flush()
        joined.push(expected(child))
      }
    }
    flush()
    return { name, attribute: readAttribute(attribute), children: joined }
  }

  it('comes back from an XML parser as it was', () => {
    fc.assert(
      fc.property(node, (tree) => {
        expect(read(write(tree).toString())).toEqual(expected(tree))
      }),
      { numRuns: 500 },
    )
  })

  it.skipIf(chromium === undefined)(
    `comes back from a browser as it was${chromium === undefined ? ' (skipped: no chromium here)' : ''}`,
    async () => {
      const texts = [...HOSTILE, ...fc.sample(hostile, { numRuns: 300, seed: 1 })]
      const folder = await mkdtemp(join(tmpdir(), 'markup-'))
      const browser = await openBrowser()
      try {
        const file = join(folder, 'page.html')
        const body = texts.map((text) => html`<p title="${text}">${text}</p>`)
        await writeFile(file, html`<!doctype html><meta charset="utf-8"><body>${body}</body>`.toString())
        await browser.open(file, { width: 800, height: 600 })
        const found = await browser.evaluate(`({
          tags: [...new Set([...document.body.querySelectorAll('*')].map((one) => one.localName + one.attributes.length))],
          shown: [...document.body.children].map((one) => [one.getAttribute('title'), one.textContent]),
        })`)
        const read_ = texts.map(readText)
        expect(found).toEqual({ tags: ['p1'], shown: read_.map((text) => [text, text]) })
        expect(browser.complaints).toEqual([])
      } finally {
        await browser.close()
        await rm(folder, { recursive: true })
      }
    },
  )
})

describe('the sources', () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/\.(test|fixture)(\.node)?\.ts$/.test(file),
  )
  const textOf = (file: string): string => readFileSync(join(root, file), 'utf8')

  it('escape in one place', () => {
    expect(files.filter((file) => /&(amp|lt|quot);/.test(textOf(file)))).toEqual(['drawing/markup.ts'])
  })

  it('quote every attribute that takes a value: an escaped text is safe between quotes only', () => {
    const templates = files.filter((file) => /\b(html|svg)`/.test(textOf(file)))
    expect(templates.length).toBeGreaterThan(10)
    for (const file of templates) expect(textOf(file).match(/<[a-z][^>`]*\s[a-z-]+=\$\{/g), file).toBeNull()
  })

  it('trust text as markup only where a drawing comes back from a worker thread', () => {
    expect(files.filter((file) => /\bdrawnMarkup\(/.test(textOf(file)))).toEqual(['page/nodule.ts'])
  })
})
