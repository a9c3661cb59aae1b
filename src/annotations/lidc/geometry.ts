/** Where a series lies in the world: what LIDC-IDRI's XML does not say. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SpiculaError } from '../../error.ts'
import type { Table } from '../../files/table.ts'
import { openScan } from '../../scan/open.node.ts'
import type { Affine, Triple } from '../../scan/scan.ts'
import type { PixelCentroid } from './outline.ts'

/** What is known of a series, as much or as little as it is. */
export interface SeriesGeometry {
  /** Width of a pixel, mm. */
  readonly spacingMm?: number
  /** LPS x and y of the centre of pixel (0, 0), mm. */
  readonly originMm?: readonly [number, number]
  /** The scan's file or folder. */
  readonly imagePath?: string
}

/**
 * The centroid in LPS mm, where the series' pixel spacing and origin are known. Every series of LIDC-IDRI is axial with
 * x to the patient's left and y to posterior (ImageOrientationPatient 1\0\0\0\1\0).
 */
export function toLps({ x, y, zMm }: PixelCentroid, { spacingMm, originMm }: SeriesGeometry): Triple | undefined {
  if (spacingMm === undefined || originMm === undefined) return undefined
  return [originMm[0] + x * spacingMm, originMm[1] + y * spacingMm, zMm]
}

/**
 * Geometry of a scan from its affine, however its axes are stored: pixel (0, 0) of the DICOM slices is the corner to the
 * patient's right and front.
 * @throws SpiculaError `datasets/lidc-oblique` where the slices are not axial or the pixels not square
 */
export function geometryOf(affineLps: Affine, shapeIjk: Triple, name: string): SeriesGeometry {
  const axisOf = (world: number): number => [0, 1, 2].reduce((a, b) => (at(a, world) > at(b, world) ? a : b))
  const at = (axis: number, world: number): number => Math.abs(affineLps[4 * world + axis])
  const [left, posterior] = [axisOf(0), axisOf(1)]
  const spacing = [at(left, 0), at(posterior, 1)]
  const aligned = [0, 1].every((world) =>
    [0, 1, 2].every((axis) => axis === [left, posterior][world] || at(axis, world) < 1e-3 * spacing[world]),
  )
  if (!aligned || Math.abs(spacing[0] - spacing[1]) > 1e-3)
    throw new SpiculaError('datasets/lidc-oblique', `${name}: its slices are not axial with square pixels`, {
      hint: 'Every CT of LIDC-IDRI is; was this scan resampled?',
    })
  const corner = (world: number, axis: number): number => {
    const first = affineLps[4 * world + 3]
    return Math.min(first, first + affineLps[4 * world + axis] * (shapeIjk[axis] - 1))
  }
  return { spacingMm: spacing[0], originMm: [corner(0, left), corner(1, posterior)] }
}

/** Names under which a series' scan is looked for in a folder: LUNA16's, converters', and a folder of DICOM slices. */
const ENDINGS = ['.nii.gz', '.nii', '.mhd', '.mha', '']

/**
 * Geometry of the series whose scans lie in a folder, each named by its series.
 * @example const geometry = await scanGeometry('luna16', '1.3.6.1.4.1.14519.5.2.1.6279.6001.100225287222365663678666836860')
 */
export async function scanGeometry(folder: string, seriesUid: string): Promise<SeriesGeometry | undefined> {
  // The identifier comes from a file that somebody else wrote: it names a scan in this folder and nothing else.
  if (!/^[\w.-]+$/.test(seriesUid) || /^\.+$/.test(seriesUid)) return undefined
  const path = ENDINGS.map((ending) => join(folder, `${seriesUid}${ending}`)).find((one) => existsSync(one))
  if (path === undefined) return undefined
  const { affineLps, shapeIjk } = await openScan(path)
  return { ...geometryOf(affineLps, shapeIjk, seriesUid), imagePath: path }
}

/**
 * Geometry from a table with the columns series_uid (or seriesuid), pixel_spacing_mm, and optionally originX, originY
 * (LPS mm of pixel (0, 0)) and image_path.
 */
export function tableGeometry({ name, columns, records }: Table): Map<string, SeriesGeometry> {
  const uid = ['series_uid', 'seriesuid', 'SeriesInstanceUID'].find((column) => columns.includes(column))
  if (uid === undefined || !columns.includes('pixel_spacing_mm'))
    throw new SpiculaError('datasets/columns', `${name}: a table of geometry needs series_uid and pixel_spacing_mm`)
  const positive = (text: string | undefined) => (Number(text) > 0 ? Number(text) : undefined)
  const finite = (text: string | undefined) =>
    text?.trim() && Number.isFinite(Number(text)) ? Number(text) : undefined
  return new Map(
    records.map(({ values }) => {
      const spacingMm = positive(values.pixel_spacing_mm)
      const [x, y] = [finite(values.originX), finite(values.originY)]
      return [
        values[uid].trim(),
        {
          ...(spacingMm === undefined ? {} : { spacingMm }),
          ...(x === undefined || y === undefined ? {} : { originMm: [x, y] as const }),
          // Only where the scan's place is known is its path of use; tables of slices have paths of other things.
          ...(x !== undefined && values.image_path ? { imagePath: values.image_path } : {}),
        },
      ]
    }),
  )
}
