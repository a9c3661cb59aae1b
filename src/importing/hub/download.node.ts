/** One file from a hub to the disk: resumed where it was cut, and never there under its name unless it is whole. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Response } from 'undici'
import { SpiculaError } from '../../error.ts'
import { unwritable } from '../../files/atomic.node.ts'
import { type HubClient, lost } from './client.node.ts'
import type { Checksum, HubFile } from './hub.ts'

/**
 * Fetches a file to `path`. What has come so far lies in `path`.part, and stays there when the connection, or this
 * process, ends: the next call goes on from it. A file that is at `path` already is checked and kept.
 * @param onBytes told of how many of the file's bytes are there, again and again
 * @throws SpiculaError `inference/hub-checksum` where the content is not what the hub lists (nothing of it is kept),
 *   `inference/hub-length` where there is more or less of it, `file/unwritable`, and those of {@link HubClient}
 * @example await downloadFile(hub, fileUrl(place, file.name), file, join(folder, file.name))
 */
export async function downloadFile(
  hub: HubClient,
  url: string,
  file: HubFile,
  path: string,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<void> {
  if (await isWhole(path, file)) return onBytes(file.bytes)
  const part = `${path}.part`
  let there = Math.max(0, await sizeOf(part))
  const tell = (bytes: number) => {
    there = bytes
    onBytes(bytes)
  }
  await hub.persist(
    () => append(hub, url, file, part, tell),
    () => there,
  )
  const found = await checksumOf(part, file.checksum.algorithm)
  if (found !== file.checksum.hex) {
    await rm(part)
    throw new SpiculaError(
      'inference/hub-checksum',
      `${file.name} from ${new URL(url).host} is not the file that the hub lists: its ${file.checksum.algorithm} is ` +
        `${found}, not ${file.checksum.hex}`,
      {
        hint: 'It was damaged or changed on the way, and is removed. Try again; if it stays so, ask the people who run the proxy.',
      },
    )
  }
  await rename(part, path).catch((cause: unknown) => {
    throw unwritable(path, cause)
  })
}

/**
 * Whether a file is there and is, to the last bit, the one that is listed.
 * @example await isWhole('model.safetensors', { name, bytes, checksum })
 */
export async function isWhole(path: string, { bytes, checksum }: HubFile): Promise<boolean> {
  if ((await sizeOf(path)) !== bytes) return false
  return (await checksumOf(path, checksum.algorithm)) === checksum.hex
}

/** Bytes of a file; -1 where there is none. */
const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.size ?? -1

async function checksumOf(path: string, algorithm: Checksum['algorithm']): Promise<string> {
  const hash = createHash(algorithm === 'sha256' ? 'sha256' : 'sha1')
  if (algorithm === 'git-sha1') hash.update(`blob ${await sizeOf(path)}\0`)
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk)
  return hash.digest('hex')
}

/** Goes on with a partial file until it has all its bytes. */
async function append(
  hub: HubClient,
  url: string,
  file: HubFile,
  part: string,
  tell: (bytes: number) => void,
): Promise<void> {
  const have = await sizeOf(part)
  if (have === file.bytes) return tell(have)
  // A partial file that is too long is not a part of this file.
  const from = have > 0 && have < file.bytes ? have : 0
  const response = await hub.get(url, from > 0 ? { range: `bytes=${from}-` } : {})
  const start = startOf(response, from)
  const announced = Number(response.headers.get('content-length') ?? file.bytes - start)
  if (start + announced !== file.bytes) {
    await response.body?.cancel()
    throw lengthError(url, file, `announces ${start + announced} bytes`)
  }
  const out = await open(part, start === 0 ? 'w' : 'a').catch((cause: unknown) => {
    throw unwritable(part, cause)
  })
  let at = start
  let tooMuch = false
  try {
    for await (const chunk of bodyOf(response, url)) {
      tooMuch = at + chunk.length > file.bytes
      if (tooMuch) break
      await out.writeFile(chunk).catch((cause: unknown) => {
        throw unwritable(part, cause)
      })
      at += chunk.length
      tell(at)
    }
  } finally {
    await out.close()
  }
  if (tooMuch) {
    await rm(part)
    throw lengthError(url, file, 'goes on sending')
  }
  if (at < file.bytes) throw lost(url, new Error(`${basename(file.name)} ended at byte ${at} of ${file.bytes}`))
}

/** Where a response begins in its file: what was asked for, or the first byte from a server that knows no ranges. */
function startOf(response: Response, asked: number): number {
  if (response.status !== 206) return 0
  const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')
  if (Number(range?.[1]) === asked) return asked
  throw new SpiculaError('inference/hub-answer', `${new URL(response.url).host} sends another part than was asked for`)
}

async function* bodyOf(response: Response, url: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body ?? []) yield chunk
  } catch (cause) {
    throw lost(url, cause)
  }
}

const lengthError = (url: string, { name, bytes }: HubFile, does: string): SpiculaError =>
  new SpiculaError('inference/hub-length', `${new URL(url).host} ${does} of ${name}, which has ${bytes} bytes`, {
    hint: 'What answers is not a faithful copy of the hub: a proxy that asks to sign in, perhaps.',
  })
