import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../random.ts'
import { reportCorpus } from '../../report/random-features.ts'
import { cleanReport } from '../../report/report-text.ts'
import { holdsIdentifier, identifierSet } from './identifiers-in-text.ts'

describe('holdsIdentifier', () => {
  it.each([
    ['LIDC-IDRI-0001', 'Nodule of LIDC-IDRI-0001.', true],
    // As reports are saved: without hyphens.
    ['LIDC-IDRI-0001', cleanReport('Impression: LIDC-IDRI-0001_2 is solid.'), true],
    ['lidc-idri-0001', 'LIDC IDRI 0001', true],
    ['LIDC-IDRI-0001', 'LIDC-IDRI-00012', false],
    ['100012', 'Patient 100012, a solid nodule', true],
    ['100012', 'a nodule of 12.1 mm', false],
    // Of one or two letters: it names nobody.
    ['12', 'a nodule of 12 mm', false],
    ['Müller', 'Frau MÜLLER', true],
    ['---', 'anything --- at all', false],
  ])('%s in "%s": %s', (pid, text, expected) => {
    expect(holdsIdentifier(text, identifierSet([pid, 'other-patient']))).toBe(expected)
  })

  it('finds any identifier anywhere in any report', () => {
    const reports = reportCorpus(20, seededRandom(1))
    const word = fc.stringMatching(/^[A-Z0-9]{3,8}(-[A-Z0-9]{2,8}){0,3}$/)
    fc.assert(
      fc.property(word, fc.constantFrom(...reports), fc.nat(), (pid, report, seed) => {
        const words = report.split(' ')
        const at = seed % (words.length + 1)
        const text = [...words.slice(0, at), `(${cleanReport(pid).toLowerCase()})`, ...words.slice(at)].join(' ')
        expect(holdsIdentifier(text, identifierSet([pid]))).toBe(true)
      }),
    )
  })
})
