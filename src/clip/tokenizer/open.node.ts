/** The tokenizer of a model folder. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SpiculaError } from '../../error.ts'
import { parseTokenizer, type Tokenizer } from './tokenizer.ts'

/** What of a model folder the tokenizer depends on. */
export interface TokenizerPlace {
  readonly path: string
  readonly config: {
    readonly tokenizer?: string | undefined
    readonly architecture: { readonly text?: { readonly context: number; readonly vocabulary: number } | undefined }
  }
}

export interface FolderTokenizer extends Tokenizer {
  /** Files of the folder that it is made of. */
  readonly files: readonly string[]
}

/** Where `config.json` names no tokenizer, it is looked for under this name. */
const USUAL_NAME = 'tokenizer.json'

/**
 * Opens the tokenizer of a model folder, and checks that the text tower knows its tokens.
 * @throws SpiculaError `clip/tokenizer` where there is none or it is not the model's, `clip/no-text` where the model has
 *   no text side
 * @example const { encode } = await openTokenizer(await openModelFolder('models/spicula-small'))
 */
export async function openTokenizer({ path, config }: TokenizerPlace): Promise<FolderTokenizer> {
  const { text } = config.architecture
  if (!text)
    throw new SpiculaError('clip/no-text', 'the model has no text side: it predicts, but reads no words', {
      hint: 'Use a model folder whose config.json has architecture.text.',
    })
  const file = config.tokenizer ?? USUAL_NAME
  const json = await readFile(join(path, file), 'utf8').catch((cause: unknown) => {
    throw new SpiculaError('clip/tokenizer', `the model folder has no ${file}`, {
      hint: "CLIP's tokenizer.json comes with its weights; put it into the model folder.",
      cause,
    })
  })
  const tokenizer = parseTokenizer(json, { context: text.context, name: file })
  if (tokenizer.vocabulary > text.vocabulary)
    throw new SpiculaError(
      'clip/tokenizer',
      `${file} has ${tokenizer.vocabulary} tokens, the model knows ${text.vocabulary}: it is another model's`,
    )
  return { ...tokenizer, files: [file] }
}
