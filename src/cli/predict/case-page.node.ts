/** `spicula predict --html`: loaded only where a page is asked for. */

import type { LocatedRow } from '../../cohort/manifest.node.ts'
import { SpiculaError } from '../../error.ts'
import { writeFileAtomic } from '../../files/atomic.node.ts'
import type { CaseReading } from '../../page/content.ts'
import { type CaseOptions, type CaseResults, caseOf, DRAW_WORKER } from '../../page/from-results.node.ts'
import { composePage, MOST_NODULES } from '../../page/page.ts'
import { type CaseReaderOptions, openCaseReader } from '../../page/reader.node.ts'
import type { CasePictures } from '../../pictures/pictures.ts'
import type { CohortOptions } from '../../predict/cohort.node.ts'
import { collectAnswers } from './collect.node.ts'

/** A model opened for a page. */
export async function openCasePage(model: string, options: CaseReaderOptions) {
  const reader = await openCaseReader(model, options)
  return {
    reader,
    /** Answers every row, and draws it. */
    collect: (rows: readonly LocatedRow[], options: CohortOptions & { readonly quiet: boolean }) =>
      collectAnswers<CaseReading, CasePictures>(rows, reader, { ...options, worker: DRAW_WORKER }),
    write: (path: string, results: CaseResults, caseOptions: CaseOptions): Promise<void> =>
      writeFileAtomic(path, composePage(caseOf(reader, results, caseOptions))),
  }
}

/**
 * Refuses more nodules than a page holds, before the work.
 * @throws SpiculaError `case/too-many`
 */
export function checkCount(count: number): void {
  if (count <= MOST_NODULES) return
  throw new SpiculaError('case/too-many', `${count} nodules are too many for a page: ${MOST_NODULES} are possible`, {
    hint: 'Give --html a table with the rows to look at; --out takes any number.',
  })
}
