import { describe, expect, it } from 'vitest'
import { drawNodules, phantomSpec } from './phantom.ts'
import { parsePhantomSpec, phantomSpecJson } from './spec-json.ts'

describe('parsePhantomSpec', () => {
  it('reads back what phantom.json holds', () => {
    const spec = phantomSpec({
      seed: 9,
      thicknessMm: 2.5,
      kernel: 'lung',
      nodules: [...drawNodules(9, 5), { seed: 3, pointLps: [70, 1.5, 2], features: {}, calcification: 'popcorn' }],
    })
    expect(parsePhantomSpec(phantomSpecJson(spec), 'phantom.json')).toEqual(spec)
  })

  it('takes a bare list of nodules', () => {
    const { nodules, seed } = parsePhantomSpec('[{"features": {"cavitation": "Present"}}, {}]', 'nodules.json')
    expect(nodules).toEqual([
      { seed: 1, features: { cavitation: 'Present' }, pointLps: undefined, calcification: undefined },
      { seed: 2, features: {}, pointLps: undefined, calcification: undefined },
    ])
    expect(seed).toBeUndefined()
  })

  it.each([
    ['no JSON', '{', /not JSON/],
    ['another feature', '[{"features": {"colour": "red"}}]', /nodules\[0\]\.features/],
    ['another value', '[{"features": {"cavitation": "Yes"}}]', /nodules\[0\]\.features\.cavitation/],
    ['what follows from the shape', '[{"features": {"mean_diameter": 9}}]', /mean_diameter/],
    ['a suspicion', '[{"features": {"level_of_suspicion_of_lung_cancer": "Low"}}]', /level_of_suspicion/],
    ['a size of no nodule', '[{"features": {"longest_axial_diameter_(mm)": 900}}]', /longest_axial_diameter/],
    ['a point of two numbers', '[{"point_lps": [1, 2]}]', /nodules\[0\]\.point_lps/],
    ['a matrix of nothing', '{"matrix": [0, 1, 1]}', /matrix/],
    ['another dose', '{"dose": "much"}', /dose/],
    ['a seed below 0', '{"seed": -1}', /seed/],
    ['a number', '7', /the document/],
    ['too many nodules', `[${Array(200).fill('{}').join(',')}]`, /nodules/],
  ])('refuses %s', (_, text, message) => {
    expect(() => parsePhantomSpec(text, 'a.json')).toThrow(
      expect.objectContaining({ code: 'datasets/phantom-spec', message: expect.stringMatching(message) }),
    )
  })
})
