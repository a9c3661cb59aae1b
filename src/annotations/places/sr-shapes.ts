/**
 * The graphics of structured reports: coordinates in an image (SCOORD, PS3.3 C.18.6) or in the patient (SCOORD3D,
 * C.18.9).
 */
import type { Dataset } from '../../scan/dicom/dataset.ts'
import { numbers, text } from '../../scan/dicom/values.ts'
import type { Triple } from '../../scan/scan.ts'
import { type ImageReference, imageReference } from './image-reference.ts'
import { distance, isClosed, middleOfLine } from './polygon.ts'

/**
 * Image coordinates have no place in the world: the series that they refer to tells it.
 * @param column from the centre of the first pixel
 * @returns LPS mm, or why there is none
 */
export type ImagePoint = (image: ImageReference, column: number, row: number) => Triple | string

/** What a graphic shows, in LPS mm. */
export type Shape =
  | { readonly kind: 'points'; readonly points: readonly Triple[] }
  /** A line that goes round nothing. */
  | { readonly kind: 'line'; readonly centreLps: Triple; readonly lengthMm: number }
  | { readonly kind: 'outline'; readonly outline: readonly Triple[] }
  | { readonly kind: 'solid'; readonly centreLps: Triple }
  /** No place, and why. */
  | { readonly kind: 'none'; readonly why: string }

/** Points of the outline that stands for a circle or an ellipse. */
const ROUND = 72

/**
 * The graphic of a content item.
 * @param images items that may name the image of its coordinates: its own content
 * @returns undefined for items that have none
 */
export function shapeOf(
  item: Dataset,
  images: readonly Dataset[],
  imagePoint: ImagePoint | undefined,
): Shape | undefined {
  const valueType = text(item, 'ValueType')
  if (valueType !== 'SCOORD' && valueType !== 'SCOORD3D') return undefined
  const type = text(item, 'GraphicType') ?? 'POINT'
  const tuples = tuplesOf(item, valueType === 'SCOORD' ? 2 : 3)
  const corners = tuples && (roundOutline(type, tuples) ?? tuples)
  if (corners === undefined) return none(`a ${type} whose coordinates are missing or not finite`)
  if (valueType === 'SCOORD3D')
    return worldShape(
      type,
      corners.map(([x, y, z]) => [x, y, z] as const),
    )
  const image = images.map(imageReference).find((one) => one !== undefined)
  if (image === undefined) return none('coordinates in an image that it does not name')
  if (imagePoint === undefined) return none('coordinates in an image that is not at hand')
  // C.18.6.1.1: the corner of the first pixel is at (0, 0), its centre at a half.
  const world: Triple[] = []
  for (const [x, y] of corners) {
    const point = imagePoint(image, x - 0.5, y - 0.5)
    if (typeof point === 'string') return none(point)
    world.push(point)
  }
  return worldShape(type, world)
}

const none = (why: string): Shape => ({ kind: 'none', why })

/** GraphicData in twos or threes; undefined where they are missing, incomplete or not finite. */
function tuplesOf(item: Dataset, dimensions: 2 | 3): number[][] | undefined {
  const data = numbers(item, 'GraphicData') ?? []
  if (data.length === 0 || data.length % dimensions !== 0 || !data.every(Number.isFinite)) return undefined
  return Array.from({ length: data.length / dimensions }, (_, n) => data.slice(dimensions * n, dimensions * (n + 1)))
}

/**
 * The outline of a CIRCLE (its centre and a point of its edge) or an ELLIPSE (the ends of its two axes), in whatever
 * coordinates they are.
 * @returns undefined for other graphics
 */
function roundOutline(type: string, points: readonly (readonly number[])[]): number[][] | undefined {
  const axes = points[0].map((_, axis) => axis)
  if (type === 'CIRCLE' && points.length === 2) {
    const [centre, edge] = points
    const radius = Math.hypot(...axes.map((axis) => edge[axis] - centre[axis]))
    return turns(([x, y]) => [centre[0] + radius * x, centre[1] + radius * y])
  }
  if (type === 'ELLIPSE' && points.length === 4) {
    const [a, b, c, d] = points
    const centre = axes.map((axis) => (a[axis] + b[axis] + c[axis] + d[axis]) / 4)
    return turns(([x, y]) =>
      axes.map((axis) => centre[axis] + (x * (b[axis] - a[axis])) / 2 + (y * (d[axis] - c[axis])) / 2),
    )
  }
  return undefined
}

const turns = (point: (unit: readonly [number, number]) => number[]): number[][] =>
  Array.from({ length: ROUND }, (_, n) =>
    point([Math.cos((2 * Math.PI * n) / ROUND), Math.sin((2 * Math.PI * n) / ROUND)]),
  )

function worldShape(type: string, points: readonly Triple[]): Shape {
  if (type === 'POINT' || type === 'MULTIPOINT') return { kind: 'points', points }
  if (type === 'ELLIPSOID') {
    // C.18.9.1.2: the ends of its three axes.
    const mean = (axis: number): number => points.reduce((sum, point) => sum + point[axis], 0) / points.length
    return { kind: 'solid', centreLps: [mean(0), mean(1), mean(2)] }
  }
  if (type === 'POLYGON' || type === 'CIRCLE' || type === 'ELLIPSE' || isClosed(points))
    return { kind: 'outline', outline: points }
  const lengthMm = points.slice(1).reduce((sum, point, n) => sum + distance(point, points[n]), 0)
  return { kind: 'line', centreLps: middleOfLine(points), lengthMm }
}
