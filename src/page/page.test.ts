import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { madeNodule, madePage } from './case.fixture.ts'
import { composePage } from './page.ts'

/** A tag as HTML's tokenizer takes it: its name, and its attributes between double quotes. */
const TAG = /<(\/?[a-z][a-z0-9]*)((?:\s+[a-z:-]+="[^"<]*")*)\s*\/?>/gi

/** Names of the tags and of their attributes, in order. What `<` begins that is no tag shows as an empty name. */
function skeleton(html: string): string[] {
  const tags = [...html.matchAll(TAG)].map(([, name, attributes]) =>
    [name, ...[...attributes.matchAll(/([a-z:-]+)="/gi)].map(([, attribute]) => attribute)].join(' '),
  )
  const others = html.split('<').length - 1 - tags.length
  // The document type is no tag; every other "<" must be one.
  return [...tags, ...Array.from({ length: others - 1 }, () => '')]
}

const textOf = (html: string): string =>
  html
    .replace(/<style>.*?<\/style>/gs, '')
    .replace(TAG, ' ')
    .replace(/\s+/g, ' ')

describe('composePage', () => {
  it('says who made it, that it is for research use, and what is known of the model', () => {
    const text = textOf(composePage(madePage('MADE')))
    for (const part of [
      'For research use. No medical device',
      'MADE MADE, spicula 0',
      'weights and training population MADE',
      'intended use and limits MADE',
      'Index',
      '2 rows without an answer',
    ])
      expect(text).toContain(part)
  })

  it('shows of each nodule its answer, views, words, similar reports, clinical models and warnings', () => {
    const text = textOf(composePage({ ...madePage('MADE'), nodules: [madeNodule('MADE')], failures: [] }))
    for (const part of [
      'Case page: one nodule',
      '0.500 calibrated, mean of 3 folds (0.400 to 0.600)',
      'Raw, before calibration: 0.250 (0.200 to 0.300).',
      'Centre: -70.0, 10.3, -20.0 mm',
      'weight 0.50 0.40 to 0.60',
      'Standing out: poorly marginated 0.81',
      'margin conspicuity: poorly marginated 0.81',
      'Poorly marginated 0.81 0.80 to 0.82',
      'no necrosis 0.75 0.25 0.20 to 0.30',
      'about 12 mm 0.75',
      'learnt to match images with reports, not to judge these features',
      'similarity 0.43, folds 0.40 to 0.47; of 2 training nodules',
      'Mayo 0.098 MADE',
      'VA: MADE',
      'A warning on this nodule',
    ])
      expect(text).toContain(part)
    expect(text).not.toContain('Index')
  })

  it('says why a part is left out', () => {
    const text = textOf(composePage({ ...madePage('BECAUSE'), nodules: [madePage('BECAUSE').nodules[2]] }))
    expect(text.match(/Left out: BECAUSE\./g)).toHaveLength(2)
    expect(text).toContain('No overview: BECAUSE.')
    expect(text).toContain('0.200 raw, of one fold')
    expect(text).toContain('The model carries no calibration')
  })

  it('names nobody who was not asked for', () => {
    const { identifiers: _, ...nodule } = madeNodule('SECRET')
    const text = composePage({ ...madePage('x'), nodules: [{ ...nodule, ...withoutText(nodule) }], failures: [] })
    expect(text).not.toContain('SECRET')
    expect(text).toContain('Row 2')
  })

  it('takes no text for markup, whatever stands in columns, names, reports and remarks', () => {
    const benign = skeleton(composePage(madePage('text')))
    expect(benign).not.toContain('')
    const hostile = fc.oneof(
      fc.constantFrom(
        '</style><script>alert(1)</script>',
        '"><img src=x onerror=alert(1)>',
        "' onmouseover='alert(1)",
        '<!--',
        ']]>',
        '&lt;b&gt;',
        '<svg/onload=alert(1)>',
        '\u2028\u0000<b',
      ),
      fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '/', '=', '-', '!', 'a', ' ', '\u0000', '\ud800') }),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(hostile, (text) => {
        const html = composePage(madePage(text))
        expect(skeleton(html)).toEqual(benign)
        expect(html).not.toMatch(/<script|\son\w+="|javascript:/i)
      }),
      { numRuns: 300 },
    )
  })

  it('keeps a hostile text readable', () => {
    const html = composePage(madePage('<b>&"\'</b>'))
    expect(html).toContain('<blockquote>&lt;b&gt;&amp;&quot;&#39;&lt;/b&gt;</blockquote>')
  })

  it('reaches nothing: no address but data, no script, a policy that says so', () => {
    const html = composePage(madePage('text'))
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:;`)
    expect(
      [...html.matchAll(/\b(?:href|src)="([^"]*)"/g)].map(([, to]) => to).filter((to) => !/^(#|data:)/.test(to)),
    ).toEqual([])
    expect(html).not.toMatch(/url\(|@import|style="/)
  })

  it('has one heading above all, and every link leads somewhere', () => {
    const html = composePage(madePage('text'))
    expect(html.match(/<h1>/g)).toHaveLength(1)
    const ids = [...html.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [, to] of html.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(to)
    for (const [, to] of html.matchAll(/aria-labelledby="([^"]*)"/g)) expect(ids).toContain(to)
  })
})

/** The nodule's own texts, harmless. */
const withoutText = ({
  reading,
  risks,
}: ReturnType<typeof madeNodule> | Omit<ReturnType<typeof madeNodule>, 'identifiers'>) => ({
  reading: { ...reading, features: { why: 'x' }, similar: { why: 'x' } },
  risks: risks.slice(0, 0),
  notes: [],
})
