import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partsOf, rectangleOf } from '../drawing/chart/read-chart.fixture.ts'
import { type Element, ofClass, parseHtml, tagged, textIn, within } from '../drawing/read-xml.fixture.ts'
import { madeNodule, madePage } from './case.fixture.ts'
import type { CaseNodule, CasePage } from './content.ts'
import { anchorOf } from './nodule.ts'
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
      '0.420 calibrated, mean of 3 folds (0.310 to 0.550)',
      'Raw, before calibration: 0.250 (0.170 to 0.360).',
      'Centre: -70.0, 10.3, -20.0 mm',
      'weight 0.50 0.40 to 0.60',
      'Standing out: poorly marginated 0.81',
      'margin conspicuity: poorly marginated 0.81',
      'Poorly marginated 0.81 0.80 to 0.82',
      'no necrosis 0.75 0.25 0.17 to 0.36',
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
    const links = [...html.matchAll(/(?:href="#|aria-labelledby=")([^"]*)"/g)].map(([, to]) => to)
    expect(links.filter((to) => !ids.includes(to))).toEqual([])
    expect(links).toEqual(expect.arrayContaining(['main', 'index', 'failed', 'row-2', 'row-4', 'row-4-title']))
  })
})

const bodyOf = (html: string): Element => tagged(parseHtml(html), 'body')[0]
const sectionOf = (article: Element, kind: string): Element => ofClass(article, kind)[0]
const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 3))

/** Shares that a bar shows, in units of its whole length. */
function barIn(element: Element) {
  const places = (name: string) =>
    ofClass(element, name)
      .flatMap(partsOf)
      .map(([[x]]) => x / 100)
  const mean = rectangleOf(ofClass(element, 'mean')[0])
  expect(mean.left).toBe(0)
  return { mean: mean.right / 100, guess: places('guess'), folds: places('folds') }
}

describe('a nodule on its page', () => {
  const nodule = madeNodule('MADE')
  const draw = (change: Partial<CaseNodule>): Element =>
    tagged(
      bodyOf(composePage({ ...madePage('MADE'), nodules: [{ ...nodule, ...change }], failures: [] })),
      'article',
    )[0]

  it('has its parts in order, under its name', () => {
    expect(tagged(draw({}), 'h2').map(({ text, attributes }) => [text, attributes.id])).toEqual([
      ['Row 2: MADE, nodule MADE', 'row-2-title'],
    ])
    expect(draw({}).attributes).toEqual({ id: 'row-2', 'aria-labelledby': 'row-2-title' })
    expect(tagged(draw({}), 'h3').map(({ text }) => text)).toEqual([
      'Probability of malignancy',
      'Where it is',
      'What the model saw, and the weight of each view',
      'In words',
      'Training reports most like it',
      "The clinic's models",
    ])
    expect(textIn(draw({ identifiers: undefined }))).toMatch(/^Row 2 /)
  })

  it('has the rings of its folds where their probabilities lie, calibrated above raw', () => {
    const answer = sectionOf(draw({}), 'answer')
    const ticks = ofClass(answer, 'x-axis')[0]
      .children.filter(({ tag }) => tag === 'text')
      .map(({ attributes: { x } }) => Number(x))
    const value = (x: string) => (Number(x) - ticks[0]) / (ticks[4] - ticks[0])
    const rings = ofClass(answer, 'fold').map(({ attributes: { cx } }) => value(cx))
    expect(rings).toEqual(close([...(nodule.reading.calibrated ?? []), ...nodule.reading.raw]))
    const names = ofClass(answer, 'points')[0].children.filter(({ tag }) => tag === 'text')
    expect(names.map(({ text }) => text)).toEqual(['calibrated', 'raw'])
    expect(Number(names[0].attributes.y)).toBeLessThan(Number(names[1].attributes.y))
  })

  it('has the raw number alone where the model is not calibrated', () => {
    const { calibrated: _, calibratedEnsemble: __, ...reading } = nodule.reading
    const answer = sectionOf(draw({ reading }), 'answer')
    expect(textIn(answer)).toContain('0.250 raw, mean of 3 folds (0.170 to 0.360) The model carries no calibration')
    expect(ofClass(answer, 'fold')).toHaveLength(3)
    expect(textIn(sectionOf(draw({}), 'answer'))).not.toContain('no calibration')
  })

  it('has under each view its own weight, with a bar that ends where no view has more', () => {
    const figures = tagged(sectionOf(draw({}), 'views'), 'figure')
    expect(figures.map(textIn)).toEqual([
      'Axial weight 0.50 0.40 to 0.60',
      'Coronal weight 0.30 0.25 to 0.35',
      'Sagittal weight 0.20 0.15 to 0.25',
    ])
    // Twice an equal share is 2/3, and no fold gives more.
    expect(figures.map(barIn)).toEqual(
      [0, 1, 2].map((view) => ({
        mean: expect.closeTo([0.5, 0.3, 0.2][view] * 1.5, 3),
        guess: close([0.5]),
        folds: close(nodule.reading.attention.map((fold) => fold[view] * 1.5)),
      })),
    )
    const one = tagged(
      sectionOf(draw({ reading: { ...nodule.reading, attention: [[0.9, 0.1, 0]] } }), 'views'),
      'figure',
    )
    expect(textIn(one[0])).toBe('Axial weight 0.90')
    expect(one.map((figure) => barIn(figure).mean)).toEqual(close([1, 1 / 9, 0]))
  })

  it('has the planes of its overview, with their names', () => {
    const where = sectionOf(draw({}), 'where')
    expect(tagged(where, 'figcaption').map(({ text }) => text)).toEqual(['axial', 'coronal', 'sagittal'])
    expect(tagged(where, 'p')[0].text).toBe(
      "Centre: -70.0, 10.3, -20.0 mm (LPS: x to the patient's left, y to the back, z to the head).",
    )
  })

  it('has its words by group, a bar for each value, signs by how likely they are there', () => {
    const words = sectionOf(draw({}), 'words')
    expect(tagged(words, 'h4').map(({ text }) => text)).toEqual([
      'Margins, shape, consistency',
      'Inside the nodule',
      'Sizes',
    ])
    const [general, inside, sizes] = ofClass(words, 'group')
    expect([general, inside, sizes].map((group) => group.children[1].attributes.class)).toEqual([
      'choices',
      'signs',
      'choices',
    ])
    const rowsOf = (group: Element) => tagged(group, 'tr').filter((row) => ofClass(row, 'barcell').length > 0)
    expect(rowsOf(inside).map((row) => [textIn(row), barIn(row)])).toEqual([
      [
        'no necrosis 0.75 0.25 0.17 to 0.36',
        { mean: expect.closeTo(0.25, 3), guess: close([0.5]), folds: close([0.17, 0.22, 0.36]) },
      ],
    ])
    expect(textIn(tagged(inside, 'thead')[0])).toBe('in words present folds')
    expect(tagged(general, 'caption').map(textIn)).toEqual([
      'margin conspicuity: poorly marginated 0.81',
      'MADE: other 0.75',
    ])
    expect(
      rowsOf(general)
        .slice(0, 2)
        .map((row) => [textIn(row), barIn(row).mean]),
    ).toEqual([
      ['Well marginated 0.19 0.18 to 0.20', expect.closeTo(0.19, 3)],
      ['Poorly marginated 0.81 0.80 to 0.82', expect.closeTo(0.81, 3)],
    ])
    expect(rowsOf(sizes).map((row) => [textIn(row), ...barIn(row).guess])).toEqual([
      ['8 mm 0.25 0.17 to 0.36', expect.closeTo(0.5, 3)],
      ['12 mm 0.75 0.64 to 0.83', expect.closeTo(0.5, 3)],
    ])
    expect(ofClass(words, 'lead').map(textIn)).toEqual([
      'Standing out: poorly marginated 0.81, no necrosis 0.75, other 0.75.',
    ])
  })

  it('knows the sign that is there from the one that is not, in whichever order', () => {
    const signs = ['pleural_attachment', 'cavitation'].map((feature) => ({
      feature,
      values: [
        { value: 'Absent', probability: 0.3, folds: [0.2, 0.4] },
        { value: 'Present', probability: 0.7, folds: [0.8, 0.6] },
      ],
    }))
    const words = sectionOf(draw({ reading: { ...nodule.reading, features: { content: signs } } }), 'words')
    expect(ofClass(words, 'signs').map((group) => tagged(group, 'tr').slice(1).map(textIn))).toEqual([
      ['cavitation 0.70 0.70 0.60 to 0.80'],
      ['pleural attachment 0.70 0.70 0.60 to 0.80'],
    ])
    expect(tagged(words, 'h4').map(({ text }) => text)).toEqual(['Inside the nodule', 'Around the nodule'])
    // A sign of other words is shown by its first.
    const [other] = signs.map((one) => ({ ...one, values: one.values.map((each, i) => ({ ...each, value: `v${i}` })) }))
    const odd = sectionOf(draw({ reading: { ...nodule.reading, features: { content: [other] } } }), 'words')
    expect(tagged(odd, 'tr').slice(1).map(textIn)).toEqual(['v1 0.70 0.30 0.20 to 0.40'])
  })

  it('says nothing of what stands out where only sizes were asked for', () => {
    const { features } = nodule.reading
    const content = 'content' in features ? features.content.filter(({ feature }) => feature === 'mean_diameter') : []
    const words = sectionOf(draw({ reading: { ...nodule.reading, features: { content } } }), 'words')
    expect(ofClass(words, 'lead')).toEqual([])
    expect(tagged(words, 'h4').map(({ text }) => text)).toEqual(['Sizes'])
  })

  it('has similar reports in their order, with how many nodules had each', () => {
    const content = [
      { text: 'first', nodules: 1, similarity: 0.91, folds: [0.91] },
      { text: 'second', nodules: 3, similarity: -0.2, folds: [0.1, -0.5] },
    ]
    const similar = sectionOf(draw({ reading: { ...nodule.reading, similar: { content } } }), 'similar')
    expect(tagged(similar, 'li').map(textIn)).toEqual([
      'first similarity 0.91; of one training nodule',
      'second similarity -0.20, folds -0.50 to 0.10; of 3 training nodules',
    ])
  })

  it("has the clinic's models that answer in a table, and the others with their reason", () => {
    const risks = sectionOf(draw({}), 'risks')
    expect(tagged(risks, 'tr').map((row) => row.children.map(({ text }) => text))).toEqual([
      ['model', 'result', 'remarks'],
      ['Mayo', '0.098', 'MADE'],
    ])
    expect(tagged(risks, 'p').map(({ text }) => text)).toEqual([
      "Computed from the table's columns, not from the image.",
      'Without an answer: VA: MADE.',
    ])
    const { answer } = nodule.risks[0]
    const category = { ...nodule.risks[0].model, label: 'Lung-RADS', scale: 'category' as const }
    const shown_ = { ...answer, shown: '4A' } as typeof answer
    const table = tagged(sectionOf(draw({ risks: [{ model: category, answer: shown_ }] }), 'risks'), 'tr')
    expect(table[1].children.map(({ text }) => text)).toEqual(['Lung-RADS', '4A', 'MADE'])
    const [, blank] = nodule.risks
    const two = sectionOf(draw({ risks: [blank, { ...blank, model: { ...blank.model, label: 'Other' } }] }), 'risks')
    expect(textIn(two)).toContain('Without an answer: VA: MADE; Other: MADE.')
    const noted = { ...answer, notes: ['one', 'two'] } as typeof answer
    const remarks = tagged(sectionOf(draw({ risks: [{ ...nodule.risks[0], answer: noted }] }), 'risks'), 'tr')[1]
    expect(remarks.children[2].text).toBe('one; two')
    expect(textIn(sectionOf(draw({ risks: [blank] }), 'risks'))).toBe(
      "The clinic's models They need columns of the cohort's table (spicula risk --help names them). Without an answer: VA: MADE.",
    )
    expect(tagged(sectionOf(draw({ risks: [] }), 'risks'), 'p')).toHaveLength(1)
  })

  it('counts its warnings, before all else', () => {
    const note = { code: 'nodule/single-slice', message: 'a single slice' }
    expect(textIn(ofClass(draw({ notes: [note] }), 'warn')[0])).toBe(
      'A warning on this nodule a single slice nodule/single-slice',
    )
    expect(textIn(ofClass(draw({ notes: [note, note] }), 'warn')[0])).toMatch(/^2 warnings on this nodule/)
    expect(ofClass(draw({ notes: [] }), 'warn')).toEqual([])
    expect(ofClass(draw({ notes: [] }), 'back')).toEqual([])
  })
})

it('a nodule stands where its label says', () => {
  expect([anchorOf('Row 12'), anchorOf('Point 1, (b)')]).toEqual(['row-12', 'point-1-b-'])
})

describe('the page round its nodules', () => {
  const body = () => bodyOf(composePage(madePage('MADE')))

  it('has an index with a line for each nodule, of the number that stands for it', () => {
    const [table] = tagged(ofClass(body(), 'index')[0], 'tbody')
    expect(table.children.map((row) => row.children.map(textIn))).toEqual([
      [
        'Row 2: MADE, nodule MADE',
        '0.420',
        '0.310 to 0.550',
        'poorly marginated 0.81, no necrosis 0.75, other 0.75',
        '1',
      ],
      [
        'Row 3: MADE, nodule MADE',
        '0.420',
        '0.310 to 0.550',
        'poorly marginated 0.81, no necrosis 0.75, other 0.75',
        '1',
      ],
      ['Row 4', '0.200', '', '', ''],
    ])
    expect(tagged(table, 'a').map(({ attributes: { href } }) => href)).toEqual(['#row-2', '#row-3', '#row-4'])
    expect(tagged(body(), 'article').map(({ attributes: { id } }) => id)).toEqual(['row-2', 'row-3', 'row-4'])
    expect(ofClass(body(), 'back')).toHaveLength(3)
  })

  it('has an index of failures alone, and none where there is one thing to see', () => {
    const page = madePage('MADE')
    const indexOf = (change: Partial<CasePage>) =>
      ofClass(bodyOf(composePage({ ...page, ...change })), 'index').map(textIn)
    expect(indexOf({ nodules: [] })).toEqual(['Index 2 rows without an answer'])
    expect(indexOf({ nodules: page.nodules.slice(0, 1), failures: page.failures.slice(0, 1) })[0]).toMatch(
      / One row without an answer$/,
    )
    expect(indexOf({ nodules: page.nodules.slice(0, 1), failures: [] })).toEqual([])
    expect(indexOf({ nodules: [], failures: page.failures.slice(0, 1) })).toEqual([])
  })

  it('says of each failure why, with a hint where there is one', () => {
    const [failed] = within(body()).filter(({ attributes }) => attributes['aria-labelledby'] === 'failed')
    expect(tagged(failed, 'li').map(textIn)).toEqual(['Row 5: MADE, nodule MADE : MADE MADE MADE', 'Row 6 : MADE MADE'])
    expect(textIn(bodyOf(composePage({ ...madePage('MADE'), failures: [] })))).not.toContain('without an answer')
  })

  it('says what was odd about the table', () => {
    expect(textIn(ofClass(body(), 'warn')[0])).toBe('On the table MADE [MADE]')
    expect(textIn(bodyOf(composePage({ ...madePage('MADE'), notes: [] })))).not.toContain('On the table')
  })

  it('says what is known of the model, and what is not', () => {
    const factsOf = (change: Partial<CasePage['config']>) => {
      const page = madePage('MADE')
      const [facts] = tagged(bodyOf(composePage({ ...page, config: { ...page.config, ...change } })), 'dl')
      const texts = facts.children.map(({ text }) => text)
      return Object.fromEntries(texts.flatMap((text, i) => (i % 2 === 0 ? [[text, texts[i + 1]]] : [])))
    }
    expect(factsOf({})).toEqual({
      model: 'MADE MADE',
      software: 'spicula 0',
      'weights and training population': 'MADE',
      'intended use and limits': 'MADE',
      'licence of the weights': 'MADE',
      folds: '1, not calibrated',
      views: '224 pixels, exact geometry',
      'training reports': 'none in the model folder',
      use: 'for research use; no medical device',
    })
    const unsaid = 'not said by the model'
    expect(factsOf({ provenance: '', intendedUse: '', license: '' })).toMatchObject({
      'weights and training population': unsaid,
      'intended use and limits': unsaid,
      'licence of the weights': unsaid,
    })
    const calibration = { a: 1, b: 1, c: 0 }
    const fold = { both: 'a.safetensors' }
    const reports = { file: 'reports.json', distinct: 7, trainingNodules: 9, source: 'templates' }
    expect(
      factsOf({
        folds: [
          { ...fold, calibration },
          { ...fold, calibration },
        ],
        reports,
      } as never),
    ).toMatchObject({
      folds: '2, calibrated',
      'training reports': '7 distinct texts of 9 training nodules, by templates of semantic features',
    })
    expect(
      factsOf({ folds: [{ ...fold, calibration }, fold], reports: { ...reports, source: 'reports' } } as never),
    ).toMatchObject({
      folds: '2, not calibrated',
      'training reports': '7 distinct texts of 9 training nodules, from reports',
    })
  })

  it('looks as it did', () => expect(composePage(madePage('MADE'))).toMatchFileSnapshot('./snapshots/page.html'))
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
