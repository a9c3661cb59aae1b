/** What `spicula check` prints of a folder or archive of DICOM files: its series, and which is the best for the chest. */
import { SpiculaError } from '../../error.ts'
import { bestOf, seriesEnding } from '../../scan/dicom/choose.ts'
import { type DicomListing, listDicom } from '../../scan/dicom/dicom.node.ts'
import type { Series } from '../../scan/dicom/series.ts'

/** Prints the table; nothing of a patient is in it. */
export async function printSeries(path: string): Promise<void> {
  const listing = await listDicom(path)
  for (const line of seriesLines(listing)) console.log(line)
  for (const { code, message } of listing.notes) console.error(`note: ${message} [${code}]`)
  if (!listing.series.some(({ stack }) => stack !== undefined)) {
    throw new SpiculaError('volume/dicom-series', `${listing.name}: no series that is a sound volume`)
  }
}

/** The lines of the table. */
export function seriesLines({ name, series }: DicomListing): string[] {
  const sound = series.filter(({ stack }) => stack !== undefined)
  const best = bestOf(sound)
  const header = ['', 'series', 'description', 'kernel', 'thickness', 'spacing', 'slices', 'state']
  const rows = series.map((one) => [one === best ? '*' : '', ...cells(one)])
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column].length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd()
  const verdict =
    best !== undefined
      ? `* best for a chest nodule: ${name}#${seriesEnding(best)}`
      : sound.length > 1
        ? `no best one: several could be meant. Name one, e.g. ${name}#${seriesEnding(sound[0])}`
        : 'no sound CT volume'
  return [line(header), ...rows.map(line), verdict]
}

function cells(one: Series): string[] {
  const { seriesNumber, description, kernel, thicknessMm, stack, sliceCount, problem, localizers, part, odd } = one
  const mm = (value: number | undefined): string => (value === undefined ? '-' : `${Number(value.toFixed(3))} mm`)
  const notes = [...(stack?.notes ?? []), ...one.notes].map(({ message }) => message)
  if (part) notes.push(`volume ${part.nth} of ${part.of} of its series, told apart by ${part.by}`)
  if (odd !== undefined) notes.push(odd)
  if (localizers > 0 && stack !== undefined) notes.push(`localisers left out: ${localizers}`)
  const state = problem === undefined ? ['sound', ...notes].join('; ') : `${problem.message} [${problem.code}]`
  return [
    `${seriesNumber ?? '?'} #${seriesEnding(one)}`,
    plain(description) || '-',
    plain(kernel) || '-',
    mm(thicknessMm),
    mm(stack?.spacingMm),
    String(sliceCount),
    state,
  ]
}

/** Free text of a console: what a terminal would take as a command is taken out. */
const plain = (text: string): string => text.replace(/\p{C}/gu, ' ').slice(0, 40).trim()
