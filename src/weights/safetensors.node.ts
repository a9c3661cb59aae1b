/** Safetensors files on disk, read by ranges: only the tensors asked for enter memory. */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { SpiculaError } from '../error.ts'
import type { TensorData } from '../graph/tensor.ts'
import { decodeTensor, headerLength, parseHeader, type TensorEntry } from './safetensors.ts'
import { isStoredScale, storedScaleName, widenInt8 } from './stored-int8.ts'

export interface SafetensorsFile {
  readonly name: string
  readonly tensors: ReadonlyMap<string, TensorEntry>
  readonly metadata: Readonly<Record<string, string>>
  /** The numbers of one tensor; what is stored in bytes with scales (int8.ts) comes as float32. */
  read(name: string): Promise<TensorData>
  close(): Promise<void>
}

/**
 * Opens a file and reads its header.
 * @throws SpiculaError `clip/missing` when it is not there, `clip/safetensors` when it is not sound
 * @example
 * const file = await openSafetensors('model/base.safetensors')
 * const scale = await file.read('logit_scale')
 * await file.close()
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const name = basename(path)
  const handle = await openFile(path, name)
  try {
    const { size } = await handle.stat()
    const length = headerLength(await readRange(handle, 0, Math.min(8, size)), size, name)
    const { tensors, metadata } = parseHeader(await readRange(handle, 8, 8 + length), size, name)
    return {
      name,
      tensors: new Map([...tensors].filter(([tensor]) => !isStoredScale(tensor))),
      metadata,
      read: async (tensor) => {
        const entry = tensors.get(tensor)
        if (!entry) throw new SpiculaError('clip/missing', `${name} has no tensor ${tensor}`)
        const bytes = await readRange(handle, entry.start, entry.end)
        if (entry.dtype !== 'I8') return decodeTensor(tensor, entry, bytes)
        const scale = tensors.get(storedScaleName(tensor))
        const scales = scale && decodeTensor(tensor, scale, await readRange(handle, scale.start, scale.end))
        return widenInt8(tensor, entry.shape, bytes, scales)
      },
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function openFile(path: string, name: string): Promise<FileHandle> {
  try {
    // Opening a pipe would wait for its other end.
    if ((await stat(path)).isFile()) return await open(path, 'r')
  } catch (cause) {
    throw new SpiculaError('clip/missing', `${name} cannot be opened at ${path}`, { cause })
  }
  throw new SpiculaError('clip/missing', `${path} is not a file`)
}

async function readRange(handle: FileHandle, start: number, end: number): Promise<Uint8Array> {
  // An ArrayBuffer of its own (not Node's shared pool), so that typed arrays on it are aligned.
  const bytes = new Uint8Array(new ArrayBuffer(end - start))
  let done = 0
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done)
    if (bytesRead === 0) throw new SpiculaError('clip/safetensors', `the file ended at byte ${start + done} of ${end}`)
    done += bytesRead
  }
  return bytes
}
