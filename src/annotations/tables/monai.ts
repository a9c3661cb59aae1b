/** MONAI's lung nodule detection: lists of images with boxes, as ground truth or as what a detector found. */
import * as z from 'zod'
import { type WorldFrame, worldPointLps } from '../../cohort/frame.ts'
import type { RowProblem } from '../../cohort/problem.ts'
import { SpiculaError } from '../../error.ts'
import { parseJson } from '../../files/json.ts'
import type { Note } from '../../scan/scan.ts'
import { type Converted, type ConvertedRow, imageName } from './converted.ts'

const box = z.array(z.number()).length(6)
const entry = z.looseObject({
  image: z.string().min(1),
  box: z.array(box),
  label: z.array(z.number()).optional(),
  label_scores: z.array(z.number()).optional(),
})
/** MONAI's names of what six numbers mean: centre and size, or two opposite corners, world mm. */
export const BOX_MODES = ['cccwhd', 'xyzxyz'] as const
export type BoxMode = (typeof BOX_MODES)[number]

/** What stands in it is read entry by entry: one that does not fit leaves the others. */
const document = z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())])

/**
 * Reads detections: `{"training": [...], "validation": [...]}`, a list, or one entry, each with image and
 * box [[cx, cy, cz, w, h, d]] in world mm, and label_scores where a detector made it. `label` is the class "nodule",
 * no diagnosis. A box without size is a problem of its own; boxes that look like corners are refused.
 * @param name of the file, for messages
 * @param frame of the boxes: MONAI's own LUNA16 lists are LPS
 * @param minScore leaves out detections below
 * @param boxMode what the six numbers of a box are; left out, centre and size, unless they can only be corners
 * @throws SpiculaError `datasets/monai`, `datasets/monai-corners`
 */
export function monaiCohort(
  text: string,
  {
    name,
    frame = 'lps',
    minScore = 0,
    boxMode,
  }: { name: string; frame?: WorldFrame; minScore?: number; boxMode?: BoxMode | undefined },
): Converted {
  const about = {
    name,
    code: 'datasets/monai',
    hint: 'Expected {"validation": [{"image": "...", "box": [[cx, cy, cz, w, h, d]], "label_scores": [...]}]}.',
  }
  const parsed = parseJson(text, document, about)
  const all = entries(parsed)
  if (boxMode === undefined && lookLikeCorners(all)) {
    throw new SpiculaError('datasets/monai-corners', `${name}: its boxes look like corners, not like centre and size`, {
      hint: 'Say what they are: --box-mode xyzxyz (two corners) or --box-mode cccwhd (centre and size).',
    })
  }
  const problems: RowProblem[] = []
  const rows: ConvertedRow[] = []
  const used = new Map<string, string>()
  let [empty, faint, line] = [0, 0, 0]
  for (const [set, one] of all) {
    line++
    const read = entry.safeParse(one)
    if (!read.success) {
      problems.push({
        line,
        code: 'datasets/row',
        message: `entry ${line}: ${read.error.issues[0]?.path.join('.')}: ${read.error.issues[0]?.message}`,
      })
      continue
    }
    const { image, box: boxes, label_scores: scores } = read.data
    if (scores !== undefined && scores.length !== boxes.length) {
      problems.push({
        line,
        code: 'datasets/row',
        message: `entry ${line}: ${boxes.length} boxes, ${scores.length} scores`,
      })
      continue
    }
    const pid = imageName(image)
    const other = used.get(pid)
    if (other !== undefined) {
      problems.push({
        line,
        code: 'datasets/duplicate',
        message: `entry ${line}: its image has the name of an earlier entry's`,
      })
      continue
    }
    used.set(pid, image)
    if (boxes.length === 0) empty++
    for (const [n, numbers] of boxes.entries()) {
      const [x, y, z, w, h, d] = boxMode === 'xyzxyz' ? centred(numbers) : numbers
      if (![w, h, d].every(isSize)) {
        const sizes = [w, h, d].map((size) => Number(size.toFixed(2))).join(' x ')
        const message = `entry ${line}: box ${n + 1} has a size of ${sizes} mm`
        problems.push({ line, code: 'datasets/row', message })
        continue
      }
      if (scores !== undefined && scores[n] < minScore) {
        faint++
        continue
      }
      rows.push({
        pid,
        noduleId: String(n + 1),
        imagePath: image,
        pointLps: worldPointLps([x, y, z], frame),
        malignant: null,
        extra: {
          ...(set === '' ? {} : { set }),
          ...(scores === undefined ? {} : { detection_score: String(scores[n]) }),
          diameter_mm: String(Math.max(w, h)),
          box_w: String(w),
          box_h: String(h),
          box_d: String(d),
        },
      })
    }
  }
  if (rows.length === 0 && problems.length === 0)
    throw new SpiculaError(about.code, `${name}: no box in it`, { hint: about.hint })
  const notes: Note[] = [
    { code: 'datasets/no-label', message: 'label is the class "nodule", no diagnosis: malignant is empty' },
    { code: 'datasets/monai-series', message: 'pid is the name of the image: patients with two scans are two here' },
  ]
  if (empty > 0) notes.push({ code: 'datasets/monai-empty', message: `${empty} images without a box, left out` })
  if (faint > 0)
    notes.push({ code: 'datasets/monai-faint', message: `${faint} detections below a score of ${minScore}, left out` })
  return { rows, notes, problems }
}

/** No lesion is longer, mm. */
const MOST_MM = 200
const isSize = (mm: number): boolean => mm > 0 && mm <= MOST_MM

/** Two opposite corners as centre and size. */
const centred = ([x, y, z, a, b, c]: readonly number[]): number[] => [
  (x + a) / 2,
  (y + b) / 2,
  (z + c) / 2,
  a - x,
  b - y,
  c - z,
]

/** What is wider is called a mass, mm. */
const NODULE_MM = 30

/**
 * Whether boxes are corners rather than centre and size: all may be corners, and one of them cannot be a centre and a
 * size, or all would be masses within whose own size of the world's origin they lie.
 */
function lookLikeCorners(all: readonly (readonly [string, unknown])[]): boolean {
  const boxes = all.flatMap(([, one]) => entry.safeParse(one).data?.box ?? [])
  const sizes = boxes.map((numbers) => ({ told: numbers.slice(3), between: centred(numbers).slice(3) }))
  if (sizes.length === 0 || !sizes.every(({ between }) => between.every(isSize))) return false
  return (
    sizes.some(({ told }) => !told.every(isSize)) ||
    sizes.every(({ told, between }) => Math.max(...told) > NODULE_MM && between.every((mm, axis) => mm < told[axis]))
  )
}

/** Entries with the name of their list; whatever else a document holds (numbers, names) is passed over. */
function entries(data: z.infer<typeof document>): (readonly [set: string, entry: unknown])[] {
  if (Array.isArray(data)) return data.map((one) => ['', one] as const)
  if ('image' in data) return [['', data]]
  return Object.entries(data).flatMap(([set, list]) =>
    Array.isArray(list) ? list.map((one: unknown) => [set, one] as const) : [],
  )
}
