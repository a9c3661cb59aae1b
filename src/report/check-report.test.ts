import { describe, expect, it } from 'vitest'
import type { NoduleFeatures } from '../features/features.ts'
import { checkReport } from './check-report.ts'
import { readReport } from './read-report.ts'

const ROW: NoduleFeatures = {
  'longest_axial_diameter_(mm)': 12.3,
  'short_diameter_(mm)': 8,
  nodule_consistency: 'Part-solid',
  nodule_margins: 'Lobulated',
  additional_nodule_margins: 'Spiculated/Serrated',
  necrosis: 'Absent',
  cavitation: 'Present',
  level_of_suspicion_of_lung_cancer: 'High',
}
const findings = `Findings:
- The nodule measures 12.3 mm in longest axial diameter and 8 mm in short diameter.
- It is part-solid, with lobulated and spiculated margins.
- Cavitation is present.
- There is no evidence of necrosis.`
const impression =
  'A 12.3 mm part-solid, lobulated and spiculated nodule with cavitation. Highly suspicious for lung cancer.'
const good = `${findings}\n\nImpression: ${impression}`

describe('checkReport', () => {
  it.each([
    good,
    good.replace('12.3 mm in', '1.23 cm in'),
    good.replace('There is no evidence of necrosis.', 'Necrosis: absent.'),
    good.replace('There is no evidence of necrosis.', 'Necrosis is not seen.'),
    good.replace('There is no evidence of necrosis.', 'Without necrosis.'),
    good.replace(
      '- Cavitation is present.\n- There is no evidence of necrosis.',
      '- Necrosis is absent, but cavitation is present.',
    ),
    good.replace('Highly suspicious for lung cancer.', 'The suspicion of malignancy is high.'),
    good.replaceAll('Findings:', '**Findings:**'.replaceAll('*', '')),
  ])('takes a good report %#', (report) => {
    expect(checkReport(report, ROW)).toEqual([])
  })

  it.each([
    ['nothing', '', /empty/],
    ['10 MB', 'a nodule '.repeat(1_100_000), /characters long/],
    ['HTML', `<html><body><p>${good}</p></body></html>`, /html/],
    ['HTML entities only', good.replace('present', 'present &amp;'), /amp/],
    ['a refusal', 'I am sorry, but I cannot help with medical reports.', /sorry/],
    ['a chatty frame', `Sure, here is your report!\n${good}`, /sure/],
    ['no impression', findings, /Impression/],
    ['no findings', `Impression: ${impression}`, /Findings/],
    [
      'a sign that the row lacks',
      good.replace('There is no', 'Pleural retraction is seen. There is no'),
      /pleural retraction/,
    ],
    [
      'a sign asserted that is absent',
      good.replace('There is no evidence of necrosis', 'Necrosis is present'),
      /necrosis is Absent/,
    ],
    ['a sign denied that is present', good.replace('Cavitation is present', 'Cavitation is absent'), /cavitation/],
    ['a sign both ways', `${good} Cavitation is not seen.`, /cavitation|absences/],
    ['a sign left out', good.replace('- There is no evidence of necrosis.', ''), /necrosis is missing/],
    [
      'a doubtful sign',
      good.replace('Cavitation is present', 'Cavitation may be present'),
      /not clear about cavitation/,
    ],
    ['a double negative', good.replace('There is no evidence of necrosis', 'No necrosis is not seen'), /not clear/],
    ['"not without"', good.replace('Cavitation is present', 'It is not without cavitation'), /cavitation/],
    [
      '"does not show" of what is present',
      good.replace('Cavitation is present', 'It does not show cavitation'),
      /cavitation/,
    ],
    [
      'denied and claimed in a breath',
      good.replace('There is no evidence of necrosis', 'No cavitation with necrosis'),
      /necrosis/,
    ],
    ['another size', good.replace('8 mm', '9 mm'), /short diameter is 8 mm, not 9/],
    ['sizes swapped', good.replace('12.3 mm in', '8 mm in').replace('8 mm in short', '12.3 mm in short'), /diameter/],
    ['a size with an order of ten lost', good.replaceAll('12.3 mm', '12.3 cm'), /123/],
    ['a stray number', good.replace('It is', 'In segment 6 it is'), /number 6|segment/],
    ['another consistency', good.replaceAll('part-solid', 'solid'), /consistency/],
    ['"not solid"', good.replace('It is part-solid', 'It is not solid, part-solid'), /not clear/],
    ['another margin', good.replaceAll('spiculated', 'smooth'), /margins/],
    ['a shape that nobody gave', good.replace('nodule with', 'round nodule with'), /shape/],
    [
      'another suspicion',
      good.replace('Highly suspicious', 'Moderately high suspicion'),
      /suspicion of lung cancer is High/,
    ],
    ['a denied suspicion', good.replace('Highly suspicious', 'Not highly suspicious'), /not clear/],
    ['cancer without a level', good.replace('Highly suspicious for', 'This is'), /level|missing|suspicion/],
    ['a place in the lung', good.replace('A 12.3', 'Right upper lobe: a 12.3'), /right/],
    ['a person', good.replace('A 12.3', 'In this 64-year-old smoker a 12.3'), /smoker|64/],
    ['another disease', good.replace('with cavitation', 'with cavitation and lymphadenopathy'), /lymphadenopathy/],
    ['advice', `${good} Biopsy is recommended.`, /biopsy/],
    ['an identifier', `${good} Patient LIDC-IDRI-0001.`, /patient|lidc/],
    ['half of a sign', good.replace('Cavitation is present', 'Cavitation is present near the pleura'), /pleura/],
    ['a vessel', good.replace('Cavitation is present', 'Cavitation is present; a vessel is present'), /vessel/],
    ['letters of another script', good.replace('cavitation.', 'cavitation and е́mbolism.'), /words|characters/],
    ['hidden characters', good.replace('present', 'pres\u200bent'), /characters|words/],
    ['absences in the impression', good.replace('with cavitation', 'with cavitation, without necrosis'), /absences/],
  ])('refuses %s', (_, report, fault) => {
    const faults = checkReport(report, ROW)
    expect(faults.join('; ')).toMatch(fault)
  })

  it('knows a solid component only of a part-solid nodule', () => {
    const report = 'Findings: It is pure ground glass, with a solid component. Impression: A pure ground glass nodule.'
    expect(checkReport(report, { nodule_consistency: 'Pure ground glass' }).join()).toMatch(/solid component/)
  })

  it('speaks of cancer only where the row does', () => {
    const { level_of_suspicion_of_lung_cancer: _, ...silent } = ROW
    expect(checkReport(good, silent).join()).toMatch(/suspicion/)
  })

  it('reads which number is which', () => {
    const lengths = (text: string) => readReport(text).claims.map(({ feature, value }) => [feature.slice(0, 5), value])
    expect(lengths('It measures 12 mm with a solid component of 5 mm.')).toEqual([
      ['longe', 12],
      ['psn_l', 5],
    ])
    expect(lengths('A mean diameter of 9.5 mm.')).toEqual([['mean_', 9.5]])
    expect(readReport('It measures 12 x 8 mm.').strayNumbers).toEqual(['12'])
  })

  it('answers a long text of one sentence in time', () => {
    const started = performance.now()
    checkReport(`Findings: ${'no cavitation with '.repeat(300)}. Impression: x`.slice(0, 5900), ROW)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})
