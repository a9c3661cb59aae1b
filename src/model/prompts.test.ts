import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { choiceOf, FEATURE_NAMES, isLength } from '../features/features.ts'
import { parseReport } from '../report/read-report.ts'
import { strangeWords } from '../report/vocabulary.ts'
import { DEFAULT_PROMPTS } from './prompts.node.ts'
import { freePrompts, parsePrompts } from './prompts.ts'

const json = await readFile(DEFAULT_PROMPTS, 'utf8')
const sets = parsePrompts(json, 'prompts.json')

describe('the prompts that come with Spicula', () => {
  it('ask for every semantic feature and every published value, with three sentences or more', () => {
    expect(sets.map(({ feature }) => feature)).toEqual(FEATURE_NAMES)
    for (const { feature, values } of sets) {
      const name = FEATURE_NAMES.find((one) => one === feature)
      if (name && !isLength(name)) expect(values.map(({ value }) => value)).toEqual(choiceOf(name).values)
      for (const { prompts } of values) {
        expect(prompts.length).toBeGreaterThanOrEqual(3)
        expect(new Set(prompts).size).toBe(prompts.length)
      }
    }
  })

  it('say their value and nothing else, in the words of reports', () => {
    for (const { feature, values } of sets)
      for (const { value, prompts } of values)
        for (const prompt of prompts) {
          const wanted = Number(value) > 0 ? Number(value) : value
          expect(parseReport(prompt), prompt).toEqual({ features: { [feature]: wanted }, conflicts: [] })
          expect(strangeWords(prompt), prompt).toEqual([])
          expect(prompt).not.toMatch(/[-/#*]/)
        }
  })

  it('are all shown in the documentation', async () => {
    const page = await readFile(fileURLToPath(new URL('../../docs/zero-shot.md', import.meta.url)), 'utf8')
    for (const { feature, values } of sets) {
      expect(page).toContain(`\`${feature}\``)
      const shown = feature.includes('diameter') ? values.slice(0, 1) : values
      for (const { value, prompts } of shown)
        for (const prompt of prompts)
          expect(page, prompt).toContain(Number(value) > 0 ? prompt.replace(`${value} mm`, '*x* mm') : prompt)
    }
  })
})

describe('parsePrompts', () => {
  const file = (features: unknown) => JSON.stringify({ format: 'spicula-prompts/1', features })

  it('takes a file that a user cut down and edited', () => {
    const edited = parsePrompts(
      file({ nodule_shape: { Round: ['A ball.'], Ovoid: ['An egg.', 'Egg-like.'] } }),
      'a.json',
    )
    expect(edited).toEqual([
      {
        feature: 'nodule_shape',
        values: [
          { value: 'Round', prompts: ['A ball.'] },
          { value: 'Ovoid', prompts: ['An egg.', 'Egg-like.'] },
        ],
      },
    ])
  })

  it.each([
    ['', /not JSON/],
    ['{}', /format/],
    [file({}), /no feature/],
    [file({ nodule_shap: { Round: ['a'], Ovoid: ['b'] } }), /nodule_shap is not a feature \(is nodule_shape meant/],
    [file({ nodule_shape: { Rund: ['a'], Ovoid: ['b'] } }), /no value Rund \(is Round meant/],
    [file({ nodule_shape: { Round: ['a'] } }), /at least two/],
    [file({ nodule_shape: { Round: [], Ovoid: ['b'] } }), /nodule_shape.Round/],
    [file({ nodule_shape: { Round: [' '], Ovoid: ['b'] } }), /is empty/],
    [file({ mean_diameter: { large: ['a'], '4': ['b'] } }), /large is not a length/],
    [file({ nodule_shape: 'Round' }), /nodule_shape/],
  ])('refuses %j', (text, message) => {
    expect(() => parsePrompts(text, 'a.json')).toThrow(message)
  })
})

describe('freePrompts', () => {
  it('wants two different sentences', () => {
    expect(freePrompts([' a ', 'b']).values.map(({ value }) => value)).toEqual(['a', 'b'])
    for (const bad of [['a'], ['a', 'a '], ['a', ' ']]) expect(() => freePrompts(bad)).toThrow(/two different/)
  })
})
