/** Safetensors written tensor by tensor, so that no more than one of them need be in memory. */
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { SpiculaError } from '../error.ts'
import type { TensorData } from '../graph/tensor.ts'

/** Weights are floats. */
const STORED: Partial<Record<TensorData['dtype'], string>> = { float32: 'F32', float16: 'F16' }

export interface SafetensorsWriter {
  /** Appends a tensor. */
  write(name: string, tensor: TensorData): Promise<void>
  /** Writes the header: only now the file is whole. */
  finish(): Promise<{ readonly tensors: number; readonly bytes: number }>
  close(): Promise<void>
}

/**
 * Begins a file that is not there yet. Room for the header is kept in front, as the format allows: what the tensors do
 * not need of it is filled with spaces.
 * @param planned names and shapes of every tensor that may be written
 * @throws SpiculaError `file/unwritable`; `clip/dtype` for what are not floats
 * @example
 * const file = await createSafetensors('base.safetensors', new Map([['logit_scale', []]]), { format: 'pt' })
 * await file.write('logit_scale', { dtype: 'float32', shape: [], data: Float32Array.of(2.66) })
 * await file.finish()
 */
export async function createSafetensors(
  path: string,
  planned: ReadonlyMap<string, readonly number[]>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<SafetensorsWriter> {
  const room = headerRoom(planned, metadata)
  const file = await create(path)
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : []
  let at = 0
  return {
    write: async (name, { dtype, shape, data }) => {
      const stored = STORED[dtype]
      if (!stored) throw new SpiculaError('clip/dtype', `${name} is ${dtype}; weights are floats`)
      entries.push([name, { dtype: stored, shape, data_offsets: [at, at + data.byteLength] }])
      await writeAt(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 8 + room + at)
      at += data.byteLength
    },
    finish: async () => {
      const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)))
      const header = new Uint8Array(8 + room).fill(0x20)
      new DataView(header.buffer).setBigUint64(0, BigInt(room), true)
      header.set(json, 8)
      await writeAt(file, header, 0)
      await file.sync()
      return { tensors: entries.length - (Object.keys(metadata).length > 0 ? 1 : 0), bytes: 8 + room + at }
    },
    close: () => file.close(),
  }
}

/** Bytes of the longest header that the planned tensors can have, a multiple of 8. */
function headerRoom(
  planned: ReadonlyMap<string, readonly number[]>,
  metadata: Readonly<Record<string, string>>,
): number {
  const bytes = [...planned.values()].reduce((sum, shape) => sum + 8 * shape.reduce((product, n) => product * n, 1), 0)
  const longest = [...planned].map(([name, shape]) => [name, { dtype: 'BF16', shape, data_offsets: [bytes, bytes] }])
  const json = JSON.stringify(Object.fromEntries([['__metadata__', metadata], ...longest]))
  return 8 * Math.ceil(new TextEncoder().encode(json).length / 8)
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx')
  } catch (cause) {
    throw new SpiculaError('file/unwritable', `${basename(path)} cannot be written at ${path}`, { cause })
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
