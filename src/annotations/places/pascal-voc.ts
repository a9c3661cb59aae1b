/** Boxes in PASCAL-VOC XML, a file a slice, named by SOPInstanceUID: Lung-PET-CT-Dx (TCIA, CC BY 4.0). */
import { SaxesParser } from 'saxes'
import { SpiculaError } from '../../error.ts'
import { applyAffine, spacingMm } from '../../scan/affine.ts'
import type { Scan } from '../../scan/scan.ts'
import { type NodulePlace, showMm } from './place.ts'

/** A box in a slice; edges in pixels as the drawing program counts them. */
export interface SliceBox {
  readonly label: string
  readonly xMin: number
  readonly yMin: number
  readonly xMax: number
  readonly yMax: number
}

/** Elements that hold what is read of a box, from the root down; a part of an object has boxes of its own. */
const FIELDS = ['name', 'bndbox/xmin', 'bndbox/ymin', 'bndbox/xmax', 'bndbox/ymax'] as const
const OBJECT = 'annotation/object'

/**
 * The boxes of one file.
 * @throws SpiculaError `datasets/boxes` for what is not an annotation of boxes
 * @example parseBoxes(xml, 'a.xml')[0] // { label: 'A', xMin: 286, yMin: 310, xMax: 355, yMax: 402 }
 */
export function parseBoxes(xml: string, name: string): SliceBox[] {
  const refuse = (what: string): SpiculaError => new SpiculaError('datasets/boxes', `${name}: ${what}`)
  const boxes: SliceBox[] = []
  const path: string[] = []
  let fields = new Map<string, string>()
  const at = (): string => path.join('/').toLowerCase()
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw refuse(`not sound XML: ${error.message}`)
  })
  parser.on('opentag', ({ name: tag }) => {
    if (path.length >= DEEPEST) throw refuse(`elements nested deeper than ${DEEPEST}`)
    path.push(tag)
    if (at() === OBJECT) fields = new Map()
  })
  const onText = (text: string): void => {
    const field = FIELDS.find((one) => at() === `${OBJECT}/${one}`)
    if (field) fields.set(field, (fields.get(field) ?? '') + text)
  }
  parser.on('text', onText)
  parser.on('cdata', onText)
  parser.on('closetag', () => {
    if (at() === OBJECT) boxes.push(boxOf(fields, refuse))
    path.pop()
  })
  parser.on('opentagstart', ({ name: tag }) => {
    if (path.length === 0 && tag.toLowerCase() !== 'annotation') throw refuse('not a PASCAL-VOC annotation')
  })
  // A byte order mark and blank lines before the declaration are none of the reader's business.
  parser.write(xml.replace(/^[\uFEFF\s]+/, '')).close()
  return boxes
}

/** No annotation of boxes nests deeper. */
const DEEPEST = 16

function boxOf(fields: ReadonlyMap<string, string>, refuse: (what: string) => SpiculaError): SliceBox {
  const [label, ...edges] = FIELDS.map((field) => (fields.get(field) ?? '').trim())
  const [xMin, yMin, xMax, yMax] = edges.map((text) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN))
  if (xMax > xMin && yMax > yMin) return { label, xMin, yMin, xMax, yMax }
  throw refuse('a box without width or height, or with edges that are not numbers')
}

/** A box and the slice that it lies in. */
export interface PlacedBox extends SliceBox {
  readonly k: number
}

/** Slices in between that may be without a box, and the lesion still be one. */
const GAP = 2

/**
 * Lesions from boxes: those of one label that overlap from slice to slice are one lesion. Its place is the middle of
 * its boxes, weighted by their areas: where it is largest counts most.
 * @example lesionsOfBoxes(boxes, scan)[0].pointLps
 */
export function lesionsOfBoxes(boxes: readonly PlacedBox[], scan: Pick<Scan, 'affineLps' | 'shapeIjk'>): NodulePlace[] {
  const chains: PlacedBox[][] = []
  for (const box of [...boxes].sort((a, b) => a.k - b.k)) {
    const mine = chains.filter((chain) => chain.some((other) => touch(box, other)))
    const joined = [...mine.flat(), box]
    for (const chain of mine) chains.splice(chains.indexOf(chain), 1)
    chains.push(joined)
  }
  const [di, dj] = spacingMm(scan.affineLps)
  return chains.map((chain, n) => {
    const areas = chain.map(({ xMin, xMax, yMin, yMax }) => (xMax - xMin) * (yMax - yMin))
    const total = areas.reduce((sum, area) => sum + area, 0)
    const mean = (of: (box: PlacedBox) => number) => chain.reduce((sum, box, m) => sum + areas[m] * of(box), 0) / total
    // The drawing program counts from the pixel's corner: the middle of pixel 0 is at 0.5.
    const indexIjk = [
      mean((b) => (b.xMin + b.xMax) / 2) - 0.5,
      mean((b) => (b.yMin + b.yMax) / 2) - 0.5,
      mean((b) => b.k),
    ]
    const longest = Math.max(...chain.map((b) => Math.max((b.xMax - b.xMin) * di, (b.yMax - b.yMin) * dj)))
    return {
      noduleId: String(n + 1),
      pointLps: applyAffine(scan.affineLps, [indexIjk[0], indexIjk[1], indexIjk[2]]),
      values: { box_longest_mm: showMm(longest), boxes: String(chain.length), finding: chain[0].label },
    }
  })
}

function touch(a: PlacedBox, b: PlacedBox): boolean {
  if (a.label !== b.label || a.k === b.k || Math.abs(a.k - b.k) > GAP) return false
  return a.xMin < b.xMax && b.xMin < a.xMax && a.yMin < b.yMax && b.yMin < a.yMax
}
