/** What the text tower reads of each row: its report's impression, or one written from a template, as tokens. */
import { createHash } from 'node:crypto'
import { openTokenizer } from '../clip/tokenizer/open.node.ts'
import type { Tokenizer } from '../clip/tokenizer/tokenizer.ts'
import { lineList } from '../cohort/duplicates.ts'
import type { LocatedRow } from '../cohort/manifest.node.ts'
import { SpiculaError } from '../error.ts'
import type { NoduleFeatures } from '../features/features.ts'
import { parseFeatures } from '../features/parse-features.ts'
import type { ModelFolder } from '../model/folder.node.ts'
import { readImpressions } from '../predict/words/impressions.node.ts'
import { seededRandom } from '../random.ts'
import { augmentReport } from '../report/augment.ts'
import { writeTrainingText } from '../report/template-writer.ts'
import type { TrainConfig } from './config.ts'

export interface Texts {
  /** A row's text, varied as the seed tells; as it stands for null. */
  of(row: LocatedRow, seed: string | null): RowText
  readonly tokenizer: Tokenizer
  /** Changes when any text does. */
  readonly fingerprint: string
  /** Files of the base that the texts depend on, for the trained model folder. */
  readonly files: readonly string[]
  readonly description: string
}

/** One nodule's text. */
export interface RowText {
  readonly tokens: readonly number[]
  /** Whether it is true of a row too; undefined where nobody can tell: then of its own alone. */
  readonly isTrue: ((row: LocatedRow) => boolean) | undefined
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
  if (reports !== undefined && config.texts === 'fresh')
    throw new SpiculaError('training/config', 'fresh texts are written from templates, but reports are given', {
      hint: 'Leave --reports out, or set texts to fixed.',
    })
  const tokenizer = await openTokenizer(base)
  const { impressions } = await readImpressions(rows, { reports, seed: config.seed })
  const texts = new Map(impressions.map(({ row, text }) => [row.line, text]))
  const missing = rows.flatMap(({ line }) => (texts.has(line) ? [] : [line]))
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
  const known = new Map(rows.map((row) => [row, parseFeatures(row.values).features]))
  const featuresOf = (row: LocatedRow): NoduleFeatures => known.get(row) ?? {}
  const plain = new Map([...texts].map(([line, text]) => [line, tokenizer.encode(text)]))
  const hash = createHash('sha256').update(JSON.stringify([...plain]))
  return {
    tokenizer,
    of: (row, seed) => {
      const tokens = plain.get(row.line)
      if (!tokens) throw new Error(`row ${row.line} has no text`)
      if (seed === null || (config.texts === 'fixed' && !config.augmentText)) return { tokens, isTrue: undefined }
      const random = seededRandom(config.seed, `${seed}/text`)
      const { text, told } =
        config.texts === 'fresh'
          ? writeTrainingText(featuresOf(row), random.fork('fresh'))
          : { text: String(texts.get(row.line)), told: undefined }
      return {
        tokens: tokenizer.encode(config.augmentText ? augmentReport(text, random) : text),
        isTrue: told && ((other) => told.every((name) => isAlike(featuresOf(other)[name], featuresOf(row)[name]))),
      }
    },
    fingerprint: hash.digest('hex'),
    files: tokenizer.files,
    description: reports === undefined ? 'templates of the semantic features' : `reports of ${reports}`,
  }
}

/** Words must be the same; lengths may differ by a tenth, as those of two readers do. */
const isAlike = (a: string | number | undefined, b: string | number | undefined): boolean =>
  typeof a === 'number' && typeof b === 'number' ? Math.abs(a - b) <= 0.1 * Math.max(a, b) : a === b
