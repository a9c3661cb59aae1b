/** RT Structure Sets (PS3.3 A.19, C.8.8.5, C.8.8.6): outlines and points in world mm, drawn slice by slice. */
import { SpiculaError } from '../../error.ts'
import type { Dataset } from '../../scan/dicom/dataset.ts'
import { cross, dot } from '../../scan/dicom/slice.ts'
import { items, number, numbers, text } from '../../scan/dicom/values.ts'
import type { Note, Triple } from '../../scan/scan.ts'
import { type FoundPlaces, type NodulePlace, showMm } from './place.ts'

/** Names under which lesions are outlined; organs are not. */
export const LESION_NAMES = /nod(ul|\b|_)|tumou?r|lesion|gtv|mass|neoplas|cancer/i

/** A lesion beyond this is more than one, or an organ, mm. */
const LONG_MM = 150

/**
 * The places of the regions whose names are wanted.
 * @param wanted names to take; regions of other names are left out with a note
 * @throws SpiculaError `datasets/rtstruct` where none has such a name, listing those there are
 * @example placesOfStructures(header.dataset, 'rtstruct.dcm').places[0].pointLps
 */
export function placesOfStructures(dataset: Dataset, name: string, wanted: RegExp = LESION_NAMES): FoundPlaces {
  const names = new Map(
    items(dataset, 'StructureSetROISequence').map((one) => [number(one, 'ROINumber'), text(one, 'ROIName') ?? '']),
  )
  const regions = items(dataset, 'ROIContourSequence').map((one) => {
    const roi = number(one, 'ReferencedROINumber')
    return { roi, label: names.get(roi) ?? '', contours: items(one, 'ContourSequence') }
  })
  const chosen = regions.filter(({ label }) => wanted.test(label))
  if (chosen.length === 0) {
    const all = [...new Set(regions.map(({ label }) => label || '(unnamed)'))].slice(0, 40).join(', ')
    throw new SpiculaError('datasets/rtstruct', `${name}: none of its ${regions.length} regions is named as a lesion`, {
      hint: regions.length > 0 ? `There are: ${all}. Name those that are meant with --roi.` : 'It holds no outlines.',
    })
  }
  const notes: Note[] = []
  if (chosen.length < regions.length) {
    const message = `${name}: ${regions.length - chosen.length} regions of other names left out`
    notes.push({ code: 'datasets/rtstruct', message })
  }
  const places = chosen.flatMap(({ roi, label, contours }, index): NodulePlace[] => {
    const points = contours.map((contour) => contourPoints(contour, name))
    const isPoint = contours.length === 1 && text(contours[0], 'ContourGeometricType') === 'POINT'
    const filled = points.filter(({ length }) => length > 0)
    if (filled.length === 0) {
      notes.push({ code: 'datasets/rtstruct', message: `${name}: region ${roi} has no contour` })
      return []
    }
    const noduleId = String(roi ?? index + 1)
    if (isPoint) return [{ noduleId, pointLps: filled[0][0], values: { finding: label } }]
    const { centre, volumeMm3, longestMm, extentMm } = measure(filled)
    if (extentMm > LONG_MM) {
      const message = `${name}: region ${roi} is ${extentMm.toFixed(0)} mm long: more than one lesion, or an organ?`
      notes.push({ code: 'datasets/rtstruct-large', message })
    }
    const size =
      volumeMm3 > 0 ? { diameter_mm: showMm(Math.cbrt((6 * volumeMm3) / Math.PI)), volume_mm3: showMm(volumeMm3) } : {}
    const values = { ...size, 'longest_axial_diameter_(mm)': showMm(longestMm), finding: label }
    return [{ noduleId, pointLps: centre, values }]
  })
  return { places, notes }
}

function contourPoints(contour: Dataset, name: string): Triple[] {
  const data = numbers(contour, 'ContourData') ?? []
  if (data.length % 3 !== 0 || !data.every(Number.isFinite)) {
    throw new SpiculaError('datasets/rtstruct', `${name}: a contour is not triples of numbers`)
  }
  return Array.from({ length: data.length / 3 }, (_, n) => [data[3 * n], data[3 * n + 1], data[3 * n + 2]] as const)
}

/** One polygon with its plane. */
interface Outline {
  readonly points: readonly Triple[]
  readonly centre: Triple
  readonly area: number
  readonly at: number
}

/** Centroid and volume of the outlined body: areas times the distance of the planes; an outline within one is a hole. */
function measure(contours: readonly (readonly Triple[])[]) {
  const normal = planeNormal(contours)
  const [u, v] = inPlane(normal)
  const outlines = contours.map((points) => outline(points, normal, u, v))
  const planes = [...new Set(outlines.map(({ at }) => Math.round(at * 100) / 100))].sort((a, b) => a - b)
  const gaps = planes
    .slice(1)
    .map((at, n) => at - planes[n])
    .sort((a, b) => a - b)
  const spacing = gaps[gaps.length >> 1] ?? 0
  let total = 0
  const sum = [0, 0, 0]
  let longestMm = 0
  for (const one of outlines) {
    const others = outlines.filter((other) => other !== one && Math.abs(other.at - one.at) < 0.05)
    const around = others.filter((other) => isInside(one.points[0], other.points, u, v)).length
    const area = around % 2 === 1 ? -one.area : one.area
    total += area
    for (const axis of [0, 1, 2]) sum[axis] += area * one.centre[axis]
    longestMm = Math.max(longestMm, longest(one.points))
  }
  const flat = contours.flat()
  const mean = [0, 1, 2].map((axis) => flat.reduce((all, point) => all + point[axis], 0) / flat.length)
  const [x, y, z] = total > 1e-6 ? sum.map((one) => one / total) : mean
  const centre: Triple = [x, y, z]
  const extentMm = Math.max(longestMm, planes[planes.length - 1] - planes[0])
  return { centre, volumeMm3: total * spacing, longestMm, extentMm }
}

function planeNormal(contours: readonly (readonly Triple[])[]): Triple {
  const largest = contours.reduce((a, b) => (b.length > a.length ? b : a))
  // Newell's method: half the vector area.
  const sum = [0, 0, 0]
  for (const [n, a] of largest.entries()) {
    const b = largest[(n + 1) % largest.length]
    for (const axis of [0, 1, 2]) {
      const [p, q] = [(axis + 1) % 3, (axis + 2) % 3]
      sum[axis] += (a[p] - b[p]) * (a[q] + b[q])
    }
  }
  const length = Math.hypot(...sum)
  return length > 1e-9 ? [sum[0] / length, sum[1] / length, sum[2] / length] : [0, 0, 1]
}

function inPlane(normal: Triple): [Triple, Triple] {
  const far: Triple = Math.abs(normal[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0]
  const across = cross(normal, far)
  const length = Math.hypot(...across)
  const u: Triple = [across[0] / length, across[1] / length, across[2] / length]
  return [u, cross(normal, u)]
}

/** Shoelace formula in the plane. */
function outline(points: readonly Triple[], normal: Triple, u: Triple, v: Triple): Outline {
  const [origin] = points
  const flat = points.map((point) => {
    const offset: Triple = [point[0] - origin[0], point[1] - origin[1], point[2] - origin[2]]
    return [dot(offset, u), dot(offset, v)] as const
  })
  let [area, x, y] = [0, 0, 0]
  for (const [n, a] of flat.entries()) {
    const b = flat[(n + 1) % flat.length]
    const part = a[0] * b[1] - b[0] * a[1]
    area += part / 2
    x += ((a[0] + b[0]) * part) / 6
    y += ((a[1] + b[1]) * part) / 6
  }
  const [p, q] = Math.abs(area) > 1e-9 ? [x / area, y / area] : [0, 0]
  const centre: Triple = [0, 1, 2].map((n) => origin[n] + p * u[n] + q * v[n]) as unknown as Triple
  return { points, centre, area: Math.abs(area), at: dot(origin, normal) }
}

function isInside(point: Triple, polygon: readonly Triple[], u: Triple, v: Triple): boolean {
  const [x, y] = [dot(point, u), dot(point, v)]
  let inside = false
  for (const [n, a] of polygon.entries()) {
    const b = polygon[(n + 1) % polygon.length]
    const [ax, ay, bx, by] = [dot(a, u), dot(a, v), dot(b, u), dot(b, v)]
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
  }
  return inside
}

function longest(points: readonly Triple[]): number {
  // Outlines of thousands of points are thinned: a fortieth of a turn changes a diameter by a thousandth.
  const step = Math.max(1, Math.floor(points.length / 400))
  const some = points.filter((_, n) => n % step === 0)
  let most = 0
  for (const [n, a] of some.entries())
    for (const b of some.slice(n + 1)) most = Math.max(most, Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]))
  return most
}
