/** The three planes through a point, to see whether it is where the nodule is. */
import { SpiculaError } from '../error.ts'
import { HU_WINDOW, unitIntensity } from '../nodule/hounsfield.ts'
import { axial, coronal, type Plane, sagittal } from './planes.ts'
import { pageSvg } from './sheet.ts'

export interface Orthogonal {
  /** Crop of 1 mm in HU, [z, y, x]: x to the patient's left, y to posterior, z to superior. */
  readonly hu: Float32Array
  /** [size, size, size], or [1, size, size] for the one plane of a single slice; the point is at floor(size / 2). */
  readonly shapeZyx: readonly [number, number, number]
  readonly title: string
  readonly footer: string
}

/**
 * Draws the axial, coronal and sagittal plane through the point, each with a cross-hair that leaves the nodule free,
 * orientation letters and a 10 mm bar. Coronal and sagittal are turned over for display: head up.
 * @returns an SVG document; `rasterise` makes a PNG of it
 * @throws SpiculaError `drawing/cube` where the crop is neither a cube nor a plane
 * @example orthogonalSvg({ hu: crop.hu, shapeZyx: crop.shapeZyx, title: '007_1', footer: 'row 2' })
 */
export function orthogonalSvg({ hu, shapeZyx: [depth, height, size], title, footer }: Orthogonal): string {
  if (size < 2 || height !== size || (depth !== size && depth !== 1) || hu.length !== depth * size * size) {
    throw new SpiculaError(
      'drawing/cube',
      `${hu.length} voxels as [${depth}, ${height}, ${size}] are not a cube or a plane`,
    )
  }
  const centre = Math.floor(size / 2)
  const panel = (label: string, plane: Plane, index: (row: number, column: number) => number) => {
    const gray = new Float32Array(size * size)
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        gray[row * size + column] = unitIntensity(hu[index(row, column)])
      }
    }
    return {
      label,
      plane,
      gray,
      pixels: size,
      pixelMm: 1,
      pointRowColumn: [centre, centre],
      mark: 'cross-hair',
    } as const
  }
  const middle = depth === 1 ? 0 : centre
  const panels = [panel('axial', axial, (y, x) => (middle * size + y) * size + x)]
  if (depth > 1) {
    panels.push(panel('coronal', coronal, (z, x) => (z * size + centre) * size + x))
    panels.push(panel('sagittal', sagittal, (z, y) => (z * size + y) * size + centre))
  }
  const headUp = depth > 1 ? ' · head up' : ''
  const shown = `window ${HU_WINDOW.join('..')} HU · ${size} mm a plane${headUp} · for research use`
  const [columns, edge] = depth > 1 ? [3, 336] : [1, 448]
  return pageSvg({ panels, columns, edge, title, footer: [footer, shown] }).toString()
}
