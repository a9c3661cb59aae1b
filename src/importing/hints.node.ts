/** Reads the files beside published weights that tell of them (hints.ts). */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SpiculaError } from '../error.ts'
import { HINT_FILES, type ImportHints, parseHints } from './hints.ts'

/**
 * @param weights path of the file beside which they are looked for
 * @throws SpiculaError `inference/import-config` for one that is no JSON, and those of {@link parseHints}
 * @example (await importHints('clip/model.safetensors')).image.activation // 'quickGelu'
 */
export async function importHints(weights: string): Promise<ImportHints> {
  const files: [string, unknown][] = []
  for (const name of HINT_FILES) {
    const text = await readFile(join(dirname(weights), name), 'utf8').catch(() => undefined)
    if (text !== undefined) files.push([name, parseJson(text, name)])
  }
  return parseHints(Object.fromEntries(files))
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SpiculaError('inference/import-config', `${name} beside the weights is no JSON`, {
      cause,
      hint: 'It tells the activation of the towers: bring it whole, or take it away and give --activation.',
    })
  }
}
