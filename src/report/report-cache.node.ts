/** Answers of language models on disk: one file an answer, named by prompt, row and model. */
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NoduleFeatures } from '../features/features.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import type { Prompt } from './llm-prompt.ts'
import type { ReportCache } from './llm-writer.ts'

/**
 * A cache in a folder, made when first written to. A key is the SHA-256 of prompt, features and model: no name of a
 * patient is in it.
 * @example await writeLlmReport(features, random, { writer, cache: reportCache('.spicula-reports') })
 */
export function reportCache(folder: string): ReportCache {
  const place = (prompt: Prompt, features: NoduleFeatures, model: string): string => {
    const row = Object.entries(features).sort(([a], [b]) => (a < b ? -1 : 1))
    const key = createHash('sha256')
      .update(JSON.stringify([prompt, row, model]))
      .digest('hex')
    return join(folder, `${key}.txt`)
  }
  return {
    get: (...key) => readFile(place(...key), 'utf8').catch(() => undefined),
    set: async (prompt, features, model, report) => {
      await mkdir(folder, { recursive: true })
      await writeFileAtomic(place(prompt, features, model), report)
    },
  }
}
