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
 * The report in an answer: what a model thought before it, a fence of code round it and a greeting above it are off.
 * @example unwrapped('<think>12 mm?</think>Here it is:\n```markdown\nFindings: ...\n```') // 'Findings: ...'
 */
export function unwrapped(answer: string): string {
  const said = answer.replace(/^[\s\S]*<\/think(ing)?>/i, '')
  const fenced = /```[a-z]*\r?\n([\s\S]*?)\r?\n?```/i.exec(said)
  const text = fenced !== null && /findings/i.test(fenced[1]) ? fenced[1] : said
  // Only before the findings' heading, and only what is not part of a report itself.
  const heading = /^[#*_\s]*findings\b/im.exec(text)
  return heading === null || /impression/i.test(text.slice(0, heading.index))
    ? text
    : text.slice(heading.index).trimStart()
}

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
