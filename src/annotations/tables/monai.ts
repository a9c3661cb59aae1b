/** MONAI's lung nodule detection: lists of images with boxes, as ground truth or as what a detector found. */
import { basename } from 'node:path'
import * as z from 'zod'
import { type WorldFrame, worldPointLps } from '../../cohort/frame.ts'
import type { RowProblem } from '../../cohort/problem.ts'
import { SpiculaError } from '../../error.ts'
import { parseJson } from '../../files/json.ts'
import type { Note } from '../../scan/scan.ts'
import type { Converted, ConvertedRow } from './converted.ts'

const box = z.array(z.number()).length(6)
const entry = z.looseObject({
  image: z.string().min(1),
  box: z.array(box),
  label: z.array(z.number()).optional(),
  label_scores: z.array(z.number()).optional(),
})
/** What stands in it is read entry by entry: one that does not fit leaves the others. */
const document = z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())])

/**
 * Reads detections: `{"training": [...], "validation": [...]}`, a list, or one entry, each with image and
 * box [[cx, cy, cz, w, h, d]] in world mm, and label_scores where a detector made it. `label` is the class "nodule",
 * no diagnosis.
 * @param name of the file, for messages
 * @param frame of the boxes: MONAI's own LUNA16 lists are LPS
 * @param minScore leaves out detections below
 * @throws SpiculaError `datasets/monai`
 */
export function monaiCohort(
  text: string,
  { name, frame = 'lps', minScore = 0 }: { name: string; frame?: WorldFrame; minScore?: number },
): Converted {
  const about = {
    name,
    code: 'datasets/monai',
    hint: 'Expected {"validation": [{"image": "...", "box": [[cx, cy, cz, w, h, d]], "label_scores": [...]}]}.',
  }
  const parsed = parseJson(text, document, about)
  const problems: RowProblem[] = []
  const rows: ConvertedRow[] = []
  const used = new Map<string, string>()
  let [empty, faint, line] = [0, 0, 0]
  for (const [set, one] of entries(parsed)) {
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
    const pid = stemOf(image)
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
    for (const [n, [x, y, z, w, h, d]] of boxes.entries()) {
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

/** Entries with the name of their list; whatever else a document holds (numbers, names) is passed over. */
function entries(data: z.infer<typeof document>): (readonly [set: string, entry: unknown])[] {
  if (Array.isArray(data)) return data.map((one) => ['', one] as const)
  if ('image' in data) return [['', data]]
  return Object.entries(data).flatMap(([set, list]) =>
    Array.isArray(list) ? list.map((one: unknown) => [set, one] as const) : [],
  )
}

/** @example stemOf('a/1.3.6.1.nii.gz') // '1.3.6.1' */
const stemOf = (path: string): string =>
  basename(path.replaceAll('\\', '/')).replace(/\.(nii\.gz|nii|mhd|mha|nrrd|npy)$/i, '')
