import { describe, expect, it } from 'vitest'
import { luna25Json, parseLuna25 } from './luna25.ts'

const text = `{
  "name": "Points of interest", "type": "Multiple points", "version": {"major": 1, "minor": 0},
  "points": [
    {"name": "100570_1_19990102", "point": [-38.5, -73.9, -111], "extra": [1]},
    {"name": null, "point": [1, 2, 3]},
    {"point": [4, 5, 6], "probability": 0.1}
  ]
}`

describe('parseLuna25', () => {
  it('reads points in order, named or not', () => {
    expect(parseLuna25(`\uFEFF${text}`, 'n.json').points).toEqual([
      { name: '100570_1_19990102', pointLps: [-38.5, -73.9, -111] },
      { name: '', pointLps: [1, 2, 3] },
      { name: '', pointLps: [4, 5, 6] },
    ])
  })

  it.each([
    ['', /not JSON/],
    ['{"points": [', /not JSON/],
    ['[]', /document/],
    ['null', /document/],
    ['{}', /points/],
    ['{"points": []}', /points/],
    ['{"points": {"0": {}}}', /points/],
    ['{"points": [{"name": "a", "point": [1, 2]}]}', /points\[0\]\.point/],
    ['{"points": [{"name": "a", "point": [1, 2, 3, 4]}]}', /points\[0\]\.point/],
    ['{"points": [{"name": "a", "point": [1, "2", 3]}]}', /points\[0\]\.point\[1\]/],
    ['{"points": [{"name": "a", "point": [1, 1e999, 3]}]}', /points\[0\]\.point\[1\]/],
    ['{"points": [{"name": "a", "point": [1, null, 3]}]}', /points\[0\]\.point\[1\]/],
    ['{"points": [{"name": 7, "point": [1, 2, 3]}]}', /points\[0\]\.name/],
    [`{"points": ${'['.repeat(100_000)}`, /n\.json/],
    [`{"points": ${'['.repeat(5000)}${']'.repeat(5000)}}`, /points/],
  ])('refuses %.60j', (json, message) => {
    expect(() => parseLuna25(json, 'n.json')).toThrow(expect.objectContaining({ code: 'cohort/luna25' }))
    expect(() => parseLuna25(json, 'n.json')).toThrow(message)
  })

  it('quotes nothing of a broken document', () => {
    expect(() => parseLuna25('{"patient": JANE SMITH', 'n.json')).toThrow(
      /^n\.json: it is not JSON \((?!.*(JANE|SMITH))/,
    )
  })
})

describe('luna25Json', () => {
  it('writes the same document with probabilities, null for none', () => {
    const out: unknown = JSON.parse(luna25Json(parseLuna25(text, 'n.json'), [0.93, null, 0.1 + 0.2]))
    expect(out).toEqual({
      name: 'Points of interest',
      type: 'Multiple points',
      version: { major: 1, minor: 0 },
      points: [
        { name: '100570_1_19990102', point: [-38.5, -73.9, -111], extra: [1], probability: 0.93 },
        { name: null, point: [1, 2, 3], probability: null },
        { point: [4, 5, 6], probability: 0.30000000000000004 },
      ],
    })
  })

  it('keeps members named __proto__ as data', () => {
    const hostile = '{"__proto__": {"polluted": 1}, "points": [{"point": [1, 2, 3], "__proto__": {"x": 1}}]}'
    const out = luna25Json(parseLuna25(hostile, 'n.json'), [0.5])
    expect(out.match(/"__proto__"/g)).toHaveLength(2)
    expect('polluted' in {}).toBe(false)
  })

  it('refuses another number of probabilities, or ones outside 0 to 1', () => {
    const document = parseLuna25(text, 'n.json')
    for (const bad of [[], [0.5, 0.5], [0.5, 0.5, 1.5], [0.5, 0.5, Number.NaN]]) {
      expect(() => luna25Json(document, bad)).toThrow(expect.objectContaining({ code: 'cohort/luna25' }))
    }
  })
})
