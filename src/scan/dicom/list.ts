/** Any heap of files, wherever their bytes come from, to series: the part of opening DICOM that a browser shares. */
import { type ByteSource, readPrefix } from '../../files/bytes.ts'
import { mapConcurrently } from '../../files/concurrent.ts'
import type { Note } from '../scan.ts'
import { type InflateRaw, isDicom, readDicomHeader } from './file.ts'
import type { Decompress } from './frames.ts'
import { type Series, seriesOf } from './series.ts'
import { type ReadFile, readSlices } from './slice.ts'

/** Files under way at once. */
const AT_ONCE = 24
const PREFIX = 132

/** What differs between a browser and Node. */
export interface DicomTools {
  readonly inflateRaw: InflateRaw
  readonly decompress: Decompress
}

/**
 * Reads the headers of all files, and sorts the slices into series.
 * @param sources files in any order; what is not DICOM is left out, with a note
 * @throws SpiculaError where a DICOM file breaks off before it says whose it is: it may be a slice that would be missed
 * @example
 * const { series, notes } = await listSources(files.map(({ name, bytes }) => memorySource(name, bytes)), tools)
 * const scan = dicomScan('study', chooseSeries(series), notes)
 */
export async function listSources(
  sources: readonly ByteSource[],
  { inflateRaw, decompress }: DicomTools,
): Promise<{ series: Series[]; notes: Note[] }> {
  let others = 0
  const files = await mapConcurrently(sources, AT_ONCE, async (source): Promise<ReadFile | undefined> => {
    if (!isDicom(await readPrefix(source, PREFIX))) {
      others++
      return undefined
    }
    return readSlices(await readDicomHeader(source, inflateRaw), source.maxSize, decompress)
  })
  const read = files.flatMap((one) => one ?? [])
  const notes: Note[] = []
  if (others > 0) {
    const message = `${others === 1 ? '1 file that is' : `${others} files that are`} not DICOM left out`
    notes.push({ code: 'volume/not-dicom', message })
  }
  const noImages = read.filter(({ slices, problem }) => slices.length === 0 && problem === undefined)
  if (noImages.length > 0) {
    const kinds = noImages.map(({ facts }) => (/^[A-Z]{2,10}$/.test(facts.modality) ? facts.modality : '?'))
    const objects = noImages.length === 1 ? '1 DICOM object that is' : `${noImages.length} DICOM objects that are`
    const message = `${objects} no CT slices left out (${[...new Set(kinds)].join(', ')})`
    notes.push({ code: 'volume/dicom-other', message })
  }
  return { series: await seriesOf(read), notes }
}
