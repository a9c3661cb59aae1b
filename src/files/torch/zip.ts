/** PyTorch's files since 1.6, and compiled modules: a zip archive, nothing compressed (caffe2/serialize/inline_container). */
import { SpiculaError } from '../../error.ts'
import { type ByteSource, inWords, readSpan } from '../bytes.ts'
import { readPickle } from '../pickle/pickle.ts'
import { memberDataAt, readZipDirectory, type ZipMember } from '../zip.ts'
import type { TorchContainer } from './container.ts'
import { bigEndian, storageOf, unsoundTorch } from './storage.ts'
import { torchTypes } from './types.ts'

/** The pickle of a model of a thousand layers has 2 MB. */
const MOST_PICKLE = 1 << 26

/**
 * Opens a zip archive of PyTorch.
 * @throws SpiculaError `torch/format` where it is another archive, `torch/byte-order`, `torch/storage`; those of the
 *   archive and of the pickle
 */
export async function openTorchZip(source: ByteSource): Promise<TorchContainer> {
  const { name } = source
  const { members, unreadable } = await readZipDirectory(source)
  const byPath = new Map(members.map((member) => [member.path, member]))
  if (byPath.size !== members.length) throw unsoundTorch(name, 'a member is there twice')
  // Members that lie over each other would make much out of little.
  const claimed = members.reduce((sum, { compressedBytes }) => sum + compressedBytes, 0)
  if (claimed > source.maxSize) throw unsoundTorch(name, `its members claim ${inWords(claimed)} bytes`)
  const root = rootOf(members, name, unreadable)
  const script = members.some(({ path }) => path.startsWith(`${root}/code/`))

  const byteOrder = byPath.get(`${root}/byteorder`)
  if (byteOrder && new TextDecoder().decode(await whole(source, byteOrder, 16)).trim() !== 'little')
    throw bigEndian(name)
  const pickle = byPath.get(`${root}/data.pkl`)
  if (!pickle) throw unsoundTorch(name, 'it has no data.pkl')
  const bytes = await whole(source, pickle, MOST_PICKLE)
  const { value, end } = readPickle(bytes, { allowed: torchTypes({ script }), persistent: storageOf, name })
  if (end !== bytes.length) throw unsoundTorch(name, `${bytes.length - end} bytes follow its pickle`)
  return {
    kind: script ? 'TorchScript' : 'PyTorch zip',
    value,
    place: async ({ storage }) => {
      const member = byPath.get(`${root}/data/${storage.key}`)
      if (!member) throw unsoundTorch(name, `storage ${storage.key} is missing`)
      stored(member, name)
      return { start: await memberDataAt(source, member), bytes: member.bytes }
    },
  }
}

/** The folder of the archive in which everything lies. */
function rootOf(members: readonly ZipMember[], name: string, unreadable: number): string {
  const roots = members.flatMap(({ path }) => /^([^/]+)\/data\.pkl$/.exec(path)?.[1] ?? [])
  if (roots.length === 1) return roots[0]
  const hidden = unreadable > 0 ? ` (${unreadable} members are encrypted or compressed in an unknown way)` : ''
  throw new SpiculaError('torch/format', `${name}: a zip archive, but none of PyTorch: it has no data.pkl${hidden}`, {
    hint: 'A file of torch.save or torch.jit.save is meant.',
  })
}

/** PyTorch maps its storages into memory, so it never compresses them; what is compressed may be a bomb. */
function stored({ path, stored: plain, bytes, compressedBytes }: ZipMember, name: string): void {
  if (!plain || bytes !== compressedBytes)
    throw unsoundTorch(name, `${path.split('/').slice(1).join('/')} is compressed, which PyTorch never does`)
}

async function whole(source: ByteSource, member: ZipMember, most: number): Promise<Uint8Array> {
  stored(member, source.name)
  if (member.bytes > most) throw unsoundTorch(source.name, `a member has ${inWords(member.bytes)} bytes`)
  const at = await memberDataAt(source, member)
  return readSpan(source, at, at + member.bytes)
}
