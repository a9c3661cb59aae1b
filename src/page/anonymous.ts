/** Remarks without the patient: what a page says of a scan must not name it. */
import { withoutIdentifiers } from '../cohort/problem.ts'
import { splitSeries } from '../scan/series-path.ts'

/** A row, as far as its names go. */
export interface NamedRow {
  readonly pid: string
  readonly imagePath: string
  /** Where its scan lies. */
  readonly imageFile: string
}

/**
 * A text without pid, path and file name of its row, whichever file of the scan (an image of a pair, a slice's folder)
 * the text speaks of.
 * @example anonymous('P-0042.img: cut short', { pid: '7', imagePath: 'P-0042.hdr', imageFile: '/ct/P-0042.hdr' })
 * // '<image>: cut short'
 */
export function anonymous(text: string, { pid, imagePath, imageFile }: NamedRow): string {
  // Behind "#" stands a series of an archive.
  const paths = [imagePath, imageFile]
    .flatMap((path) => [path, splitSeries(path).path])
    .sort((a, b) => b.length - a.length)
  let clean = text
  for (const path of [...new Set(paths)]) clean = withoutIdentifiers(clean, { pid, imagePath: path })
  for (const path of new Set(paths)) {
    const stem = (path.split(/[/\\]/).at(-1) ?? '').replace(/\.[\w.]*$/, '')
    if (stem.length < 3) continue
    const literal = stem.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
    clean = clean.replace(new RegExp(`(?<![\\p{L}\\p{N}])${literal}(\\.\\w+)+`, 'gu'), '<image>')
  }
  return clean
}
