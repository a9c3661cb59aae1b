/** `model.onnx` of a model folder, for other runtimes. */
import { open, rename, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { unwritable, writeFileAtomic } from '../files/atomic.node.ts'
import { type OnnxModel, writeOnnx } from '../graph/onnx.ts'
import type { Checkpoint } from '../model/checkpoint.ts'
import { loadImageWeights, openModelFolder } from '../model/folder.node.ts'
import { exportGraph } from './export-onnx.ts'
import { calibrationsOf } from './predictor.node.ts'

export interface ExportOptions {
  readonly checkpoint?: Checkpoint
  /** Weights of more bytes than this go into a file of their own: a protobuf ends at 2 GB. */
  readonly insideBytes?: number
}

export interface ExportedFile {
  readonly path: string
  readonly bytes: number
}

export interface Exported {
  /** The model first; behind it its weights, where they are a file of their own. */
  readonly files: readonly ExportedFile[]
  readonly inputs: OnnxModel['inputs']
  readonly outputs: OnnxModel['outputs']
}

/** Well below 2^31 bytes: the graph itself needs room too, and a protobuf is copied a few times while it is written. */
const INSIDE_BYTES = 1e9

/**
 * Writes a model folder's image side as ONNX (opset 17, operators of the standard alone), its folds in one graph.
 * What goes in and out is documented in the file: docs/export.md.
 * @param out the file; weights of more than 1 GB lie beside it as `out`.data, and both must stay together
 * @throws SpiculaError of the model folder, or `file/unwritable`
 * @example const { outputs } = await exportOnnx('models/spicula-small', 'model.onnx')
 */
export async function exportOnnx(path: string, out: string, options: ExportOptions = {}): Promise<Exported> {
  const { checkpoint = 'both', insideBytes = INSIDE_BYTES } = options
  const folder = await openModelFolder(path)
  const { tensors, stacked } = await loadImageWeights(folder, checkpoint)
  const calibrations = calibrationsOf(folder.config, checkpoint)
  const graph = exportGraph(folder.config, { stacked, calibrations, checkpoint })
  const total = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0)
  const beside = `${out}.data`
  const numbers = total <= insideBytes ? 'inside' : { file: basename(beside) }
  const { bytes, externalData, inputs, outputs } = writeOnnx(graph.outputs, tensors, {
    dialect: 'standard',
    numbers,
    about: graph.about,
  })
  // An earlier model must not read the weights of this one; and where there is a model it is whole.
  await rm(out, { force: true })
  const weights = externalData.length > 0 ? [await writeNumbers(beside, externalData)] : []
  await writeFileAtomic(out, bytes)
  return { files: [{ path: out, bytes: bytes.length }, ...weights], inputs, outputs }
}

/** Writes numbers where the protobuf says that they lie. */
async function writeNumbers(path: string, parts: OnnxModel['externalData']): Promise<ExportedFile> {
  const temporary = `${path}.part`
  try {
    const file = await open(temporary, 'w')
    let end = 0
    try {
      for (const { offset, data } of parts) {
        for (let at = 0; at < data.length; )
          at += (await file.write(data, at, data.length - at, offset + at)).bytesWritten
        end = offset + data.length
      }
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    return { path, bytes: end }
  } catch (cause) {
    await rm(temporary, { force: true })
    throw unwritable(path, cause)
  }
}
