/** Places and sizes from outlines, in pixels of a slice. */
import { median } from './ratings.ts'
import type { Contour, Reading } from './xml.ts'

/** x, y in pixels, z in mm. */
export interface PixelCentroid {
  readonly x: number
  readonly y: number
  readonly zMm: number
}

/**
 * Centre of a lesion: each reading's outlines weighted by their area (holes count against), then the mean over
 * readings, so that a reader who outlined more slices does not count more.
 * @example lesionCentroid(lesion) // { x: 315.2, y: 371.9, zMm: -110.6 }
 */
export function lesionCentroid(lesion: readonly Reading[]): PixelCentroid {
  const each = lesion.map(({ contours }) => readingCentroid(contours))
  const mean = (of: (centroid: PixelCentroid) => number) => each.reduce((sum, one) => sum + of(one), 0) / each.length
  return { x: mean(({ x }) => x), y: mean(({ y }) => y), zMm: mean(({ zMm }) => zMm) }
}

function readingCentroid(contours: readonly Contour[]): PixelCentroid {
  const included = contours.filter(({ inclusion }) => inclusion)
  const parts = (included.length > 0 ? contours : contours.map((one) => ({ ...one, inclusion: true }))).map(
    (contour) => {
      const polygon = polygonOf(contour.points)
      return { ...polygon, zMm: contour.zMm, weight: contour.inclusion ? polygon.area : -polygon.area }
    },
  )
  const total = parts.reduce((sum, { weight }) => sum + weight, 0)
  // Outlines of a point or a line have no area: then every outline counts the same.
  const flat = !(total > 0)
  const sum = (of: (part: (typeof parts)[number]) => number) =>
    parts.reduce((acc, part) => acc + (flat ? 1 / parts.length : part.weight / total) * of(part), 0)
  return { x: sum(({ x }) => x), y: sum(({ y }) => y), zMm: sum(({ zMm }) => zMm) }
}

/** Area and centroid of a polygon by the shoelace formula; the mean of its points where it has no area. */
function polygonOf(points: Int16Array): { area: number; x: number; y: number } {
  const count = points.length / 2
  let twice = 0
  let [x, y, meanX, meanY] = [0, 0, 0, 0]
  for (let i = 0, j = count - 1; i < count; j = i++) {
    const [x0, y0, x1, y1] = [points[2 * j], points[2 * j + 1], points[2 * i], points[2 * i + 1]]
    const cross = x0 * y1 - x1 * y0
    twice += cross
    x += (x0 + x1) * cross
    y += (y0 + y1) * cross
    meanX += x1 / count
    meanY += y1 / count
  }
  if (twice === 0) return { area: 0, x: meanX, y: meanY }
  return { area: Math.abs(twice) / 2, x: x / (3 * twice), y: y / (3 * twice) }
}

/**
 * The greatest distance between two points of one outline, the median over readers, mm. Outlines run on the first
 * pixels outside, so that it is up to two pixels more than the nodule's.
 */
export function longestDiameterMm(lesion: readonly Reading[], spacingMm: number): number {
  return spacingMm * median(lesion.map(({ contours }) => Math.max(0, ...contours.map(({ points }) => span(points)))))
}

function span(points: Int16Array): number {
  let square = 0
  for (let i = 0; i < points.length; i += 2)
    for (let j = 0; j < i; j += 2)
      square = Math.max(square, (points[i] - points[j]) ** 2 + (points[i + 1] - points[j + 1]) ** 2)
  return Math.sqrt(square)
}
