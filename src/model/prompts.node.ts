/** Where prompt sets lie: a file of the user's, the model's, or those that come with Spicula. */
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SpiculaError } from '../error.ts'
import type { ModelFolder } from './folder.node.ts'
import { type PromptSet, parsePrompts } from './prompts.ts'

/** The sets that come with Spicula, every semantic feature among them. */
export const DEFAULT_PROMPTS = fileURLToPath(new URL('../../models/prompts.json', import.meta.url))

/**
 * Reads prompt sets.
 * @param own file of the user's; else the model's, else those that come with Spicula
 * @throws SpiculaError `inference/prompts` where the file is missing or not sound
 * @example const sets = await readPrompts(folder, undefined)
 */
export async function readPrompts({ path, config }: ModelFolder, own: string | undefined): Promise<PromptSet[]> {
  const file = own ?? (config.prompts === undefined ? DEFAULT_PROMPTS : join(path, config.prompts))
  const json = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new SpiculaError('inference/prompts', `${file} cannot be read`, { cause })
  })
  return parsePrompts(json, basename(file))
}
