/** The specification of a phantom as JSON: what `phantom.json` holds, and what a user may write. */
import * as z from 'zod'
import { type ChoiceName, choiceOf, FEATURE_NAMES, type FeatureName } from '../features/features.ts'
import { parseJson } from '../files/json.ts'
import type { Triple } from '../scan/scan.ts'
import { VERSION } from '../version.ts'
import { CALCIFICATIONS, type NoduleSpec, PRESENT } from './nodule/spec.ts'
import type { PhantomSpec } from './phantom.ts'
import { DOSES, KERNELS } from './scan/scanner.ts'

export const SPEC_FORMAT = 'spicula-phantom/1'

const seed = z.int().min(0)
const point = z.tuple([z.number(), z.number(), z.number()])
const positive = z.number().positive()
const length = z.number().min(1).max(60).optional()
const choice = (name: ChoiceName) => z.enum(choiceOf(name).values as [string, ...string[]]).optional()

/** What can be drawn, by the published names. Short and mean diameter follow from the shape. */
const features = z.strictObject({
  'longest_axial_diameter_(mm)': z.number().min(3).max(60).optional(),
  psn_longest_diameter_solid_component: length,
  nodule_margin_conspicuity: choice('nodule_margin_conspicuity'),
  nodule_margins: choice('nodule_margins'),
  additional_nodule_margins: choice('additional_nodule_margins'),
  nodule_shape: choice('nodule_shape'),
  nodule_consistency: choice('nodule_consistency'),
  ...(Object.fromEntries(
    (Object.keys(PRESENT) as (keyof typeof PRESENT)[]).map((sign) => [sign, choice(sign)]),
  ) as Record<keyof typeof PRESENT, ReturnType<typeof choice>>),
})

const nodule = z.strictObject({
  seed: seed.optional(),
  point_lps: point.optional(),
  features: features.optional(),
  calcification: z.enum(CALCIFICATIONS).optional(),
})

const schema = z.strictObject({
  format: z.literal(SPEC_FORMAT).optional(),
  software: z.string().optional(),
  use: z.string().optional(),
  seed: seed.optional(),
  matrix: z.tuple([z.int().min(1).max(4096), z.int().min(1).max(4096), z.int().min(1).max(4096)]).optional(),
  spacing_mm: z.tuple([positive, positive, positive]).optional(),
  thickness_mm: positive.optional(),
  centre_lps: point.optional(),
  dose: z.enum(DOSES).optional(),
  kernel: z.enum(KERNELS).optional(),
  nodules: z.array(nodule).max(100).optional(),
})

/** What a file says; what it leaves out is `undefined`. */
export type GivenSpec = { readonly [K in keyof PhantomSpec]?: PhantomSpec[K] | undefined }

/**
 * Reads a specification: a whole `phantom.json`, any part of it, or a bare list of nodules.
 * @param name of the file, for messages
 * @throws SpiculaError `datasets/phantom-spec` naming what is wrong and where
 * @example parsePhantomSpec('[{"features": {"nodule_consistency": "Part-solid"}}]', 'nodules.json').nodules?.length // 1
 */
export function parsePhantomSpec(text: string, name: string): GivenSpec {
  const given = parseJson(text, z.preprocess(listedNodules, schema), {
    name,
    code: 'datasets/phantom-spec',
    hint: 'docs/phantom.md lists what a specification may hold; `phantom.json` of any phantom is an example.',
  })
  const { seed, matrix, spacing_mm, thickness_mm, centre_lps, nodules, dose, kernel } = given
  return {
    seed,
    shapeIjk: matrix,
    spacingMm: spacing_mm,
    thicknessMm: thickness_mm,
    centreLps: centre_lps,
    dose,
    kernel,
    nodules: nodules?.map(({ seed: own, point_lps, features: given = {}, calcification }, n) => ({
      seed: own ?? n + 1,
      pointLps: point_lps,
      features: given as NoduleSpec['features'],
      calcification,
    })),
  }
}

const listedNodules = (json: unknown): unknown => (Array.isArray(json) ? { nodules: json } : json)

/** The specification as `phantom.json` holds it. */
export function phantomSpecJson(spec: PhantomSpec): string {
  const said = {
    format: SPEC_FORMAT,
    software: `spicula ${VERSION}`,
    use: 'synthetic, for research use',
    seed: spec.seed,
    matrix: spec.shapeIjk,
    spacing_mm: spec.spacingMm,
    thickness_mm: spec.thicknessMm,
    centre_lps: spec.centreLps,
    dose: spec.dose,
    kernel: spec.kernel,
    nodules: spec.nodules.map(({ seed: own, pointLps, features: given, calcification = 'none' }) => ({
      seed: own,
      ...(pointLps && { point_lps: pointLps as Triple }),
      // In the order of the published tables, whoever wrote them: the same specification is the same text.
      features: Object.fromEntries(
        FEATURE_NAMES.flatMap((name) => (name in given ? [[name, featureOf(given, name)]] : [])),
      ),
      calcification,
    })),
  }
  return `${JSON.stringify(said, null, 2)}\n`
}

const featureOf = (features: NoduleSpec['features'], name: FeatureName): unknown =>
  (features as Readonly<Record<string, unknown>>)[name]
