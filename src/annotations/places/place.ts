/** Places of nodules, wherever they were written down, as rows of a manifest. */
import { csvText } from '../../files/csv.ts'
import type { Note, Triple } from '../../scan/scan.ts'

/** One nodule in one scan. */
export interface NodulePlace {
  readonly noduleId: string
  readonly pointLps: Triple
  /** Further columns: `diameter_mm`, `volume_mm3`, `finding` and so on. */
  readonly values: Readonly<Record<string, string>>
  /** Frame of reference that the point is in (FrameOfReferenceUID), where the annotation says so. */
  readonly frameUid?: string
}

/** What a file of annotations held. */
export interface FoundPlaces {
  readonly places: readonly NodulePlace[]
  readonly notes: readonly Note[]
}

/** A nodule with its patient and scan. */
export interface PlacedRow extends NodulePlace {
  readonly pid: string
  readonly imagePath: string
}

/** Names for a message, some of many. */
export function namesInWords(names: readonly string[], most = 20): string {
  const all = [...new Set(names)]
  return all.slice(0, most).join(', ') + (all.length > most ? ` and ${all.length - most} more` : '')
}

/** Coordinates with a hundredth of a millimetre: finer than any scanner, and short enough to read. */
export const showMm = (value: number): string => String(Math.round(value * 1000) / 1000 + 0)

/**
 * The manifest: the published columns first, then every further column that a row has.
 * @example placesCsv(rows) // 'pid,nodule_id,image_path,coordX,coordY,coordZ,diameter_mm\n...'
 */
export function placesCsv(rows: readonly PlacedRow[]): string {
  const extra = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))]
  const header = ['pid', 'nodule_id', 'image_path', 'coordX', 'coordY', 'coordZ', ...extra]
  const records = rows.map(({ pid, noduleId, imagePath, pointLps, values }) => [
    pid,
    noduleId,
    imagePath,
    ...pointLps.map(showMm),
    ...extra.map((column) => values[column] ?? ''),
  ])
  return csvText([header, ...records])
}
