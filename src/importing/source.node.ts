/** A file of published weights, whatever container it is in, or a folder of Hugging Face's. */
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as z from 'zod'
import { SpiculaError } from '../error.ts'
import { parseJson } from '../files/json.ts'
import { safePath } from '../files/zip.ts'
import { openSafetensors } from '../weights/safetensors.node.ts'
import { openTorchWeights } from '../weights/torch-weights.node.ts'
import type { WeightFile } from '../weights/weight-file.ts'

/** What a repository's folder may call its weights, the best first. */
const USUAL_NAMES = [
  'model.safetensors',
  'model.safetensors.index.json',
  'open_clip_model.safetensors',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
  'open_clip_pytorch_model.bin',
]

/**
 * The file of weights that a path means: itself, or the usual one in a folder.
 * @throws SpiculaError `inference/import-missing` where there is none
 */
export async function weightPath(path: string): Promise<string> {
  const missing = (what: string, hint: string, cause?: unknown) =>
    new SpiculaError('inference/import-missing', what, { hint, cause })
  const stats = await stat(path).catch((cause: unknown) => {
    throw missing(`there is nothing at ${path}`, 'Give a .pt, .bin or .safetensors file, or its folder.', cause)
  })
  if (!stats.isDirectory()) return path
  for (const name of USUAL_NAMES) if (await isFile(join(path, name))) return join(path, name)
  throw missing(
    `no weights in ${path}`,
    `Give the file itself; in a folder these are looked for: ${USUAL_NAMES.join(', ')}.`,
  )
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  )

/**
 * Opens a file of weights: safetensors (also in shards, by their index), or any of PyTorch's containers. Headers only
 * are read.
 * @throws SpiculaError those of the container
 * @example
 * const file = await openWeights('ViT-B-32.pt')
 * file.container // 'TorchScript'
 */
export async function openWeights(path: string): Promise<WeightFile> {
  if (/\.index\.json$/i.test(path)) return openShards(path)
  if (!/\.safetensors$/i.test(path)) return openTorchWeights(path)
  const { name, tensors, read, close } = await openSafetensors(path)
  return { name, container: 'safetensors', tensors, values: new Map(), beside: [], read, close }
}

const indexFormat = z.object({ weight_map: z.record(z.string(), z.string()) })
const MOST_SHARDS = 1000

/** `model.safetensors.index.json`: which tensor is in which file beside it. */
async function openShards(path: string): Promise<WeightFile> {
  const name = basename(path)
  const about = {
    name,
    code: 'inference/import-index',
    hint: "The index of a model in shards is meant, as Hugging Face's library writes it, beside its files.",
  }
  const refuse = (what: string) => new SpiculaError(about.code, `${name}: ${what}`, { hint: about.hint })
  const index = parseJson(await readFile(path, 'utf8'), indexFormat, about)
  const owners = new Map(Object.entries(index.weight_map))
  const files = [...new Set(owners.values())]
  if (files.length === 0 || files.length > MOST_SHARDS) throw refuse(`${files.length} files`)
  const outside = files.find((file) => safePath(file) === undefined || /\.index\.json$/i.test(file))
  if (outside !== undefined) throw refuse(`${JSON.stringify(outside)} is not a file beside it`)
  const shards = new Map<string, WeightFile>()
  const close = async () => void (await Promise.all([...shards.values()].map((shard) => shard.close())))
  try {
    for (const file of files) shards.set(file, await openWeights(join(dirname(path), file)))
    // Two shards with one tensor, or a tensor that the index does not name, would leave open which one is meant.
    for (const [file, { tensors }] of shards)
      for (const tensor of tensors.keys())
        if (owners.get(tensor) !== file) throw refuse(`it does not name ${file} for ${tensor}, which is in it`)
    const tensors = new Map([...shards.values()].flatMap((shard) => [...shard.tensors]))
    const lost = [...owners.keys()].find((tensor) => !tensors.has(tensor))
    if (lost !== undefined) throw refuse(`${owners.get(lost)} has no ${lost}`)
    return {
      name,
      container: `${[...shards.values()][0].container}, ${shards.size} shards`,
      tensors,
      values: new Map(),
      beside: [...shards.values()].flatMap(({ beside }) => beside),
      read: (tensor) => {
        const shard = shards.get(owners.get(tensor) ?? '')
        if (!shard) throw new SpiculaError('clip/missing', `${name} has no tensor ${tensor}`)
        return shard.read(tensor)
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
