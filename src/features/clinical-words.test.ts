/** Denials, doubts and both orders, by templates that people use: nothing is ever read as its opposite. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findingIn, presenceOf, SPICULATION } from './clinical-words.ts'

const say = (text: string) => findingIn(text, SPICULATION)

describe('findingIn', () => {
  it.each([
    'Spiculated',
    'Spiculated/Serrated',
    'SPICULATION',
    'spiculated margins',
    'lobulated and spiculated',
    'lobulated, spiculated',
    'spiculation is present',
    'not smooth; spiculated',
    'not lobulated but spiculated',
    'spiculated or serrated',
    'fine spiculation',
    'smooth without calcification. Spiculated',
    'spiculated, not calcified',
    'spiculated and not lobulated',
    'with spiculations',
  ])('%j: present', (text) => expect(say(text)).toBe('present'))

  it.each([
    'Not spiculated',
    'Nonspiculated',
    'non-spiculated',
    'non‐spiculated',
    'unspiculated',
    'Smooth, without spiculation',
    'Smooth; no spiculation',
    'Absent spiculation',
    'spiculation absent',
    'spiculation: none',
    'spiculation (-)',
    'spiculation: -',
    'no evidence of spiculation',
    'negative for spiculation',
    'w/o spiculation',
    'neither lobulated nor spiculated',
    'not lobulated or spiculated',
    'lack of spiculation',
    'free of spiculation',
    'spiculation was not seen',
    'Spiculation isn’t present',
    'without any serrated margin',
  ])('%j: absent', (text) => expect(say(text)).toBe('absent'))

  it.each([
    'possibly spiculated',
    'spiculated?',
    'spiculation cannot be excluded',
    'spiculation not excluded',
    'r/o spiculation',
    'spiculation not lobulation',
    'no lobulation, spiculated',
    'not lobulated and spiculated',
    'lobulated or spiculated',
    'spiculated; not spiculated',
    'not nonspiculated',
    'spiculation questionable',
    'no absence of spiculation',
  ])('%j: doubtful', (text) => expect(say(text)).toBe('doubtful'))

  it.each(['', 'Smooth', 'lobulated', 'not lobulated', 'conspicuous'])('%j: unsaid', (text) =>
    expect(say(text)).toBe('unsaid'),
  )

  const noun = fc.constantFrom('spiculation', 'spiculations', 'Spiculation', 'SPICULATION', 'serration')
  const filler = fc.constantFrom('', 'smooth; ', 'round. ', 'Margins: smooth; ', '8 mm; ')
  const deny = fc.constantFrom(
    (it: string) => `no ${it}`,
    (it: string) => `without ${it}`,
    (it: string) => `without any ${it}`,
    (it: string) => `no evidence of ${it}`,
    (it: string) => `absence of ${it}`,
    (it: string) => `negative for ${it}`,
    (it: string) => `${it} absent`,
    (it: string) => `${it} not seen`,
    (it: string) => `${it} is not present`,
    (it: string) => `${it} (-)`,
    (it: string) => `${it}: no`,
    (it: string) => `no calcification or ${it}`,
  )
  const doubt = fc.constantFrom(
    (it: string) => `possible ${it}`,
    (it: string) => `${it} cannot be excluded`,
    (it: string) => `questionable ${it}`,
    (it: string) => `${it}?`,
    (it: string) => `no definite sign of absence of ${it}`,
    (it: string) => `may have ${it}`,
  )
  it('a denial is never presence, in either order, whatever stands before', () => {
    fc.assert(fc.property(filler, deny, noun, (before, how, what) => say(`${before}${how(what)}`) === 'absent'))
  })
  it('a doubt is neither', () => {
    fc.assert(fc.property(filler, doubt, noun, (before, how, what) => say(`${before}${how(what)}`) === 'doubtful'))
  })
  it('a denial joined to an affirmation is never taken for one of them', () => {
    fc.assert(fc.property(deny, noun, (how, what) => say(`${how(what)}; spiculated`) === 'doubtful'))
  })
  it('answers any text', () => {
    fc.assert(fc.property(fc.string(), (text) => ['present', 'absent', 'doubtful', 'unsaid'].includes(say(text))))
  })
})

describe('presenceOf', () => {
  it.each(['yes', 'Y', 'TRUE', '1', '1.0', '+', '✓', '✔️', 'present', 'Present ', 'seen', 'is present'])(
    '%j: present',
    (text) => expect(presenceOf(text)).toBe('present'),
  )
  it.each([
    'no',
    'N',
    'false',
    '0',
    '0.0',
    'none',
    'absent',
    'not present',
    'Not seen',
    'none seen',
    'not identified',
    '✗',
  ])('%j: absent', (text) => expect(presenceOf(text)).toBe('absent'))
  it.each(['possibly present', 'present?', 'seen / not seen'])('%j: doubtful', (text) =>
    expect(presenceOf(text)).toBe('doubtful'),
  )
  it.each(['', '-', '2', 'yess', 'x'])('%j: unsaid', (text) => expect(presenceOf(text)).toBe('unsaid'))
})
