import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PRESENCES, PUBLISHED_NAMES } from '../features/features.ts'
import { parseFeatures } from '../features/parse-features.ts'
import { seededRandom } from '../random.ts'
import { checkReport } from './check-report.ts'
import { randomFeatures, templateCorpus } from './random-features.ts'
import { parseReport } from './read-report.ts'
import { cleanReport, impressionOf } from './report-text.ts'
import { writeTemplateReport, writeTrainingText } from './template-writer.ts'
import { CLIP_CONTEXT, tokenBound } from './token-bound.ts'

/** Rows in the published columns: what a table of the published kind holds. */
const ROWS = [
  '23.6,18.1,20.9,8.2,Poorly marginated,Lobulated,Spiculated/Serrated,Complex/Irregular,Part-solid,Absent,Present,Absent,Absent,Absent,Absent,Absent,Present,Present,Absent,Absent,Absent,High',
  '5.4,4.9,5.2,,Well marginated,Smooth,,Ovoid,Solid,Absent,Absent,Absent,Absent,Absent,Absent,Absent,Absent,Absent,Absent,Absent,Absent,Low',
  '18.1,12,15.1,,Well marginated,Smooth,,Round,Pure ground glass,Absent,Absent,Absent,Absent,Absent,Absent,Absent,Present,Present,Absent,Absent,Absent,Intermediate',
  '13.6,10.3,12,,Poorly marginated,Lobulated,,Polygonal,Solid,Absent,Absent,Absent,Absent,Present,Present,Absent,Absent,Absent,Present,Absent,Present,Moderately High',
].map((line) => Object.fromEntries(line.split(',').map((value, i) => [PUBLISHED_NAMES[i], value])))

const seeds = fc.integer({ min: 0, max: 2 ** 31 })
const sorted = (features: object) => Object.fromEntries(Object.entries(features).sort())

describe('writeTemplateReport', () => {
  it('gives rows of the published columns reports that differ and parse back', () => {
    const reports = ROWS.map((row) => writeTemplateReport(parseFeatures(row).features, seededRandom(1)))
    expect(new Set(reports).size).toBe(ROWS.length)
    for (const [i, report] of reports.entries())
      expect(parseReport(report)).toEqual({ features: parseFeatures(ROWS[i]).features, conflicts: [] })
  })

  it('parses back to the same features, whatever they are, and passes its own check', () => {
    fc.assert(
      fc.property(seeds, fc.double({ min: 0, max: 1, noNaN: true }), (seed, known) => {
        const random = seededRandom(seed)
        const features = randomFeatures(random, { known })
        const report = writeTemplateReport(features, random)
        const read = parseReport(report)
        expect(read.conflicts).toEqual([])
        expect(sorted(read.features)).toEqual(sorted(features))
        expect(checkReport(report, features)).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  it('is told apart from the report of a row that differs in one feature', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = seededRandom(seed)
        const features = randomFeatures(random)
        const other = randomFeatures(random)
        fc.pre(JSON.stringify(sorted(features)) !== JSON.stringify(sorted(other)))
        expect(checkReport(writeTemplateReport(other, random), features)).not.toEqual([])
      }),
      { numRuns: 1000 },
    )
  })

  it('gives the same words for the same seed, others for another', () => {
    const features = parseFeatures(ROWS[0]).features
    const [a, b, c] = [1, 1, 2].map((seed) => writeTemplateReport(features, seededRandom(seed)))
    expect(a).toBe(b)
    expect(a).not.toBe(c)
  })

  it('puts findings in random order', () => {
    const features = parseFeatures(ROWS[1]).features
    const first = new Set(
      Array.from({ length: 60 }, (_, seed) => {
        const { features: order } = parseReport(writeTemplateReport(features, seededRandom(seed)).split('\n')[1])
        return Object.keys(order)[0]
      }),
    )
    expect(first.size).toBeGreaterThan(10)
  })

  it('keeps absences out of the impression, and every absence in the findings', () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = seededRandom(seed)
      const features = randomFeatures(random)
      const impression = parseReport(impressionOf(writeTemplateReport(features, random))).features
      for (const name of PRESENCES) expect([undefined, 'Present']).toContain(impression[name])
      expect(impression.level_of_suspicion_of_lung_cancer).toBe(features.level_of_suspicion_of_lung_cancer)
    }
  })

  it('uses at most 77 tokens for the impression, by a bound that needs no vocabulary', () => {
    const worst = Object.fromEntries(PRESENCES.map((name) => [name, 'Present']))
    for (let seed = 0; seed < 500; seed++) {
      const random = seededRandom(seed)
      const report = writeTemplateReport({ ...randomFeatures(random, { known: 1 }), ...worst }, random)
      expect(tokenBound(impressionOf(report))).toBeLessThanOrEqual(CLIP_CONTEXT)
    }
  })

  it('is saved without #, *, - and /', () => {
    for (const report of templateCorpus(200, seededRandom(3))) expect(report).not.toMatch(/[#*/-]/)
  })

  it('rounds sizes to a tenth, which the check takes for equal', () => {
    const features = { mean_diameter: 23.351, 'longest_axial_diameter_(mm)': 30.0449 }
    const report = writeTemplateReport(features, seededRandom(1))
    expect(report).toContain('23.4 mm')
    expect(checkReport(report, features)).toEqual([])
  })

  it('has nothing to say of nothing', () => {
    expect(() => writeTemplateReport({}, seededRandom(1))).toThrow(/no semantic feature/)
  })
})

const SUSPICION = 'level_of_suspicion_of_lung_cancer'

describe('a text to train on', () => {
  it('tells true features only, those that it names, absences among them', () => {
    const seen = new Set<string>()
    for (let i = 0; i < 200; i++) {
      const random = seededRandom(i)
      const features = randomFeatures(random)
      const { text, told } = writeTrainingText(features, random.fork('text'))
      expect(told.length).toBeGreaterThan(0)
      for (const name of told) {
        expect(features[name]).toBeDefined()
        seen.add(`${name} ${features[name]}`)
      }
      const part = Object.fromEntries(told.map((name) => [name, features[name]]))
      const report = text.startsWith('Impression')
        ? `Findings:\n A nodule.\n\n${text}\n`
        : `Findings:\n ${text}\n\nImpression: A nodule.${told.includes(SUSPICION) ? ` ${String(features[SUSPICION])} suspicion of lung cancer.` : ''}\n`
      expect(checkReport(report, part)).toEqual([])
      expect(tokenBound(text)).toBeLessThanOrEqual(CLIP_CONTEXT)
    }
    for (const name of PRESENCES) for (const value of ['Present', 'Absent']) expect(seen).toContain(`${name} ${value}`)
  })

  it('has nothing to say of nothing', () => {
    expect(() => writeTrainingText({}, seededRandom(1))).toThrow(/no semantic feature/)
  })
})

describe('the text of a report', () => {
  it('is cleaned as the published one', () => {
    expect(cleanReport('## **Impression**\r\n- part-solid, complex/irregular')).toBe(
      ' Impression\n  part solid, complex, irregular',
    )
  })

  it('is read from the first "impression" to the end, newlines deleted', () => {
    expect(impressionOf('Findings:\n a\nIMPRESSION:\nA nodule.\nHigh impression.\n')).toBe(
      'IMPRESSION:A nodule.High impression.',
    )
    expect(() => impressionOf('Findings: a')).toThrow(/no impression/)
  })
})
