/** Any heap of files, wherever their bytes come from, to series: the part of opening DICOM that a browser shares. */
import { SpiculaError } from '../../error.ts'
import type { ByteSource } from '../../files/bytes.ts'
import { mapConcurrently } from '../../files/concurrent.ts'
import type { Note } from '../scan.ts'
import type { Dataset } from './dataset.ts'
import { type InflateRaw, readDicomBeginning, readDicomHeader } from './file.ts'
import type { Decompress } from './frames.ts'
import { type Series, seriesOf } from './series.ts'
import { factsOf, isCtClass, type ReadFile, readSlices } from './slice.ts'
import { text } from './values.ts'

/** Files under way at once. */
const AT_ONCE = 24

/** What differs between a browser and Node. */
export interface DicomTools {
  readonly inflateRaw: InflateRaw
  readonly decompress: Decompress
}

/** What lies among some files. */
export interface Listed {
  readonly series: readonly Series[]
  /** What was left out. */
  readonly notes: readonly Note[]
}

/**
 * Reads the headers of all files, and sorts the slices into series. What is no CT slice is left out with a note, readable
 * or not; a slice that cannot be read is its series' problem.
 * @param sources files in any order
 * @throws SpiculaError where a file breaks off before it says what it is, or a CT image before it says of which series: it
 *   may be a slice that would be missed
 * @example
 * const listed = await listSources(files.map(({ name, bytes }) => memorySource(name, bytes)), tools)
 * const scan = dicomScan('study', chooseSeries(listed), listed.notes)
 */
export async function listSources(
  sources: readonly ByteSource[],
  { inflateRaw, decompress }: DicomTools,
): Promise<Listed> {
  const found = await mapConcurrently(sources, AT_ONCE, async (source): Promise<ReadFile | 'other' | Unread> => {
    try {
      return readSlices(await readDicomHeader(source, inflateRaw), source.maxSize, decompress)
    } catch (error) {
      if (!(error instanceof SpiculaError)) throw error
      if (error.code === 'volume/format') return 'other'
      return unread(await readDicomBeginning(source), error)
    }
  })
  const read = found.flatMap((one) => (one === 'other' || 'unread' in one ? [] : one))
  const strays = found.flatMap((one) => (one !== 'other' && 'unread' in one ? one : []))
  const others = found.filter((one) => one === 'other').length
  const notes: Note[] = []
  if (others > 0) {
    const message = `${others === 1 ? '1 file that is' : `${others} files that are`} not DICOM left out`
    notes.push({ code: 'volume/not-dicom', message })
  }
  if (strays.length > 0) {
    const [{ unread: first }] = strays
    const files = strays.length === 1 ? '1 file' : `${strays.length} files`
    const message = `${files} left out that cannot be read, and call themselves no CT slice (${first.message})`
    notes.push({ code: 'volume/dicom-unread', message })
  }
  const noImages = read.filter(({ slices, problem }) => slices.length === 0 && problem === undefined)
  if (noImages.length > 0) {
    const objects =
      noImages.length === 1
        ? '1 DICOM object that is no CT slice'
        : `${noImages.length} DICOM objects that are no CT slices`
    const message = `${objects} left out (${[...new Set(noImages.map(kindOf))].join(', ')})`
    notes.push({ code: 'volume/dicom-other', message })
  }
  return { series: await seriesOf(read), notes }
}

/** A file that cannot be read and says of no CT slice. */
interface Unread {
  readonly unread: SpiculaError
}

/** What becomes of a file that cannot be read, by the attributes before it breaks off. */
function unread(dataset: Dataset | undefined, error: SpiculaError): ReadFile | Unread {
  if (dataset === undefined) {
    if (error.code === 'volume/truncated') throw error
    return { unread: error }
  }
  const facts = factsOf(dataset)
  const uid = text(dataset, 'SOPClassUID') ?? text(dataset, 'MediaStorageSOPClassUID')
  const saysNothing = uid === undefined && facts.modality === ''
  const isSlice = uid === undefined ? facts.modality === 'CT' : isCtClass(uid)
  // Cut short before it says what it is, it may be a slice.
  if (saysNothing && error.code === 'volume/truncated') throw error
  if (!isSlice) return { unread: error }
  if (facts.seriesUid === '') throw error
  return { facts, slices: [], problem: error }
}

function kindOf({ facts: { modality, secondaryCapture } }: ReadFile): string {
  const called = /^[A-Z]{2,10}$/.test(modality) ? modality : '?'
  if (!secondaryCapture) return called
  return modality === 'CT' ? 'Secondary Capture without a place in the body' : `Secondary Capture of modality ${called}`
}
