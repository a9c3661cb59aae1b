import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { checkShape, parseJson } from './json.ts'

const schema = z.strictObject({ points: z.array(z.strictObject({ x: z.number(), name: z.string().default('') })) })
const source = { name: 'a.json', code: 'test/json', hint: 'Write it anew.' }
const errorOf = (text: string) => {
  try {
    parseJson(text, schema, source)
  } catch (error) {
    return error as Error
  }
  return expect.unreachable('not refused')
}

describe('parseJson', () => {
  it('gives the value with defaults filled in, behind a byte order mark too', () => {
    for (const mark of ['', '\uFEFF'])
      expect(parseJson(`${mark}{"points": [{"x": 1}]}`, schema, source)).toEqual({ points: [{ x: 1, name: '' }] })
  })

  it('names the file and every misfit by its place', () => {
    const error = errorOf('{"points": [{"x": 1}, {"x": "1", "name": 2}], "more": 0}')
    expect(error).toMatchObject({ code: 'test/json', hint: 'Write it anew.' })
    expect(error.message).toMatch(
      /^a\.json: points\[1\]\.x: .*number.*; points\[1\]\.name: .*string.*; the document: .*"more"/,
    )
    expect(errorOf('[]').message).toMatch(/^a\.json: the document: .*object/)
  })

  it('names some of many misfits, and how many there are', () => {
    const { message } = errorOf(JSON.stringify({ points: Array.from({ length: 100 }, () => ({ x: null })) }))
    expect(message).toMatch(/points\[7\]\.x: [^;]*; and 92 more$/)
    expect(message).not.toContain('points[8]')
  })

  it.each(['', '{', '{"points": [', '{"points": Jane Doe}', '"Jane "Doe', `${'Jane Doe '.repeat(50)}`, '\u0000'])(
    'says that %j is not JSON, and quotes nothing of it',
    (text) => {
      const error = errorOf(text)
      expect(error).toMatchObject({ code: 'test/json', cause: expect.any(SyntaxError) })
      expect(error.message).toMatch(/^a\.json: it is not JSON \(.+\)$/s)
      expect(error.message).not.toMatch(/Jane|Doe/)
    },
  )
})

describe('checkShape', () => {
  it('does the same with a value', () => {
    expect(checkShape({ points: [] }, schema, source)).toEqual({ points: [] })
    expect(() => checkShape({}, schema, source)).toThrow(/^a\.json: points: /)
  })
})
