/** CLIP's vocabulary as a `tokenizer.json`, from whichever of its files the user has. */
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import * as z from 'zod'
import type { TextTowerConfig } from '../clip/architecture.ts'
import { clipMerges, tokenizerObject } from '../clip/tokenizer/json.ts'
import { parseTokenizer } from '../clip/tokenizer/tokenizer.ts'
import { SpiculaError } from '../error.ts'
import { parseJson } from '../files/json.ts'

/** What is looked for beside the weights: Hugging Face's files, OpenAI's. */
const BESIDE = ['tokenizer.json', 'merges.txt', 'bpe_simple_vocab_16e6.txt.gz', 'bpe_simple_vocab_16e6.txt']
/** CLIP's lists have 1.4 MB to 3 MB. */
const MOST_BYTES = 1 << 26
/** 49,408 tokens less 512 bytes and two specials. */
const MERGES = 48_894

/**
 * Reads a vocabulary: a `tokenizer.json`, or a list of merges (OpenAI's `bpe_simple_vocab_16e6.txt.gz`, Hugging Face's
 * `merges.txt`).
 * @param own the user's file; else one beside the weights is looked for
 * @param text tower that the words are for
 * @returns the text of `tokenizer.json`; undefined where there is no file
 * @throws SpiculaError `clip/tokenizer` for a file that is not a vocabulary, or another model's
 * @example const json = await importTokenizer('clip/model.safetensors', undefined, architecture.text)
 */
export async function importTokenizer(
  weights: string,
  own: string | undefined,
  text: TextTowerConfig,
): Promise<string | undefined> {
  for (const path of own === undefined ? BESIDE.map((name) => join(dirname(weights), name)) : [own]) {
    const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
      if (own === undefined && cause.code === 'ENOENT') return undefined
      throw refused(basename(path), 'it cannot be read', cause)
    })
    if (!bytes) continue
    const json = checked(await tokenizerJson(bytes, basename(path)), basename(path), text)
    if (basename(path) === 'merges.txt') await compareNumbers(json, join(dirname(path), 'vocab.json'))
    return json
  }
  return undefined
}

async function tokenizerJson(bytes: Buffer, name: string): Promise<string> {
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b
  const plain = zipped
    ? await promisify(gunzip)(bytes, { maxOutputLength: MOST_BYTES }).catch((cause: unknown) => {
        throw refused(name, 'its gzip data are damaged', cause)
      })
    : bytes
  const content = plain.toString('utf8')
  if (content.trimStart().startsWith('{')) return content
  const merges = clipMerges(content)
  if (merges.length !== MERGES || !merges.every(([first, second]) => first && second))
    throw refused(name, `neither a tokenizer.json nor CLIP's list of ${MERGES} merges`)
  return JSON.stringify(tokenizerObject(merges))
}

function checked(json: string, name: string, { context, vocabulary }: TextTowerConfig): string {
  const tokenizer = parseTokenizer(json, { context, name })
  if (tokenizer.vocabulary === vocabulary) return json
  throw refused(
    name,
    `it has ${tokenizer.vocabulary} tokens, the text tower knows ${vocabulary}: it is another model's`,
  )
}

/** The numbers of CLIP's tokens follow from its merges; another model's `vocab.json` may give others. */
async function compareNumbers(json: string, path: string): Promise<void> {
  const theirs = await readFile(path, 'utf8').catch(() => undefined)
  if (theirs === undefined) return
  const { model } = JSON.parse(json) as { model: { vocab: Record<string, number> } }
  const known = Object.entries(model.vocab)
  const about = { name: 'vocab.json', code: 'clip/tokenizer', hint: HINT }
  const own = new Map(Object.entries(parseJson(theirs, z.record(z.string(), z.number()), about)))
  if (own.size !== known.length || known.some(([token, id]) => own.get(token) !== id))
    throw refused('vocab.json', "it does not number the tokens of merges.txt as CLIP's does")
}

const refused = (name: string, what: string, cause?: unknown): SpiculaError =>
  new SpiculaError('clip/tokenizer', `${name}: ${what}`, { cause, hint: HINT })

const HINT =
  "CLIP's vocabulary: tokenizer.json or merges.txt of its repository, or OpenAI's bpe_simple_vocab_16e6.txt.gz."
