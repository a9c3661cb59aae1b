/** The readings of many files: one of each, by series. */
import { SpiculaError } from '../../error.ts'
import type { Reading, ReadMessage } from './xml.ts'

/** What a set of files holds. */
export interface Readings {
  /** CT series in the order in which their first file came, with or without readings. */
  readonly bySeries: ReadonlyMap<string, readonly Reading[]>
  /** Readings left out because another file holds the same. */
  readonly duplicates: number
  readonly small: number
  readonly incomplete: number
  /** Files of chest radiographs. */
  readonly radiographs: number
}

/**
 * Collects readings. Some series have two files or more for one reading session: a reading whose series, session and
 * outlines were seen counts once, with its first ratings. The same outlines in two sessions are two readings: the
 * archive has readers who adopted another's outline in the unblinded round.
 * @example
 * const { bySeries, duplicates } = collectReadings([parseReadMessage(xml, '158.xml')])
 */
export function collectReadings(messages: Iterable<ReadMessage>): Readings {
  const bySeries = new Map<string, Reading[]>()
  const seen = new Set<string>()
  let duplicates = 0
  let small = 0
  let incomplete = 0
  let radiographs = 0
  for (const message of messages) {
    if (message.kind === 'radiograph') {
      radiographs++
      continue
    }
    const kept = bySeries.get(message.seriesUid) ?? []
    // A series' further files repeat its first one: their marks without ratings were counted there.
    if (!bySeries.has(message.seriesUid)) {
      small += message.small
      incomplete += message.incomplete
    }
    bySeries.set(message.seriesUid, kept)
    for (const reading of message.readings) {
      const key = readingKey(reading)
      if (seen.has(key)) duplicates++
      else {
        seen.add(key)
        kept.push(reading)
      }
    }
  }
  if (bySeries.size === 0)
    throw new SpiculaError('datasets/lidc-empty', 'no reading of a CT series among the files', {
      hint: 'Give the folder that holds the XML files of LIDC-IDRI; folders in it are searched too.',
    })
  return { bySeries, duplicates, small, incomplete, radiographs }
}

/** Series, session and outlines: what makes two marks the same. */
function readingKey({ seriesUid, session, contours }: Reading): string {
  const outlines = contours.map(({ zMm, inclusion, points }) => `${zMm}${inclusion ? '+' : '-'}${points.join(',')}`)
  return `${seriesUid}/${session}/${outlines.join(';')}`
}
