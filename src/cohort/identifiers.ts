/** File names made of identifiers: `{pid}_{nodule_id}`, as the published project names its files. */
import { lineList } from './duplicates.ts'
import type { Identified, RowProblem } from './problem.ts'

/** Leaves room for what follows the stem within the 255 bytes that file systems allow. */
const maxStemBytes = 200

/**
 * The stem of a nodule's files. Identifiers of letters, digits and common signs stay as they are; characters that a
 * file system or a terminal takes in another way (separators, control and invisible characters, `<>:"|?*`), `%`
 * itself, leading and trailing dots and spaces become %XX of their UTF-8 bytes, so no stem leaves its folder.
 * @example fileStem('LIDC-IDRI-0001', '1') // 'LIDC-IDRI-0001_1'
 * @example fileStem('../etc', 'a/b') // '%2E.%2Fetc_a%2Fb'
 */
export function fileStem(pid: string, noduleId: string): string {
  return `${pid}_${noduleId}`.replace(/[<>:"/\\|?*%\p{C}\p{Zl}\p{Zp}]|^[. ]|[. ]$/gu, escapeBytes)
}

/** Half a surrogate pair has no UTF-8: it becomes the replacement character's bytes. */
const escapeBytes = (character: string): string =>
  [...new TextEncoder().encode(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')

/**
 * Stems for the rows of a cohort, each row's its own. Rows whose stems are too long for a file name, or would be one
 * file (`A_1` + `b` and `A` + `1_b`; `a` and `A` where a disk ignores case; two spellings of one accent) are problems,
 * all of those concerned: none may overwrite another's result.
 * @returns the rows that can be written, with their stems, in order, and a problem for every other
 * @example fileStems([{ line: 2, pid: '007', noduleId: '1' }]).named[0].stem // '007_1'
 */
export function fileStems<Row extends Identified>(
  rows: readonly Row[],
): { named: { row: Row; stem: string }[]; problems: RowProblem[] } {
  const all = rows.map((row) => ({ row, stem: fileStem(row.pid, row.noduleId) }))
  const owners = new Map<string, Row[]>()
  for (const { row, stem } of all) owners.set(sameFile(stem), [...(owners.get(sameFile(stem)) ?? []), row])
  const named: { row: Row; stem: string }[] = []
  const problems: RowProblem[] = []
  for (const { row, stem } of all) {
    const { line, pid, noduleId } = row
    const others = (owners.get(sameFile(stem)) ?? []).filter((other) => other !== row)
    const bytes = new TextEncoder().encode(stem).length
    if (bytes > maxStemBytes) {
      problems.push({
        line,
        pid,
        noduleId,
        code: 'cohort/name-too-long',
        message: `pid and nodule_id make a file name of ${bytes} bytes; ${maxStemBytes} are possible`,
        hint: 'Shorten the identifiers.',
      })
    } else if (others.length > 0) {
      problems.push({
        line,
        pid,
        noduleId,
        code: 'cohort/name-collision',
        message: `its files {pid}_{nodule_id} would be those of ${lineList(others.map((other) => other.line))}`,
        hint: 'Change the identifiers: they must differ by more than case, or by where the underscore stands.',
      })
    } else named.push({ row, stem })
  }
  return { named, problems }
}

/** Stems with the same key can be one file on some disk: letters' case and composition ignored. */
const sameFile = (stem: string): string => stem.normalize('NFC').toUpperCase().toLowerCase()
