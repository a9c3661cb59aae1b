/** LIDC-IDRI as a cohort: a row a lesion, in the published columns. */
import { csvText } from '../../files/csv.ts'
import type { Note, Triple } from '../../scan/scan.ts'
import { type SeriesGeometry, toLps } from './geometry.ts'
import { clusterReadings, USUAL_SPACING_MM } from './lesions.ts'
import { lesionCentroid, longestDiameterMm, type PixelCentroid } from './outline.ts'
import {
  type Aggregate,
  aggregateRatings,
  CHARACTERISTICS,
  lidcFeatures,
  malignancyLabel,
  type Ratings,
  type Target,
} from './ratings.ts'
import type { Readings } from './readings.ts'

/** A nodule as its readers saw it; what is not known is left out. */
export interface Lesion {
  readonly pid: string
  readonly noduleId: string
  readonly seriesUid: string
  readonly imagePath: string
  readonly readers: readonly Ratings[]
  /** The readers' ratings made one. */
  readonly ratings: Ratings
  readonly pointLps?: Triple | undefined
  readonly pixel?: PixelCentroid | undefined
  readonly diameterMm?: number | undefined
}

export interface LesionOptions {
  readonly aggregate: Aggregate
  /** Patient of a series, where it is known; else the series stands for the patient. */
  readonly patients: ReadonlyMap<string, string>
  readonly geometry: ReadonlyMap<string, SeriesGeometry>
}

/**
 * Readings to lesions of every series. Nodules are numbered within a patient in the order of series and first readings.
 * @example const lesions = lidcLesions(readings, { aggregate: 'median', patients, geometry: new Map() })
 */
export function lidcLesions({ bySeries }: Readings, { aggregate, patients, geometry }: LesionOptions): Lesion[] {
  const lesions: Lesion[] = []
  const numbers = new Map<string, number>()
  for (const [seriesUid, readings] of bySeries) {
    const pid = patients.get(seriesUid) ?? seriesUid
    const known = geometry.get(seriesUid) ?? {}
    for (const lesion of clusterReadings(readings, known.spacingMm ?? USUAL_SPACING_MM)) {
      const number = (numbers.get(pid) ?? 0) + 1
      numbers.set(pid, number)
      const pixel = lesionCentroid(lesion)
      const readers = lesion.map(({ ratings }) => ratings)
      lesions.push({
        pid,
        noduleId: String(number),
        seriesUid,
        imagePath: known.imagePath ?? seriesUid,
        readers,
        ratings: aggregateRatings(readers, aggregate),
        pixel,
        pointLps: toLps(pixel, known),
        diameterMm: known.spacingMm === undefined ? undefined : longestDiameterMm(lesion, known.spacingMm),
      })
    }
  }
  return lesions
}

const COLUMNS = ['pid', 'nodule_id', 'image_path', 'coordX', 'coordY', 'coordZ', 'malignant'] as const
const UNKNOWN = Object.fromEntries(CHARACTERISTICS.map((name) => [name, Number.NaN])) as Ratings
const FEATURES = Object.keys(lidcFeatures(UNKNOWN))

/** Columns of a cohort from LIDC-IDRI: the published ones that LIDC has, then where they come from. */
export const LIDC_COLUMNS: readonly string[] = [
  ...COLUMNS,
  'longest_axial_diameter_(mm)',
  ...FEATURES,
  'series_uid',
  'readers',
  ...CHARACTERISTICS.flatMap((name) => [name, `${name}_readers`]),
  'pixelX',
  'pixelY',
  'sliceZ_mm',
]

/**
 * The manifest. Coordinates are LPS mm; of a lesion whose scan's geometry is not known they stay empty, so that nobody
 * takes pixels for millimetres, and `pixelX`, `pixelY`, `sliceZ_mm` say where it is in its series.
 * @param target how suspicions become `malignant`; they are radiologists' suspicions, not pathology
 */
export function lidcCsv(lesions: readonly Lesion[], target: Target): string {
  const rows = lesions.map((lesion) => {
    const { pixel, ratings, readers } = lesion
    const suspicions = readers.map(({ malignancy }) => malignancy)
    const label = malignancyLabel(suspicions.length > 0 ? suspicions : [ratings.malignancy], ratings.malignancy, target)
    const features = lidcFeatures(ratings)
    return [
      lesion.pid,
      lesion.noduleId,
      lesion.imagePath,
      ...(lesion.pointLps?.map((x) => x.toFixed(3)) ?? ['', '', '']),
      label === null ? '' : String(label),
      lesion.diameterMm?.toFixed(1) ?? '',
      ...FEATURES.map((name) => features[name]),
      lesion.seriesUid,
      readers.length > 0 ? String(readers.length) : '',
      ...CHARACTERISTICS.flatMap((name) => [
        Number.isNaN(ratings[name]) ? '' : String(ratings[name]),
        readers.map((one) => one[name]).join('|'),
      ]),
      ...(pixel ? [pixel.x.toFixed(2), pixel.y.toFixed(2), pixel.zMm.toFixed(2)] : ['', '', '']),
    ]
  })
  return csvText([LIDC_COLUMNS, ...rows])
}

/** What a user must know of a cohort made so. */
export function lidcNotes(lesions: readonly Lesion[], geometry: ReadonlyMap<string, SeriesGeometry>): Note[] {
  const series = new Set(lesions.map(({ seriesUid }) => seriesUid))
  const spaced = [...series].filter((uid) => geometry.get(uid)?.spacingMm !== undefined).length
  const placed = lesions.filter(({ pointLps }) => pointLps !== undefined).length
  const notes: Note[] = [
    { code: 'datasets/suspicion', message: "malignant is made of radiologists' suspicions, not of pathology" },
  ]
  if (spaced < series.size)
    notes.push({
      code: 'datasets/spacing',
      message:
        `${series.size - spaced} of ${series.size} series have no known pixel spacing: ${USUAL_SPACING_MM} mm stands in ` +
        'when their readings are joined to lesions, and their diameters stay empty (--geometry TABLE, --scans FOLDER)',
    })
  const turns = [...series].filter((uid) => geometry.get(uid)?.isTurnUnknown).length
  if (placed < lesions.length)
    notes.push({
      code: 'datasets/pixels',
      message:
        `${lesions.length - placed} of ${lesions.length} lesions have no coordinates in mm, for the geometry of their ` +
        'scans is not known: coordX, coordY, coordZ are empty, pixelX, pixelY, sliceZ_mm tell their place in the series ' +
        '(--scans FOLDER gives the millimetres)',
    })
  if (turns > 0)
    notes.push({
      code: 'datasets/lidc-turned',
      message:
        `of ${turns} series nothing tells which way the rows and columns of their slices ran, and some of the archive are ` +
        "turned: give their DICOM folders, LUNA16's .mhd, NIfTI with dcm2niix's .json beside, or the column orientation " +
        '(ImageOrientationPatient) in the table of geometry',
    })
  const beyond = lesions.filter(({ pixel, seriesUid }) => {
    const range = geometry.get(seriesUid)?.zRangeMm
    return pixel !== undefined && range !== undefined && !(pixel.zMm >= range[0] && pixel.zMm <= range[1])
  })
  if (beyond.length > 0)
    notes.push({
      code: 'datasets/lidc-slices',
      message: `${beyond.length} lesions lie on slices that their scans do not have: are the scans whole?`,
    })
  return notes
}
