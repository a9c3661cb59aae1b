/**
 * For tests: the small CLIP in every container (src/importing/fixtures/make_containers.py), and running what was
 * imported.
 */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { imageTower } from '../clip/image-tower.ts'
import type { Architecture } from '../clip/model.ts'
import { textInputs, textTower } from '../clip/text-tower.ts'
import { tokenizerObject } from '../clip/tokenizer/json.ts'
import { textFeeds } from '../clip/tokenizer/tokenizer.ts'
import { graphWeights } from '../clip/weights.ts'
import { writeOnnx } from '../graph/onnx.ts'
import * as g from '../graph/operations.ts'
import { openSession } from '../graph/session.node.ts'
import type { TensorData } from '../graph/tensor.ts'
import { decodeSafetensors } from '../weights/safetensors.ts'

const containers = fileURLToPath(new URL('./fixtures/containers/', import.meta.url))

/** What make_containers.py computed. */
export interface Expected {
  readonly views: number[][][][]
  readonly tokens: number[][]
  readonly features: Readonly<Record<'quickGelu' | 'gelu', { image: number[][]; text: number[][] }>>
  readonly folds: readonly { embedding: number[][]; probability: number[]; twice: number[] }[]
  readonly calibrations: readonly { at: number[]; calibrated: number[] }[]
}

const unzipped = async (name: string): Promise<Buffer> => gunzipSync(await readFile(join(containers, `${name}.gz`)))

export const expectedNumbers = async (): Promise<Expected> => JSON.parse((await unzipped('expected.json')).toString())

/** Lays a container out as a file. */
export async function unpack(container: string, path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, await unzipped(container))
  return path
}

/** Lays a release of two folds out, its updates merged or separate. */
export async function unpackRelease(folder: string, state: 'merged' | 'separate', folds = [0, 1]): Promise<string> {
  for (const [n, fold] of folds.entries()) {
    await unpack(`release/${state}-fold_${fold}.pt`, join(folder, `fold_${n}`, 'best_both.pt'))
    await copyFile(join(containers, `release/cal_${fold}.pkl`), join(folder, `cal_${n}.pkl`))
  }
  await copyFile(join(containers, 'release/args.txt'), join(folder, 'args.txt'))
  return folder
}

/** A vocabulary of 514 tokens: bytes and the two specials. */
export async function writeVocabulary(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, JSON.stringify(tokenizerObject([])))
  return path
}

/** Weights of a file of a model folder. */
export const weightsOf = async (folder: string, file = 'base.safetensors'): Promise<ReadonlyMap<string, TensorData>> =>
  decodeSafetensors(await readFile(join(folder, file)), file).tensors

/** Features of the towers. */
export async function towerFeatures(
  { image, text }: Architecture,
  weights: ReadonlyMap<string, TensorData>,
  views: Float32Array,
  tokens: readonly (readonly number[])[],
): Promise<{ image: number[]; text: number[] }> {
  if (!text) throw new Error('no text tower')
  const normalisation = { mean: [0, 0, 0], std: [1, 1, 1] }
  const plan = graphWeights({ folds: 1 })
  const { resolution } = image
  const imageFeatures = imageTower(g.input('views', ['M', resolution, resolution]), plan, image, normalisation)
  const textFeatures = textTower(textInputs(text), plan, text)
  const session = await openSession(writeOnnx({ imageFeatures, textFeatures }, weights), { threads: 1 })
  try {
    const feeds = textFeeds(tokens, { context: text.context, endToken: text.vocabulary - 1 })
    const count = views.length / resolution ** 2
    const outputs = await session.run({
      views: { dtype: 'float32', shape: [count, resolution, resolution], data: views },
      ...feeds,
    })
    return {
      image: Array.from(outputs.imageFeatures.data, Number),
      text: Array.from(outputs.textFeatures.data, Number),
    }
  } finally {
    await session.close()
  }
}

/** Largest |a - b|; NaN where the lengths differ or a number is NaN. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN
  let most = 0
  for (let n = 0; n < a.length; n++) {
    const difference = Math.abs(a[n] - b[n])
    if (!(difference <= most)) most = difference
  }
  return most
}
