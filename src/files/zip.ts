/** The directory of a zip archive (PKWARE APPNOTE 4.3; Zip64 in 4.3.14): where each member lies. */
import { SpiculaError } from '../error.ts'
import { type ByteSource, readSpan } from './bytes.ts'

/** A file in an archive. */
export interface ZipMember {
  /** Its path in the archive, never leading out of it. */
  readonly path: string
  readonly stored: boolean
  readonly compressedBytes: number
  readonly bytes: number
  /** Its local header. */
  readonly headerAt: number
}

const END_BYTES = 22
const MOST_COMMENT = 0xffff
const MOST_DIRECTORY = 1 << 26
const MOST_MEMBERS = 200_000

/**
 * Lists an archive's members. Folders are left out.
 * @returns members in the order of the directory, and how many cannot be read (encrypted, other compression)
 * @throws SpiculaError `volume/zip` for what is not a sound archive, and for a member whose path leads out of it
 */
export async function readZipDirectory(source: ByteSource): Promise<{ members: ZipMember[]; unreadable: number }> {
  const { name } = source
  const { count, size, at } = await findDirectory(source)
  if (size > MOST_DIRECTORY || count > MOST_MEMBERS) throw unsound(name, `a directory of ${count} members`)
  if (at + size > source.maxSize) throw unsound(name, 'its directory lies outside the file')
  const bytes = await readSpan(source, at, at + size)
  const view = new DataView(bytes.buffer)
  const members: ZipMember[] = []
  let unreadable = 0
  for (let p = 0, n = 0; n < count; n++) {
    if (p + 46 > bytes.length || view.getUint32(p, true) !== 0x02014b50) throw unsound(name, 'its directory is damaged')
    const flags = view.getUint16(p + 8, true)
    const method = view.getUint16(p + 10, true)
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((o) => view.getUint16(p + o, true))
    const extraAt = p + 46 + nameLength
    const path = new TextDecoder(flags & 0x800 ? 'utf-8' : 'latin1').decode(bytes.subarray(p + 46, extraAt))
    const sizes = zip64(view, extraAt, Math.min(bytes.length, extraAt + extraLength), {
      bytes: view.getUint32(p + 24, true),
      compressedBytes: view.getUint32(p + 20, true),
      headerAt: view.getUint32(p + 42, true),
    })
    p = extraAt + extraLength + commentLength
    if (path.endsWith('/')) continue
    const inside = safePath(path)
    if (inside === undefined) {
      throw new SpiculaError('volume/zip', `${name}: a member's path leads out of the archive`, {
        hint: 'Such an archive is made to overwrite files: do not unpack it.',
      })
    }
    if (flags & 1 || (method !== 0 && method !== 8)) unreadable++
    else members.push({ path: inside, stored: method === 0, ...sizes })
  }
  return { members, unreadable }
}

/**
 * A path within a folder, or undefined where it is absolute or climbs out.
 * @example safePath('a/../../b') // undefined
 */
export function safePath(path: string): string | undefined {
  const parts = path.replaceAll('\\', '/').split('/')
  if (
    parts.includes('..') ||
    path.startsWith('/') ||
    path.startsWith('\\') ||
    /^[a-z]:/i.test(path) ||
    path.includes('\0')
  )
    return undefined
  return parts.filter((part) => part !== '' && part !== '.').join('/')
}

/** The end record, searched from the end of the file, behind which there may be a comment. */
async function findDirectory(source: ByteSource): Promise<{ count: number; size: number; at: number }> {
  const from = Math.max(0, source.maxSize - END_BYTES - MOST_COMMENT)
  const tail = await readSpan(source, from, source.maxSize)
  const view = new DataView(tail.buffer)
  for (let p = tail.length - END_BYTES; p >= 0; p--) {
    if (view.getUint32(p, true) !== 0x06054b50) continue
    const end = {
      count: view.getUint16(p + 10, true),
      size: view.getUint32(p + 12, true),
      at: view.getUint32(p + 16, true),
    }
    const is64 = end.count === 0xffff || end.size === 0xffffffff || end.at === 0xffffffff
    if (!is64 || p < 20 || view.getUint32(p - 20, true) !== 0x07064b50) return end
    const at64 = Number(view.getBigUint64(p - 20 + 8, true))
    if (at64 + 56 > source.maxSize) throw unsound(source.name, 'its Zip64 directory lies outside the file')
    const record = new DataView((await readSpan(source, at64, at64 + 56)).buffer)
    if (record.getUint32(0, true) !== 0x06064b50) throw unsound(source.name, 'its Zip64 directory is damaged')
    const [count, size, at] = [32, 40, 48].map((o) => Number(record.getBigUint64(o, true)))
    return { count, size, at }
  }
  throw unsound(source.name, 'it has no directory at its end')
}

/** 4.5.3: sizes that do not fit 32 bits stand in the extra field, in this order, only those that are needed. */
function zip64<Sizes extends Record<string, number>>(view: DataView, from: number, to: number, sizes: Sizes): Sizes {
  const wide = { ...sizes } as Record<string, number>
  for (let p = from; p + 4 <= to; p += 4 + view.getUint16(p + 2, true)) {
    if (view.getUint16(p, true) !== 1) continue
    let at = p + 4
    for (const key of Object.keys(sizes)) {
      if (sizes[key] !== 0xffffffff || at + 8 > to) continue
      wide[key] = Number(view.getBigUint64(at, true))
      at += 8
    }
  }
  return wide as Sizes
}

/**
 * Where a member's data begin: its local header has name and extra field of their own lengths.
 * @throws SpiculaError `volume/zip`
 */
export async function memberDataAt(source: ByteSource, { headerAt }: ZipMember): Promise<number> {
  if (!Number.isSafeInteger(headerAt) || headerAt + 30 > source.maxSize)
    throw unsound(source.name, 'a member lies outside the file')
  const view = new DataView((await readSpan(source, headerAt, headerAt + 30)).buffer)
  if (view.getUint32(0, true) !== 0x04034b50) throw unsound(source.name, "a member's header is damaged")
  return headerAt + 30 + view.getUint16(26, true) + view.getUint16(28, true)
}

export const unsound = (name: string, what: string): SpiculaError =>
  new SpiculaError('volume/zip', `${name}: not a sound zip archive: ${what}`, {
    hint: 'The archive was cut short or changed: copy or download it again.',
  })
