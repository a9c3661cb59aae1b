/** Laying the reports of the training nodules into a model folder, with their embeddings by every fold. */
import { join } from 'node:path'
import type * as z from 'zod'
import { problemOf, type RowProblem } from '../../cohort/problem.ts'
import type { CohortRow } from '../../cohort/row.ts'
import { SpiculaError } from '../../error.ts'
import { writeFileAtomic } from '../../files/atomic.node.ts'
import { parseModelConfig, type ReportsConfig } from '../../model/config.ts'
import { openModelFolder } from '../../model/folder.node.ts'
import { encodeSafetensors, toHalf } from '../../weights/safetensors.ts'
import { stampOf } from '../answers.ts'
import { holdsIdentifier, identifierSet } from './identifiers-in-text.ts'
import { readImpressions } from './impressions.node.ts'
import { normalise } from './similarity.ts'
import { type EmbedOptions, embedTexts } from './text-embeddings.node.ts'
import { EMBEDDINGS, type reportsFile } from './training-reports.node.ts'

export interface AddReportsOptions extends EmbedOptions {
  /** Folder of `{pid}_{nodule_id}.txt`; templates where undefined. */
  readonly reports: string | undefined
  /** Of the templates: that of the training. */
  readonly seed: number
}

export interface AddedReports {
  readonly reports: ReportsConfig
  /** Of both files. */
  readonly bytes: number
  /** Rows without a text, or with one that names a patient. */
  readonly problems: readonly RowProblem[]
}

/**
 * Writes the distinct texts of training nodules, and their embeddings, into a model folder, and names them in its
 * `config.json`. No identifier is stored, and texts stand in the order of the alphabet: nothing in it is the table's.
 * The same rows give the same bytes.
 * @param rows the nodules that the model was trained on
 * @throws SpiculaError `inference/reports` where no row has a text, and those of the model folder and its text side
 * @example const { reports } = await addReports('models/mine', manifest.rows, { reports: undefined, seed: 0 })
 */
export async function addReports(
  path: string,
  rows: readonly CohortRow[],
  { reports: folder, seed, ...options }: AddReportsOptions,
): Promise<AddedReports> {
  const model = await openModelFolder(path)
  const { impressions, problems } = await readImpressions(rows, { reports: folder, seed })
  const identifiers = identifierSet(rows.map(({ pid }) => pid))
  const counts = new Map<string, number>()
  for (const { row, text } of impressions) {
    if (holdsIdentifier(text, identifiers)) problems.push(problemOf(row, named()))
    else counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  problems.sort((a, b) => a.line - b.line)
  const texts = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([text, nodules]) => ({ text, nodules }))
  if (texts.length === 0)
    throw new SpiculaError('inference/reports', `none of ${rows.length} rows has a text to store`, {
      hint: problems[0] === undefined ? 'Is the cohort empty?' : `Row ${problems[0].line}: ${problems[0].message}`,
    })

  const { embeddings } = await embedTexts(
    model,
    texts.map(({ text }) => text),
    'both',
    options,
  )
  const shape = [embeddings.length, texts.length, embeddings[0][0].length]
  const data = Float32Array.from(embeddings.flatMap((fold) => fold.flatMap((text) => normalise(text))))
  const tensor = toHalf({ dtype: 'float32', shape, data })
  const weights = encodeSafetensors(new Map([[EMBEDDINGS, tensor]]), { format: 'pt' })
  const content: z.infer<typeof reportsFile> = { format: 'spicula-reports/1', ...stampOf(model.config), texts }
  const json = `${JSON.stringify(content, null, 1)}\n`
  const reports: ReportsConfig = {
    texts: 'reports.json',
    embeddings: 'reports.safetensors',
    distinct: texts.length,
    trainingNodules: texts.reduce((sum, { nodules }) => sum + nodules, 0),
    source: folder === undefined ? 'templates' : 'reports',
  }
  const config = `${JSON.stringify({ ...model.config, reports }, null, 2)}\n`
  parseModelConfig(config, 'config.json')
  await writeFileAtomic(join(path, reports.embeddings), weights)
  await writeFileAtomic(join(path, reports.texts), json)
  await writeFileAtomic(join(path, 'config.json'), config)
  return { reports, bytes: weights.length + Buffer.byteLength(json), problems }
}

const named = () =>
  new SpiculaError('inference/identifier', "the row's text holds a pid of the cohort: it is not stored", {
    hint: 'Take identifiers out of the reports first.',
  })
