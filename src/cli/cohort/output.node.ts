/** What the sources of `spicula cohort from` that read tables have in common: options, and writing what they made. */
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Option } from 'commander'
import { type Converted, cohortCsv } from '../../annotations/tables/converted.ts'
import { worldFrames } from '../../cohort/frame.ts'
import { SpiculaError } from '../../error.ts'
import { writeFileAtomic } from '../../files/atomic.node.ts'
import { VERSION } from '../../version.ts'
import { makeFolder, reportProblems } from '../shared/rows.node.ts'

/** Options of every such source. */
export interface OutputOptions {
  readonly out: string
  readonly quiet?: boolean
}

export const imagesOption = (pattern: string) =>
  new Option('--images <pattern>', 'paths of the scans, relative to the cohort').default(pattern)

export const tableFrameOption = () =>
  new Option('--frame <frame>', "the table's frame; the cohort is written in lps").choices(worldFrames).default('lps')

/** A document's text. */
export const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SpiculaError('datasets/missing', `${path} cannot be read`, { cause, hint: 'Check the path.' })
  })

/**
 * Writes the cohort, what to know of it beside it (`.about.json`), and the rows that could not be read (`errors.csv`).
 * @param about the data set, its licence, and the rules that were applied
 */
export async function writeCohort(
  { rows, notes, problems }: Converted,
  about: Readonly<Record<string, unknown>>,
  { out, quiet = false }: OutputOptions,
): Promise<void> {
  if (rows.length === 0 && problems.length === 0) throw new SpiculaError('datasets/empty', 'no nodule in the source')
  await makeFolder(dirname(out))
  await writeFileAtomic(out, cohortCsv(rows))
  const counts = {
    nodules: rows.length,
    patients: new Set(rows.map(({ pid }) => pid)).size,
    cancers: rows.filter(({ malignant }) => malignant === 1).length,
    benign: rows.filter(({ malignant }) => malignant === 0).length,
  }
  const stamp = { software: `spicula ${VERSION}`, use: 'for research use' }
  const said = { ...stamp, ...about, ...counts, notes: notes.map(({ message }) => message) }
  await writeFileAtomic(`${out}.about.json`, `${JSON.stringify(said, null, 2)}\n`)
  if (!quiet) for (const { code, message } of notes) console.error(`note: ${message} [${code}]`)
  await reportProblems(problems, dirname(out))
  if (quiet) return
  const { nodules, patients, cancers, benign } = counts
  console.error(
    `${nodules} nodules of ${patients} patients, ${cancers} malignant, ${benign} benign -> ${out}  (spicula, for research use)`,
  )
}
