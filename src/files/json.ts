/** JSON by a schema: the value, or an error that names the file and everything that does not fit. */
import type * as z from 'zod'
import { SpiculaError } from '../error.ts'

/** Whose text it is, and what a misfit is called. */
export interface JsonSource {
  /** Of the file, for messages. */
  readonly name: string
  /** Of the error. */
  readonly code: string
  /** What to do about a misfit. */
  readonly hint?: string
}

/** Misfits that a message names; a long list says no more. */
const SHOWN = 8

/**
 * Parses a text; a byte order mark before it does no harm.
 * @throws SpiculaError `source.code` where the text is not JSON, and for misfits, each with its path in the document
 * @example parseJson('{"points": 3}', schema, { name: 'a.json', code: 'cohort/luna25' }) // throws: a.json: points: expected array
 */
export function parseJson<T>(text: string, schema: z.ZodType<T>, source: JsonSource): T {
  let value: unknown
  try {
    value = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text)
  } catch (cause) {
    throw misfit(source, `it is not JSON${parserSays(cause)}`, cause)
  }
  return checkShape(value, schema, source)
}

/**
 * The same of a value that is there already, from YAML or from JSON whose own order is needed later.
 * @throws SpiculaError `source.code` naming every misfit
 */
export function checkShape<T>(value: unknown, schema: z.ZodType<T>, source: JsonSource): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const { issues } = result.error
  const rest = issues.length > SHOWN ? `; and ${issues.length - SHOWN} more` : ''
  const shown = issues.slice(0, SHOWN).map(({ path, message }) => `${showPath(path)}: ${message}`)
  throw misfit(source, shown.join('; ') + rest)
}

const misfit = ({ name, code, hint }: JsonSource, what: string, cause?: unknown): SpiculaError =>
  new SpiculaError(code, `${name}: ${what}`, { ...(hint === undefined ? {} : { hint }), cause })

/** What the parser says, without the text that it quotes: that may bear a patient's name. */
function parserSays(error: unknown): string {
  if (!(error instanceof SyntaxError)) return ''
  const said = error.message.replace(/,? ?(\.{3})?".*"(\.{3})?/s, '').replace(/ is not valid JSON$/, '')
  return ` (${said})`
}

/** @example showPath(['points', 0, 'point']) // 'points[0].point' */
const showPath = (path: readonly PropertyKey[]): string =>
  path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '') || 'the document'
