/** LIDC-IDRI's XML (`LidcReadMessage`): the marks of up to four radiologists on one CT series. */
import { SaxesParser } from 'saxes'
import { SpiculaError } from '../../error.ts'
import { CHARACTERISTICS, HIGHEST, type Ratings } from './ratings.ts'

/** An outline on one slice, in pixels of that slice: x to the patient's left, y to posterior, from 0. */
export interface Contour {
  /** Third coordinate of the slice, mm LPS (ImagePositionPatient, PS3.3 C.7.6.2.1.1). */
  readonly zMm: number
  readonly sopInstanceUid: string
  /** False where the outline is a hole in the nodule. */
  readonly inclusion: boolean
  /** x, y of each point in turn. The outline runs on the first pixels outside the nodule. */
  readonly points: Int16Array
}

/** One radiologist's mark of one nodule of 3 mm or more. */
export interface Reading {
  readonly seriesUid: string
  /** Place of the reading session in its file, from 0. */
  readonly session: number
  /** The reader's own number of the nodule; not shared between readers. */
  readonly noduleId: string
  readonly ratings: Ratings
  readonly contours: readonly Contour[]
}

export interface ReadMessage {
  /** `ct` for a CT series; the archive also holds readings of chest radiographs. */
  readonly kind: 'ct' | 'radiograph'
  readonly seriesUid: string
  readonly sessions: number
  readonly readings: readonly Reading[]
  /** Marks of nodules under 3 mm: one point each, no ratings. */
  readonly small: number
  /** Nodules that are outlined and rated only in part: left out. */
  readonly incomplete: number
}

interface Open {
  noduleId: string
  ratings: Partial<Record<string, number>>
  contours: Contour[]
}

/**
 * Parses one file.
 * @param name of the file, for messages
 * @throws SpiculaError `datasets/lidc-xml` where it is not such a message, is cut short, or holds a number that cannot
 *   be read
 * @example
 * const { readings } = parseReadMessage(await readFile('158.xml', 'utf8'), '158.xml')
 * readings[0].ratings.malignancy // 4
 */
export function parseReadMessage(xml: string, name: string): ReadMessage {
  const fail = (what: string): SpiculaError =>
    new SpiculaError('datasets/lidc-xml', `${name}: ${what}`, {
      hint: 'LIDC-IDRI readings are XML files whose root is LidcReadMessage (LIDC-XML-only on TCIA).',
    })
  let root = ''
  let seriesUid = ''
  let sessions = 0
  let small = 0
  let incomplete = 0
  const readings: Reading[] = []
  let nodule: Open | undefined
  let contour = emptyContour()
  let point = [0, 0]
  let text = ''

  const number = (): number => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value)) throw fail(`"${text.slice(0, 40)}" is not a number`)
    return value
  }
  const close = (tag: string): void => {
    if (tag === 'SeriesInstanceUid') seriesUid ||= text.trim()
    if (!nodule) return
    if (tag === 'xCoord') point[0] = number()
    else if (tag === 'yCoord') point[1] = number()
    else if (tag === 'edgeMap') contour.points.push(point[0], point[1])
    else if (tag === 'imageZposition') contour.zMm = number()
    else if (tag === 'imageSOP_UID') contour.sopInstanceUid = text.trim()
    else if (tag === 'inclusion') contour.inclusion = text.trim().toUpperCase() !== 'FALSE'
    else if (tag === 'noduleID') nodule.noduleId = text.trim()
    else if (tag === 'roi') {
      nodule.contours.push({ ...contour, points: Int16Array.from(contour.points) })
      contour = emptyContour()
    } else if (Object.hasOwn(HIGHEST, tag)) nodule.ratings[tag] = number()
    else if (tag === 'unblindedReadNodule') {
      const ratings = completeRatings(nodule.ratings)
      if (ratings)
        readings.push({
          seriesUid,
          session: sessions - 1,
          noduleId: nodule.noduleId,
          ratings,
          contours: nodule.contours,
        })
      else if (isOutlined(nodule)) incomplete++
      else small++
      nodule = undefined
    }
  }

  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw fail(error.message)
  })
  parser.on('opentag', ({ name: tag }) => {
    text = ''
    root ||= tag
    if (tag === 'readingSession') sessions++
    else if (tag === 'unblindedReadNodule') nodule = { noduleId: '', ratings: {}, contours: [] }
    else if (tag === 'edgeMap') point = [Number.NaN, Number.NaN]
  })
  parser.on('text', (chunk) => {
    text += chunk
  })
  parser.on('closetag', ({ name: tag }) => close(tag))
  // XML allows nothing before its declaration, but files have a byte order mark or blank lines there.
  parser.write(xml.replace(/^[\uFEFF\s]+/, '')).close()

  if (root === 'IdriReadMessage') return { kind: 'radiograph', seriesUid, sessions, readings: [], small, incomplete }
  if (root !== 'LidcReadMessage') throw fail(`its root is ${root.slice(0, 40)}, not LidcReadMessage`)
  if (seriesUid === '') throw fail('it names no CT series (SeriesInstanceUid)')
  return { kind: 'ct', seriesUid, sessions, readings, small, incomplete }
}

const emptyContour = () => ({ zMm: Number.NaN, sopInstanceUid: '', inclusion: true, points: [] as number[] })

/** All nine ratings, each within its scale; undefined where one is missing. */
function completeRatings(ratings: Open['ratings']): Ratings | undefined {
  const sound = CHARACTERISTICS.every((name) => {
    const value = ratings[name]
    return value !== undefined && Number.isInteger(value) && value >= 1 && value <= HIGHEST[name]
  })
  return sound ? (ratings as Ratings) : undefined
}

/** A mark of a nodule under 3 mm is a single point. */
const isOutlined = ({ contours }: Open): boolean => contours.some(({ points }) => points.length > 2)
