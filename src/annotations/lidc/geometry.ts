/** Where a series lies in the world: what LIDC-IDRI's XML does not say, which way its rows and columns run included. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { SpiculaError } from '../../error.ts'
import type { Table } from '../../files/table.ts'
import { applyAffine, spacingMm } from '../../scan/affine.ts'
import { cross, dot } from '../../scan/dicom/slice.ts'
import { scansIn } from '../../scan/formats.node.ts'
import { openScan } from '../../scan/open.node.ts'
import type { Affine, Scan, Triple } from '../../scan/scan.ts'
import type { PixelCentroid } from './outline.ts'

/** What is known of a series, as much or as little as it is. */
export interface SeriesGeometry {
  /** Width of a pixel, mm. */
  readonly spacingMm?: number
  /** Column, row and number of a DICOM slice to LPS mm, the axes as the images have them: some series are turned. */
  readonly pixelsLps?: Affine
  /** The scan is there, but does not tell how the rows and columns of its DICOM slices ran. */
  readonly isTurnUnknown?: boolean
  /** From half a slice below the first to half a slice above the last, mm (ImagePositionPatient's z). */
  readonly zRangeMm?: readonly [number, number]
  /** The scan's file or folder. */
  readonly imagePath?: string
}

/** ImageOrientationPatient (PS3.3 C.7.6.2.1.1): unit vectors along a row and along a column. */
export interface SliceOrientation {
  readonly rowLps: Triple
  readonly columnLps: Triple
}

/**
 * The centroid in LPS mm, where the axes of the series' slices are known.
 * @param centroid x and y in pixels (columns and rows); z is ImagePositionPatient's third number, and tells the slice
 */
export function toLps({ x, y, zMm }: PixelCentroid, { pixelsLps }: SeriesGeometry): Triple | undefined {
  if (pixelsLps === undefined) return undefined
  return applyAffine(pixelsLps, [x, y, (zMm - pixelsLps[11]) / pixelsLps[10]])
}

/**
 * Geometry of an opened scan. A DICOM series and ITK's files (MetaImage) keep columns and rows as the slices have them.
 * Of other files converters may have turned the axes round: there the orientation of the slices must be told.
 * @param orientation of the DICOM slices, for files whose axes may be others
 * @throws SpiculaError `datasets/lidc-oblique` where the slices run along the body, the pixels are not square, or the
 *   orientation is not one of the scan's
 * @example geometryOf(await openScan('1.3.6.mhd')).pixelsLps
 */
export function geometryOf(
  { affineLps, shapeIjk, name }: Pick<Scan, 'affineLps' | 'shapeIjk' | 'name'>,
  orientation?: SliceOrientation,
): SeriesGeometry {
  const stack = orientation ? turnedTo(orientation, affineLps, shapeIjk) : { pixelsLps: affineLps, slices: shapeIjk[2] }
  const [betweenColumns, betweenRows, step] = spacingMm(stack?.pixelsLps ?? affineLps)
  if (
    stack === undefined ||
    Math.abs(betweenColumns - betweenRows) > 1e-3 ||
    Math.abs(stack.pixelsLps[10]) < step * Math.SQRT1_2
  )
    throw new SpiculaError('datasets/lidc-oblique', `${name}: its slices are not axial with square pixels`, {
      hint: 'Every CT of LIDC-IDRI is; was this scan resampled?',
    })
  const { pixelsLps, slices } = stack
  const [a, b] = [-0.5, slices - 0.5].map((k) => pixelsLps[11] + k * pixelsLps[10])
  return { spacingMm: betweenColumns, pixelsLps, zRangeMm: [Math.min(a, b), Math.max(a, b)] }
}

/**
 * The affine of columns, rows and slices: the stored axes that run along the slices' rows and columns, from their
 * starts.
 */
function turnedTo(
  { rowLps, columnLps }: SliceOrientation,
  affineLps: Affine,
  shapeIjk: Triple,
): { pixelsLps: Affine; slices: number } | undefined {
  const spacing = spacingMm(affineLps)
  const along = (axis: number): Triple => [affineLps[axis], affineLps[4 + axis], affineLps[8 + axis]]
  const find = (direction: Triple): { axis: number; sign: number } | undefined => {
    for (const axis of [0, 1, 2]) {
      const cosine = dot(along(axis), direction) / spacing[axis]
      if (Math.abs(cosine) > 0.999) return { axis, sign: Math.sign(cosine) }
    }
    return undefined
  }
  const [row, column] = [find(rowLps), find(columnLps)]
  if (row === undefined || column === undefined || row.axis === column.axis) return undefined
  const corner = [0, 0, 0]
  for (const { axis, sign } of [row, column]) if (sign < 0) corner[axis] = shapeIjk[axis] - 1
  const origin = applyAffine(affineLps, [corner[0], corner[1], corner[2]])
  const through = 3 - row.axis - column.axis
  const step = along(through)
  const [x, y] = [row, column].map(({ axis, sign }) => along(axis).map((value) => value * sign))
  const pixelsLps = [0, 1, 2].flatMap((world) => [x[world], y[world], step[world], origin[world]])
  return { pixelsLps, slices: shapeIjk[through] }
}

/**
 * Geometry of the series whose scans lie in a folder, each named by its series. NIfTI does not keep how the rows of the
 * slices ran (dcm2niix turns columns round, others turn the whole to one orientation): dcm2niix's .json beside it does.
 * @example const geometry = await scanGeometry('luna16',
 *   '1.3.6.1.4.1.14519.5.2.1.6279.6001.100225287222365663678666836860')
 */
export async function scanGeometry(folder: string, seriesUid: string): Promise<SeriesGeometry | undefined> {
  // The identifier comes from a file that somebody else wrote: it names a scan in this folder and nothing else.
  if (!/^[\w.-]+$/.test(seriesUid) || /^\.+$/.test(seriesUid)) return undefined
  const scans = scansIn(folder, seriesUid)
  // DICOM and MetaImage keep the slices' axes, others only with luck: those go first.
  const path = scans.find((one) => !/\.(nii|hdr|img)(\.gz)?$/i.test(one)) ?? scans[0]
  if (path === undefined) return undefined
  const isFolder = (await stat(path)).isDirectory()
  const scan = await openScan(isFolder ? `${path}#${seriesUid}` : path)
  const keepsAxes = 'seriesUid' in scan || /\.mh[da]$/.test(path)
  const orientation = keepsAxes ? undefined : await sidecarOrientation(join(folder, `${seriesUid}.json`))
  if (!keepsAxes && orientation === undefined)
    return { spacingMm: spacingMm(scan.affineLps)[0], isTurnUnknown: true, imagePath: path }
  return { ...geometryOf(scan, orientation), imagePath: path }
}

const sidecar = z.looseObject({ ImageOrientationPatientDICOM: z.array(z.number()).length(6) })
const MOST_SIDECAR_BYTES = 1 << 20

/** What dcm2niix writes beside a file (BIDS): the orientation of the DICOM slices that it was made of. */
async function sidecarOrientation(path: string): Promise<SliceOrientation | undefined> {
  const size = await stat(path).then(
    (one) => one.size,
    () => undefined,
  )
  if (size === undefined || size > MOST_SIDECAR_BYTES) return undefined
  try {
    return orientationOf(sidecar.parse(JSON.parse(await readFile(path, 'utf8'))).ImageOrientationPatientDICOM)
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof z.ZodError) return undefined
    throw cause
  }
}

/** Six numbers as two unit vectors at right angles; undefined for anything else. */
function orientationOf(numbers: readonly number[]): SliceOrientation | undefined {
  const [a, b, c, d, e, f] = numbers
  const [rowLps, columnLps]: readonly [Triple, Triple] = [
    [a, b, c],
    [d, e, f],
  ]
  const isSound =
    Math.abs(Math.hypot(...cross(rowLps, columnLps)) - 1) < 0.01 && Math.abs(Math.hypot(a, b, c) - 1) < 0.01
  return numbers.length === 6 && isSound ? { rowLps, columnLps } : undefined
}

/**
 * Geometry from a table with the columns series_uid (or seriesuid), pixel_spacing_mm, and optionally originX, originY
 * (LPS mm of pixel (0, 0)), orientation (ImageOrientationPatient, six numbers) and image_path. Millimetres need all
 * three of origin and orientation: an origin alone does not tell which way the rows run.
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
      const spacing = positive(values.pixel_spacing_mm)
      const [x, y] = [finite(values.originX), finite(values.originY)]
      const orientation = orientationOf(
        (values.orientation ?? '')
          .split(/[\\,;\s]+/)
          .filter(Boolean)
          .map(Number),
      )
      const hasOrigin = x !== undefined && y !== undefined
      const isAxial =
        orientation !== undefined && Math.abs(cross(orientation.rowLps, orientation.columnLps)[2]) > 0.9999
      const isPlaced = hasOrigin && spacing !== undefined && isAxial
      return [
        values[uid].trim(),
        {
          ...(spacing === undefined ? {} : { spacingMm: spacing }),
          ...(isPlaced ? { pixelsLps: slicesAt(x, y, spacing, orientation) } : {}),
          ...(hasOrigin && !isAxial ? { isTurnUnknown: true } : {}),
          // Only where the scan's place is known is its path of use; tables of slices have paths of other things.
          ...(hasOrigin && values.image_path ? { imagePath: values.image_path } : {}),
        },
      ]
    }),
  )
}

/** The "number" of a slice is its z: nothing else of the stack is known, and axial slices need nothing else. */
const slicesAt = (x: number, y: number, spacing: number, { rowLps, columnLps }: SliceOrientation): Affine =>
  [0, 1, 2].flatMap((world) => [
    rowLps[world] * spacing,
    columnLps[world] * spacing,
    world === 2 ? 1 : 0,
    [x, y, 0][world],
  ])
