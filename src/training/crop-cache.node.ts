/** Crops kept on disk between epochs and runs, so that a scan is read once. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat, statfs, unlink } from 'node:fs/promises'
import { endianness } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { type Frame, placeIn } from '../cohort/frame.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import { type Crop, type CropOptions, cropNodule } from '../nodule/crop.ts'
import { openScans } from '../scan/open.node.ts'
import type { Triple } from '../scan/scan.ts'
import { VERSION } from '../version.ts'

/** What to cut out of which scan. */
export interface CropRequest {
  readonly imageFile: string
  readonly point: Triple
  readonly frame: Frame
  readonly options: Required<CropOptions>
}

/** Raise it with every change of the numbers that `cropNodule` or a reader gives: a test holds a crop's checksum. */
const CROP_VERSION = 1

/** What a cache leaves free on its disk. */
const RESERVED_BYTES = 256 * 2 ** 20

/** At most this much is kept: some 4,000 crops of 100 mm, 4 MB each. */
const CACHE_BYTES = 16 * 2 ** 30

/** A cache has this many folders, each bounded by itself: making room looks at one of them. */
const FOLDERS = 16

/** A temporary file of this age, ms, was left by a process that was killed. */
const ABANDONED = 3_600_000

/**
 * The crop of a nodule straight from its scan.
 * @returns the crop, its notes after the scan's
 * @throws SpiculaError what `openScans` and `cropNodule` throw
 * @example await cutCrop({ imageFile: 'scan.nii.gz', point: [-60.2, 31.5, -120], frame: 'lps', options })
 */
export async function cutCrop({ imageFile, point, frame, options }: CropRequest): Promise<Crop> {
  const { scan, pointLps } = placeIn(await openScans(imageFile), point, frame)
  const crop = await cropNodule(scan, pointLps, options)
  return { ...crop, notes: [...scan.notes, ...crop.notes] }
}

/**
 * The crop of a nodule from the cache, or from its scan and then into the cache. The numbers are the same, bit for bit:
 * float32, as cut. An entry is trusted only where its length, checksum and key are right; any other is made anew.
 * Threads and processes may share a cache: entries appear whole or not at all. The oldest entries go when it is full. A
 * cache that cannot be written stops nothing: the crop comes with a note `training/crop-cache`.
 * @param folder made where it is not there
 * @throws SpiculaError as `cutCrop`
 * @example
 * const crop = await cachedCrop('cache', { imageFile: 'scan.nii.gz', point, frame: 'lps', options })
 * crop.shapeZyx // [100, 100, 100]
 */
export async function cachedCrop(
  folder: string,
  request: CropRequest,
  { maxBytes = CACHE_BYTES }: { maxBytes?: number } = {},
): Promise<Crop> {
  const key = await cropKey(request)
  const path = join(folder, key[0], `${key.slice(1)}.crop`)
  // Not there, not readable, not to be understood: all the same.
  const found = await readFile(path)
    .then((bytes) => decodeCrop(bytes, key))
    .catch(() => undefined)
  if (found) return found
  const crop = await cutCrop(request)
  try {
    await mkdir(dirname(path), { recursive: true })
    // The last of a disk is for checkpoints: a crop can be cut again.
    const { bavail, bsize } = await statfs(dirname(path))
    if (bavail * bsize < RESERVED_BYTES) return crop
    await writeFileAtomic(path, encodeCrop(crop, key))
    await makeRoom(dirname(path), maxBytes / FOLDERS)
    return crop
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const note = { code: 'training/crop-cache', message: `crops are not kept between epochs: ${why}` }
    return { ...crop, notes: [...crop.notes, note] }
  }
}

/** Everything that a crop depends on, hashed. */
async function cropKey({ imageFile, point, frame, options }: CropRequest): Promise<string> {
  const { geometry, sizeMm, extent, shownMm } = options
  const scan = await scanIdentity(imageFile)
  const parts = [VERSION, CROP_VERSION, endianness(), scan, point, frame, geometry, sizeMm, extent, shownMm]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/**
 * What tells whether a scan's files changed: path, size, and times of last change of content and of status. Not the
 * content: reading a scan of 150 MB for its hash would cost more than the crop. The time of status cannot be set, so a
 * file replaced by another of the same size and date is noticed too.
 */
async function scanIdentity(imageFile: string): Promise<unknown> {
  const files = await filesOfScan(imageFile)
  return Promise.all(
    files.map(async (file) => {
      const stats = await stat(file, { bigint: true }).catch(() => undefined) // openScan says what is wrong
      return [resolve(file), stats && [stats.size, stats.mtimeNs, stats.ctimeNs].map(String)]
    }),
  )
}

/** The files that a scan may be read from; more than are read costs no more than a crop made anew. */
async function filesOfScan(path: string): Promise<string[]> {
  const inFolder = async (folder: string, recursive: boolean) => {
    const entries = await readdir(folder, { recursive, withFileTypes: true }).catch(() => [])
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  }
  const stats = await stat(path).catch(() => undefined)
  if (stats?.isDirectory()) return (await inFolder(path, true)).sort()
  if (!stats || /\.(nii|nii\.gz|mha|npy)$/i.test(path)) return [path]
  const beside = (await inFolder(dirname(path), false)).sort()
  // A header, whose voxels are in a file named alike; or one slice of a series.
  const stem = /^(.+)\.(hdr|img|mhd)(\.gz)?$/i.exec(basename(path))?.[1]
  return stem === undefined ? beside : beside.filter((file) => basename(file).startsWith(`${stem}.`))
}

/** An entry: these 8 bytes, CRC-32 of all that follows it, length of the JSON, JSON with the crop's fields, float32. */
const MAGIC = 'SPICCROP'
const PREFIX = 16

function encodeCrop({ hu, ...fields }: Crop, key: string): Uint8Array {
  const json = Buffer.from(JSON.stringify({ key, ...fields }))
  const jsonBytes = Math.ceil(json.length / 4) * 4 // the numbers start at a multiple of 4
  const bytes = Buffer.alloc(PREFIX + jsonBytes + hu.byteLength, ' ')
  bytes.write(MAGIC, 'latin1')
  bytes.writeUInt32LE(jsonBytes, 12)
  json.copy(bytes, PREFIX)
  bytes.set(new Uint8Array(hu.buffer, hu.byteOffset, hu.byteLength), PREFIX + jsonBytes)
  bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8)
  return bytes
}

/** The crop of an entry, or undefined where it is damaged, cut short, or another's. */
function decodeCrop(entry: Buffer, key: string): Crop | undefined {
  if (entry.length < PREFIX || entry.toString('latin1', 0, 8) !== MAGIC) return undefined
  if (entry.readUInt32LE(8) !== crc32(entry.subarray(12))) return undefined
  const start = PREFIX + entry.readUInt32LE(12)
  const fields: Omit<Crop, 'hu'> & { readonly key: string } = JSON.parse(entry.toString('utf8', PREFIX, start))
  const { key: written, ...crop } = fields
  const count = crop.shapeZyx[0] * crop.shapeZyx[1] * crop.shapeZyx[2]
  if (written !== key || entry.length !== start + 4 * count) return undefined
  // Small files come at odd places of a shared buffer.
  const bytes = (entry.byteOffset + start) % 4 === 0 ? entry : new Uint8Array(entry)
  return { ...crop, hu: new Float32Array(bytes.buffer, bytes.byteOffset + start, count) }
}

/** Removes the oldest entries of a folder until the others fit, and what killed processes left. */
async function makeRoom(folder: string, maxBytes: number): Promise<void> {
  const names = await readdir(folder)
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      // Another process may have removed it.
      const stats = await stat(path).catch(() => undefined)
      return stats ? [{ path, size: stats.size, time: stats.mtimeMs }] : []
    }),
  )
  const now = Date.now()
  const newestFirst = files.flat().sort((a, b) => b.time - a.time)
  let kept = 0
  for (const { path, size, time } of newestFirst) {
    const abandoned = path.endsWith('.tmp') && now - time > ABANDONED
    if (!path.endsWith('.tmp')) kept += size
    if (abandoned || (path.endsWith('.crop') && kept > maxBytes)) await unlink(path).catch(() => undefined)
  }
}
