/** The text of a report as files hold it, and the part of it that the model reads (docs/method.md M11.2 and M11.3). */
import { SpiculaError } from '../error.ts'

/**
 * A report as it is saved: without # and *, - as a space, / as ", ". Bullets of a list become indented lines.
 * @example cleanReport('- **Part-solid**, complex/irregular') // '  Part solid, complex, irregular'
 */
export const cleanReport = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/[#*]/g, '')
    .replaceAll('-', ' ')
    .replace(/[ \t]*\/[ \t]*/g, ', ')
    .replace(/[ \t]+$/gm, '')

/**
 * What the text tower reads: from the first "impression", header kept, to the end, newlines deleted.
 * @throws SpiculaError `report/no-impression` where the report has none
 * @example impressionOf('Findings:\n  Solid.\nImpression: A solid nodule.\n') // 'Impression: A solid nodule.'
 */
export function impressionOf(report: string): string {
  const at = report.search(/impression/i)
  if (at < 0)
    throw new SpiculaError('report/no-impression', 'the report has no impression', {
      hint: 'A report has a part that begins with "Impression:"; the model reads from there to the end.',
    })
  return report.slice(at).replace(/\r?\n/g, '')
}

/**
 * A number as a report says it: at most one decimal.
 * @example millimetres(23.351) // '23.4'
 */
export const millimetres = (mm: number): string => String(Math.round(mm * 10) / 10)
