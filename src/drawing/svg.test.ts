import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import type { Markup } from './markup.ts'
import { pngDataUri, svgDocument, svgText, textWidth } from './svg.ts'

/** The text of an element, by another's parser. */
function shownText(element: Markup): string {
  let shown = ''
  const parser = new SaxesParser()
  parser.on('text', (text) => {
    shown += text
  })
  parser.write(element.toString()).close()
  return shown
}

describe('svgText', () => {
  const style = { size: 20, fill: '#fff' }

  it('keeps a text that fits, on one line', () => {
    expect(shownText(svgText('  a\n b ', 0, 0, { ...style, maxWidth: 200 }))).toBe('a b')
  })

  it('sets a longer one smaller, then leaves its middle out, and never exceeds the width', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), fc.integer({ min: 60, max: 400 }), (text, maxWidth) => {
        const element = svgText(text, 0, 0, { ...style, maxWidth })
        const size = Number(/font-size="([^"]*)"/.exec(element.toString())?.[1])
        expect(size).toBeGreaterThanOrEqual(15)
        expect(size).toBeLessThanOrEqual(20)
        // The size is written with two decimals.
        expect(textWidth(shownText(element), size)).toBeLessThanOrEqual(maxWidth + 0.5)
      }),
    )
    expect(shownText(svgText(`start${'x'.repeat(99)}end`, 0, 0, { ...style, maxWidth: 200 }))).toMatch(
      /^start.*….*end$/,
    )
  })
})

describe('pngDataUri', () => {
  it('is base64 as elsewhere', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        expect(pngDataUri(bytes)).toBe(`data:image/png;base64,${Buffer.from(bytes).toString('base64')}`)
      }),
    )
  })
})

it('a document has its size', () => {
  expect(svgDocument([30, 20], []).toString()).toMatch(/^<svg [^>]*width="30" height="20" viewBox="0 0 30 20"/)
})
