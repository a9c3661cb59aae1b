/** The three planes through a point, to see whether it is where the nodule is. */
import { SpiculaError } from '../error.ts'
import { pageSvg } from './page.ts'
import { axial, coronal, sagittal } from './planes.ts'

export interface Orthogonal {
  /** Crop in HU, `[z, y, x]`: x to the patient's left, y to posterior, z to superior; cubic. */
  readonly cube: Float32Array
  /** Voxels on an edge, N. */
  readonly size: number
  /** Distance between neighbouring voxels, mm. */
  readonly voxelMm?: number
  /** Index of the point on each axis. The default is the crops' own centre: 50 of 100. */
  readonly centre?: number
  /** HU drawn black and white. */
  readonly windowHu?: readonly [number, number]
  readonly title: string
  readonly footer: string
}

/**
 * Draws the axial, coronal and sagittal plane through the point, each with a cross-hair that leaves the nodule free,
 * orientation letters and a 10 mm bar. Coronal and sagittal are turned over for display: head up.
 * @returns an SVG document; `rasterise` makes a PNG of it
 * @throws SpiculaError `drawing/cube` where the cube has not size^3 voxels or the centre lies outside it
 * @example orthogonalSvg({ cube, size: 100, title: '007_1', footer: 'scan.nii.gz, row 2' })
 */
export function orthogonalSvg({
  cube,
  size,
  voxelMm = 1,
  centre = Math.floor(size / 2),
  windowHu = [-1000, 500],
  title,
  footer,
}: Orthogonal): string {
  if (cube.length !== size ** 3 || size < 2 || !Number.isInteger(centre) || centre < 0 || centre >= size) {
    throw new SpiculaError('drawing/cube', `${cube.length} voxels are no cube of ${size} with a centre at ${centre}`)
  }
  const [low, high] = windowHu
  const plane = (index: (row: number, column: number) => number): Float32Array => {
    const gray = new Float32Array(size * size)
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        gray[row * size + column] = (cube[index(row, column)] - low) / (high - low)
      }
    }
    return gray
  }
  const common = { pixels: size, pixelMm: voxelMm, pointRowColumn: [centre, centre], mark: 'cross-hair' } as const
  const panels = [
    { ...common, label: 'axial', plane: axial, gray: plane((y, x) => (centre * size + y) * size + x) },
    { ...common, label: 'coronal', plane: coronal, gray: plane((z, x) => (z * size + centre) * size + x) },
    { ...common, label: 'sagittal', plane: sagittal, gray: plane((z, y) => (z * size + y) * size + centre) },
  ]
  const width = Math.round(size * voxelMm)
  const shown = `window ${low}..${high} HU · ${width} mm a plane · head up · for research use`
  return pageSvg({ panels, columns: 3, edge: 336, title, footer: [footer, shown] })
}
