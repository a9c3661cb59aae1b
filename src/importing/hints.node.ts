/** Reads the files beside published weights that tell of them (hints.ts). */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { parseJson } from '../files/json.ts'
import { HINT_FILES, type ImportHints, parseHints } from './hints.ts'

const HINT = 'It tells the activation of the towers: bring it whole, or take it away and give --activation.'

/**
 * @param weights path of the file beside which they are looked for
 * @throws SpiculaError `inference/import-config` for one that is not JSON, and those of {@link parseHints}
 * @example (await importHints('clip/model.safetensors')).image.activation // 'quickGelu'
 */
export async function importHints(weights: string): Promise<ImportHints> {
  const files: [string, unknown][] = []
  for (const name of HINT_FILES) {
    const text = await readFile(join(dirname(weights), name), 'utf8').catch(() => undefined)
    if (text !== undefined)
      files.push([
        name,
        parseJson(text, z.unknown(), {
          name: `${name} beside the weights`,
          code: 'inference/import-config',
          hint: HINT,
        }),
      ])
  }
  return parseHints(Object.fromEntries(files))
}
