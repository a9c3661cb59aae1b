/** Text embeddings by every fold of a model. */

import { textSide } from '../../clip/model.ts'
import { openTokenizer } from '../../clip/tokenizer/open.node.ts'
import { textFeeds } from '../../clip/tokenizer/tokenizer.ts'
import { LOGIT_SCALE } from '../../clip/weight-names.ts'
import { graphWeights } from '../../clip/weights.ts'
import { SpiculaError } from '../../error.ts'
import { ABILITIES } from '../../graph/device.ts'
import { writeOnnx } from '../../graph/onnx.ts'
import { openSession, type SessionOptions } from '../../graph/session.node.ts'
import type { Checkpoint } from '../../model/checkpoint.ts'
import { loadWeights, type ModelFolder } from '../../model/folder.node.ts'
import { asFloat32 } from '../../weights/folds.ts'
import { foldRows } from '../fold-rows.ts'

export interface TextEmbeddings {
  /** Before L2 normalisation, [folds][texts][dim]. */
  readonly embeddings: readonly (readonly (readonly number[])[])[]
  /** ln of the temperature's inverse, of each fold. */
  readonly logitScales: readonly number[]
}

export interface EmbedOptions extends SessionOptions {
  /** Called after every batch: a large tower needs a while for hundreds of texts. */
  readonly onEmbedded?: ((done: number, total: number) => void) | undefined
}

/** Texts that go through the tower at once. */
const BATCH = 32

/**
 * Embeds texts; the text side's weights are read, used and let go.
 * @throws SpiculaError `clip/no-text` where the model has none, `clip/tokenizer`, `inference/not-finite`
 * @example const { embeddings } = await embedTexts(folder, ['The nodule is well marginated.'], 'both')
 */
export async function embedTexts(
  folder: ModelFolder,
  texts: readonly string[],
  checkpoint: Checkpoint,
  { onEmbedded, ...options }: EmbedOptions = {},
): Promise<TextEmbeddings> {
  const tokenizer = await openTokenizer(folder)
  const { architecture, folds: names } = folder.config
  const folds = names.length
  const { tensors, stacked } = await loadWeights(folder, checkpoint, 'text')
  const { text } = architecture
  const scale = tensors.get(LOGIT_SCALE)
  if (!text || !scale) throw new SpiculaError('clip/no-text', 'the model has no text side')
  const { embedding } = textSide({ ...architecture, text }, graphWeights({ folds, stacked }), {
    mergeLora: folds === 1,
  })
  const { dialect } = ABILITIES[options.device ?? 'cpu']
  const session = await openSession(writeOnnx({ embedding }, tensors, { dialect }), options)
  const embeddings: number[][][] = Array.from({ length: folds }, () => [])
  const encoded = texts.map((one) => tokenizer.encode(one))
  try {
    for (let start = 0; start < texts.length; start += BATCH) {
      const rows = encoded.slice(start, start + BATCH)
      const output = (await session.run({ ...textFeeds(rows, tokenizer) })).embedding
      for (let t = 0; t < rows.length; t++)
        for (const [fold, row] of foldRows(output, folds, t).entries()) embeddings[fold].push(row)
      onEmbedded?.(embeddings[0].length, texts.length)
    }
  } finally {
    await session.close()
  }
  if (!embeddings.flat(2).every(Number.isFinite))
    throw new SpiculaError(
      'inference/not-finite',
      'the text side gives NaN or infinite numbers: its weights are damaged',
    )
  const scales = asFloat32(LOGIT_SCALE, scale)
  return { embeddings, logitScales: Array.from({ length: folds }, (_, fold) => scales[scales.length === 1 ? 0 : fold]) }
}
