import { SpiculaError } from '../error.ts'
import type { Triple } from '../scan/scan.ts'
import type { Crop } from './crop.ts'
import { unitIntensity } from './hounsfield.ts'
import { type Axis, rotatedSections, type Section, sectionStart } from './rotate.ts'
import { linearTaps, type Taps } from './sample.ts'

/** One of the nine planes through a nodule. */
export interface View {
  readonly name: string
  /** For people: on contact sheets and in reports. */
  readonly label: string
  /** Axis of the array [z, y, x], after turning, that the plane is at right angles to. */
  readonly normal: Axis
  /** Axis that the cube is turned about by 45 degrees first; absent for the three mid-planes. */
  readonly about?: Axis
}

/**
 * The nine views in the order of the published method (docs/method.md M3; docs/geometry.md draws them). An oblique view
 * keeps one axis of the body and is tilted by 45 degrees about it. Rows and columns are the array's, along increasing
 * z, y, x: the axial view lies as radiologists hang it, those whose rows run along z have the head at the bottom.
 */
export const VIEWS = [
  { name: 'axial', label: 'Axial', normal: 0 },
  { name: 'coronal', label: 'Coronal', normal: 1 },
  { name: 'sagittal', label: 'Sagittal', normal: 2 },
  { name: 'ap-left-up', label: '45° about A-P: left side up', normal: 0, about: 1 },
  { name: 'ap-right-up', label: '45° about A-P: right side up', normal: 2, about: 1 },
  { name: 'lr-back-up', label: '45° about L-R: back up', normal: 0, about: 2 },
  { name: 'lr-front-up', label: '45° about L-R: front up', normal: 1, about: 2 },
  { name: 'si-left-back', label: '45° about S-I: right front to left back', normal: 1, about: 0 },
  { name: 'si-right-back', label: '45° about S-I: left front to right back', normal: 2, about: 0 },
] as const satisfies readonly View[]

/** A nodule as a model sees it, before CLIP's normalisation. */
export interface NoduleViews {
  /** float32 [count, resolution, resolution]; `HU_WINDOW` is [0, 1], which cubic interpolation and noise may overshoot. */
  readonly pixels: Float32Array
  readonly count: number
}

/** Which views a model sees: all nine, the three mid-planes, or the axial one. */
export type ViewSet = 'nine' | 'planes' | 'axial'

/** Size of the views; the defaults are the published ones. */
export interface ViewSize {
  /** Edge of what is shown, in mm. */
  readonly viewMm?: number
  /** Edge of the view in pixels. */
  readonly resolution?: number
}

/**
 * The views that a crop can show: those asked for, or the axial one where the crop has no other plane (a scan of a
 * single slice).
 * @example viewsOf(crop, 'planes').map((view) => view.label) // ['Axial', 'Coronal', 'Sagittal']
 */
export function viewsOf({ shapeZyx }: Pick<Crop, 'shapeZyx'>, set: ViewSet): readonly View[] {
  if (set === 'axial' || shapeZyx[0] === 1) return VIEWS.slice(0, 1)
  return set === 'planes' ? VIEWS.slice(0, 3) : VIEWS
}

/**
 * The views of a nodule, as a model sees them before CLIP's normalisation.
 * @param crop the nodule's surroundings at 1 mm
 * @param views which; see `viewsOf` for crops of a single plane
 * @returns float32 [V, resolution, resolution], [-1000, 500] HU as [0, 1]; the cubic interpolation of the oblique views
 * may overshoot that
 * @throws SpiculaError `nodule/size` for a view larger than the crop
 * @see docs/method.md M2 and M3
 * @example
 * const crop = await cropNodule(scan, pointLps, { geometry: 'exact' })
 * nineViews(crop).length // 9 * 224 * 224
 * nineViews(crop, { views: 'axial' }).length // 224 * 224
 */
export function nineViews(crop: Crop, { views = 'nine', ...size }: ViewSize & { views?: ViewSet } = {}): Float32Array {
  return renderViews(
    crop,
    viewsOf(crop, views).map((view) => ({ view, centreZyx: crop.centreZyx })),
    size,
  )
}

/** A view and the index of the (turned) crop at its centre. */
export interface PlacedView {
  readonly view: View
  readonly centreZyx: Triple
}

/**
 * Views, each round a centre of its own: training moves them by some millimetres.
 * @returns float32 [views, resolution, resolution], as `nineViews`
 * @throws SpiculaError `nodule/size` for a view that reaches beyond the crop, or a resolution below one pixel
 * @example
 * renderViews(crop, [{ view: VIEWS[0], centreZyx: [50, 48, 53] }]) // the axial view, 2 mm to anterior, 3 mm to left
 */
export function renderViews(
  { hu, shapeZyx }: Pick<Crop, 'hu' | 'shapeZyx'>,
  placed: readonly PlacedView[],
  { viewMm = 50, resolution = 224 }: ViewSize = {},
): Float32Array {
  if (!Number.isInteger(resolution) || resolution < 1) {
    throw new SpiculaError('nodule/size', `a view's resolution of ${resolution} pixels is not a whole number above 0`)
  }
  const sections = placed.map(({ view, centreZyx }) => ({ normal: view.normal, centreZyx, size: viewMm }))
  for (const [index, section] of sections.entries()) checkFits(section, shapeZyx, placed[index].view)
  const taps = linearTaps(
    Float64Array.from({ length: resolution }, (_, i) => (resolution > 1 ? (i * (viewMm - 1)) / (resolution - 1) : 0)),
    viewMm,
  )
  const out = new Float32Array(placed.length * resolution * resolution)
  const put = (values: Float64Array, index: number) =>
    enlarge(values, taps, out.subarray(index * resolution ** 2, (index + 1) * resolution ** 2))
  for (const [index, { view }] of placed.entries()) {
    if (view.about === undefined) put(straightSection(hu, shapeZyx, sections[index]), index)
  }
  for (const about of [0, 1, 2] as const) {
    // Views turned about the same axis share their spline coefficients.
    const indices = [...placed.keys()].filter((index) => placed[index].view.about === about)
    if (indices.length === 0) continue
    const chosen = indices.map((index) => sections[index])
    for (const [s, values] of rotatedSections(hu, shapeZyx[0], about, chosen).entries()) put(values, indices[s])
  }
  return out
}

function checkFits(section: Section, shapeZyx: Triple, view: View): void {
  const { size, normal, centreZyx } = section
  const fits = ([0, 1, 2] as const).every((axis) => {
    const [first, end] = axis === normal ? [centreZyx[axis], centreZyx[axis] + 1] : edges(section, axis)
    return Number.isInteger(first) && first >= 0 && end <= shapeZyx[axis]
  })
  const turnable = view.about === undefined || new Set(shapeZyx).size === 1
  if (Number.isInteger(size) && size > 0 && fits && turnable) return
  throw new SpiculaError(
    'nodule/size',
    `the view '${view.name}' of ${size} mm round index (${centreZyx.join(', ')}) does not fit in a crop of ` +
      `${shapeZyx.join(' x ')} mm`,
    { hint: 'Make the crop larger or the view smaller; oblique views need a cube.' },
  )
}

const edges = (section: Section, axis: Axis): [number, number] => {
  const first = sectionStart(section, axis)
  return [first, first + section.size]
}

/** A plane of the crop as it is, [size, size]. */
function straightSection(hu: Float32Array, shapeZyx: Triple, section: Section): Float64Array {
  const { normal, size, centreZyx } = section
  const stride = [shapeZyx[1] * shapeZyx[2], shapeZyx[2], 1]
  const [row, column] = ([0, 1, 2] as const).filter((axis) => axis !== normal)
  const origin =
    centreZyx[normal] * stride[normal] +
    sectionStart(section, row) * stride[row] +
    sectionStart(section, column) * stride[column]
  const out = new Float64Array(size * size)
  for (let r = 0, o = 0; r < size; r++) {
    for (let c = 0; c < size; c++) out[o++] = unitIntensity(hu[origin + r * stride[row] + c * stride[column]])
  }
  return out
}

/**
 * Bilinear enlargement on a grid whose first and last pixels are the first and last samples, as
 * scipy.ndimage.zoom(order=1) makes it.
 * @param values [n, n]
 * @param taps where the pixels of one axis read among n samples
 * @param out [resolution, resolution]
 */
function enlarge(values: Float64Array, { lower, upper, lowerWeight, upperWeight }: Taps, out: Float32Array): void {
  const resolution = lower.length
  const n = Math.sqrt(values.length)
  const wide = new Float64Array(n * resolution)
  for (let r = 0, o = 0; r < n; r++) {
    for (let c = 0; c < resolution; c++) {
      wide[o++] = lowerWeight[c] * values[r * n + lower[c]] + upperWeight[c] * values[r * n + upper[c]]
    }
  }
  for (let r = 0, o = 0; r < resolution; r++) {
    const [above, below] = [lower[r] * resolution, upper[r] * resolution]
    const [wa, wb] = [lowerWeight[r], upperWeight[r]]
    for (let c = 0; c < resolution; c++) out[o++] = wa * wide[above + c] + wb * wide[below + c]
  }
}
