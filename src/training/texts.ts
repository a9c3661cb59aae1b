/** What the text tower reads of each row: its report's impression, or one written from a template, as tokens. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openTokenizer } from '../clip/tokenizer.node.ts'
import type { Tokenizer } from '../clip/tokenizer.ts'
import { lineList } from '../cohort/duplicates.ts'
import { fileStem } from '../cohort/identifiers.ts'
import type { LocatedRow } from '../cohort/manifest.node.ts'
import { SpiculaError } from '../error.ts'
import type { ModelFolder } from '../inference/model-folder.node.ts'
import { seededRandom } from '../random.ts'
import { augmentReport } from '../report/augment.ts'
import { parseFeatures } from '../report/parse-features.ts'
import { impressionOf } from '../report/report-text.ts'
import { writeTemplateReport } from '../report/template-writer.ts'
import type { TrainConfig } from './config.ts'

export interface Texts {
  /** Tokens of a row's text, varied by the words of a seed; null for none. */
  tokens(row: LocatedRow, seed: string | null): readonly number[]
  readonly tokenizer: Tokenizer
  /** Changes when any text does. */
  readonly fingerprint: string
  /** Files of the base that the texts depend on, for the trained model folder. */
  readonly files: readonly string[]
  readonly description: string
}

/**
 * Reads or writes the text of every row, and opens the base's tokenizer.
 * @param reports folder of `{pid}_{nodule_id}.txt`; templates where undefined
 * @throws SpiculaError `training/text` naming the rows without a text
 */
export async function openTexts({
  base,
  rows,
  reports,
  config,
}: {
  readonly base: ModelFolder
  readonly rows: readonly LocatedRow[]
  readonly reports: string | undefined
  readonly config: TrainConfig
}): Promise<Texts> {
  const tokenizer = await openTokenizer(base)
  const texts = new Map<number, string>()
  const missing: number[] = []
  for (const row of rows) {
    const text = reports === undefined ? fromTemplate(row, config.seed) : await fromReport(row, reports)
    if (text === undefined) missing.push(row.line)
    else texts.set(row.line, text)
  }
  if (missing.length > 0)
    throw new SpiculaError(
      'training/text',
      `${missing.length} rows have no text: ${lineList(missing.slice(0, 10))}${missing.length > 10 ? ' ...' : ''}`,
      {
        hint:
          reports === undefined
            ? 'A template needs at least one semantic feature in the row; or give --reports.'
            : 'Each row needs {pid}_{nodule_id}.txt with an impression: `spicula report` writes them.',
      },
    )
  const plain = new Map([...texts].map(([line, text]) => [line, tokenizer.encode(text)]))
  const hash = createHash('sha256').update(JSON.stringify([...plain]))
  return {
    tokenizer,
    tokens: (row, seed) => {
      const tokens = plain.get(row.line)
      if (!tokens) throw new Error(`row ${row.line} has no text`)
      if (seed === null || !config.augmentText) return tokens
      return tokenizer.encode(augmentReport(String(texts.get(row.line)), seededRandom(config.seed, `${seed}/text`)))
    },
    fingerprint: hash.digest('hex'),
    files: tokenizer.files,
    description: reports === undefined ? 'templates of the semantic features' : `reports of ${reports}`,
  }
}

/** The template of a row is its own, whatever the order of the rows. */
function fromTemplate(row: LocatedRow, seed: number): string | undefined {
  const { features } = parseFeatures(row.values)
  if (Object.keys(features).length === 0) return undefined
  return impressionOf(writeTemplateReport(features, seededRandom(seed, `template/${row.pid}/${row.noduleId}`)))
}

async function fromReport({ pid, noduleId }: LocatedRow, folder: string): Promise<string | undefined> {
  try {
    return impressionOf(await readFile(join(folder, `${fileStem(pid, noduleId)}.txt`), 'utf8'))
  } catch (error) {
    if (error instanceof SpiculaError || (error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      return undefined
    throw error
  }
}
