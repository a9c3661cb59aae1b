/** LUNA25's `nodule-locations.json`: the points of one scan in, the same document with probabilities out. */
import * as z from 'zod'
import { SpiculaError } from '../error.ts'
import { checkShape, parseJson } from '../files/json.ts'
import type { Triple } from '../scan/scan.ts'

/** Grand Challenge's "multiple points" file: whatever else it says (name, type, version) is kept. */
const document = z.looseObject({
  points: z
    .array(z.looseObject({ name: z.string().nullish(), point: z.tuple([z.number(), z.number(), z.number()]) }))
    .min(1),
})

const EXPECTED = 'Expected {"points": [{"name": "...", "point": [x, y, z]}]} with LPS mm.'

/** A document of points as read, to be handed back with probabilities. */
export interface Luna25Document {
  /** In the document's order; the name is empty where the document gives none. */
  readonly points: readonly { readonly name: string; readonly pointLps: Triple }[]
  /** The document itself. */
  readonly source: Readonly<Record<string, unknown>>
}

/**
 * Reads a LUNA25 input.
 * @param text JSON `{"points": [{"name", "point": [x, y, z]}]}`, points in LPS mm
 * @param name of the file, for messages
 * @throws SpiculaError `cohort/luna25` naming the place where the document is something else
 * @example parseLuna25('{"points": [{"name": "1_1", "point": [-38, -73.9, -111]}]}', 'nodules.json').points[0].name
 */
export function parseLuna25(text: string, name: string): Luna25Document {
  const about = { name, code: 'cohort/luna25', hint: EXPECTED }
  const source = parseJson(text, z.custom<Record<string, unknown>>(isRecord, 'expected an object'), about)
  const { points } = checkShape(source, document, about)
  return { points: points.map(({ name, point }) => ({ name: name ?? '', pointLps: point })), source }
}

/**
 * The document with `probability` in each point, everything else as it came.
 * @param probabilities one a point in the document's order; null where a point got no answer
 * @throws SpiculaError `cohort/luna25` for another number of probabilities, or one outside [0, 1]
 * @example luna25Json(parseLuna25(text, 'nodules.json'), [0.93])
 */
export function luna25Json({ source }: Luna25Document, probabilities: readonly (number | null)[]): string {
  const points = Array.isArray(source.points) ? source.points.filter(isRecord) : []
  if (points.length !== probabilities.length || !probabilities.every((p) => p === null || (p >= 0 && p <= 1))) {
    throw new SpiculaError('cohort/luna25', `${points.length} probabilities expected, got ${probabilities.join(', ')}`)
  }
  const answered = points.map((point, i) => ({ ...point, probability: probabilities[i] }))
  return `${JSON.stringify({ ...source, points: answered }, null, 2)}\n`
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
