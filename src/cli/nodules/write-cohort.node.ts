/** A cohort to files: the common way of `spicula crop`, `views` and `check`. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Frame } from '../../cohort/frame.ts'
import { groupByScan } from '../../cohort/group.ts'
import { fileStems } from '../../cohort/identifiers.ts'
import { type LocatedManifest, readManifest } from '../../cohort/manifest.node.ts'
import { problemOf, type RowProblem } from '../../cohort/problem.ts'
import { SpiculaError } from '../../error.ts'
import { writeFileAtomic } from '../../files/atomic.node.ts'
import { failure } from '../../nodule/failure.ts'
import { VERSION } from '../../version.ts'
import { inOrder, openPool } from '../../worker-pool.node.ts'
import { startProgress } from '../shared/progress.node.ts'
import { makeFolder, printNotes, type RowNote, reportProblems } from '../shared/rows.node.ts'
import type { Product, WriteOutcome, WriteTask } from './write-nodules.node.ts'

export interface WriteOptions {
  readonly out: string
  readonly frame: Frame
  readonly quiet?: boolean
}

export interface Written {
  readonly manifest: LocatedManifest
  /** Nodules whose files are written. */
  readonly done: number
  readonly problems: readonly RowProblem[]
}

/**
 * Makes the files of every row, reports the rows that failed, and leaves in the folder `about.json`, which tells how
 * the files were made, and `errors.csv`.
 */
export async function writeProducts(cohort: string, product: Product, options: WriteOptions): Promise<Written> {
  const { out, frame, quiet = false } = options
  const manifest = await readManifest(cohort, { frame })
  await makeFolder(out)
  const { named, problems: unnamed } = fileStems(manifest.rows)
  const problems = [...manifest.problems, ...unnamed]
  const notes: RowNote[] = manifest.notes.map((note) => ({ line: 1, note }))
  const scans = groupByScan(named, ({ row }) => row.imageFile)
  const threads = Math.max(1, Math.min(scans.length, availableParallelism()))
  const pool = openPool<WriteTask, WriteOutcome[]>(new URL('./write.worker.node.ts', import.meta.url), threads)
  const progress = startProgress('nodules', named.length, { quiet })
  let done = 0
  try {
    const results = inOrder(scans, 2 * threads + 2, async (group) => {
      const nodules = group.map(({ row: { line, point }, stem }) => ({ stem, line, point }))
      const task = { imageFile: group[0].row.imageFile, frame, nodules, product, out }
      // A thread that dies, of memory say, costs its scan's rows only.
      const outcomes = await pool.run(task).catch((error) => group.map(() => failure(error)))
      return { group, outcomes }
    })
    for await (const { group, outcomes } of results) {
      for (const [i, outcome] of outcomes.entries()) {
        const { row } = group[i]
        progress.step()
        if ('failed' in outcome) {
          const { code, message, hint } = outcome.failed
          problems.push(problemOf(row, new SpiculaError(code, message, hint === undefined ? {} : { hint })))
        } else {
          done++
          for (const note of outcome.notes) notes.push({ line: row.line, note })
        }
      }
    }
  } finally {
    progress.done()
    await pool.close()
  }
  problems.sort((a, b) => a.line - b.line)
  if (!quiet) printNotes(notes)
  const about = { software: `spicula ${VERSION}`, use: 'for research use', ...product, frame }
  const counts = { nodules: done, failed: problems.length }
  await writeFileAtomic(join(out, 'about.json'), `${JSON.stringify({ ...about, ...counts }, null, 2)}\n`)
  await reportProblems(problems, out)
  return { manifest, done, problems }
}
