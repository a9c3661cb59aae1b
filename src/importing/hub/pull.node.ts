/** A model's files from a hub into the cache, or from the cache alone. */
import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { SpiculaError } from '../../error.ts'
import { unwritable, writeFileAtomic } from '../../files/atomic.node.ts'
import { type HubClient, type HubOptions, lost, openHub } from './client.node.ts'
import { downloadFile, isWhole } from './download.node.ts'
import {
  byHand,
  clipFiles,
  fileUrl,
  type HubFile,
  type HubListing,
  type HubPlace,
  listingUrl,
  parseListing,
} from './hub.ts'

export interface PullOptions extends HubOptions {
  /** {@link cacheFolder} by default. */
  readonly cache?: string
  /** Take only what the cache holds. */
  readonly offline?: boolean
  /** Told of the progress: bytes of all files that are there, and of all. */
  readonly onProgress?: (bytes: number, total: number) => void
}

export interface Pulled {
  readonly commit: string
  /** The licence that the repository's card names. */
  readonly license: string | undefined
  /** Where the files lie. */
  readonly folder: string
  /** The weights first. */
  readonly files: readonly HubFile[]
}

/**
 * Where downloads are kept: SPICULA_CACHE, else `spicula` in XDG_CACHE_HOME, else in ~/.cache
 * (XDG Base Directory Specification).
 */
export function cacheFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const { SPICULA_CACHE, XDG_CACHE_HOME } = environment
  return SPICULA_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'spicula')
}

/** Listings are JSON of a few hundred bytes a file. */
const LISTING_BYTES = 16e6

/**
 * Brings the files of a CLIP-like model into the cache, every one checked against the checksum that the hub lists,
 * those that are there already too. What was cut is resumed.
 * @throws SpiculaError `inference/hub-*`; where there is no network its hint says how to bring the files by hand
 * @example
 * const { folder, files } = await pullFiles(hubPlace('openai/clip-vit-base-patch32'))
 */
export async function pullFiles(place: HubPlace, options: PullOptions = {}): Promise<Pulled> {
  const { cache = cacheFolder(), offline = false, onProgress = () => undefined, ...hubOptions } = options
  const home = join(cache, 'hub', place.repo.replace('/', '--'))
  // What the hub said last of this revision, for the time without it.
  const remembered = join(home, `${encodeURIComponent(place.revision)}.json`)
  if (offline) return fromCache(place, home, remembered)
  const hub = await openHub(hubOptions)
  try {
    const { json, listing } = await hub.persist(() => fetchListing(hub, place))
    const files = clipFiles(listing, place)
    const folder = join(home, listing.commit)
    await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
      throw unwritable(folder, cause)
    })
    await writeFileAtomic(remembered, json)
    const total = files.reduce((sum, file) => sum + file.bytes, 0)
    let before = 0
    // The commit instead of the revision: a branch may move between two files.
    const pinned = { ...place, revision: listing.commit }
    for (const file of files) {
      const told = (bytes: number) => onProgress(before + bytes, total)
      await downloadFile(hub, fileUrl(pinned, file.name), file, join(folder, file.name), told)
      before += file.bytes
    }
    return { commit: listing.commit, license: listing.license, folder, files }
  } catch (error) {
    throw error instanceof SpiculaError && error.code === 'inference/hub-network' ? unreachable(error, place) : error
  } finally {
    await hub.close()
  }
}

async function fetchListing(hub: HubClient, place: HubPlace): Promise<{ json: string; listing: HubListing }> {
  const url = listingUrl(place)
  const response = await hub.get(url)
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length
      if (bytes > LISTING_BYTES) break
      parts.push(chunk)
    }
  } catch (cause) {
    throw lost(url, cause)
  }
  const { host } = new URL(url)
  if (bytes > LISTING_BYTES)
    throw new SpiculaError('inference/hub-answer', `${host} lists the files of ${place.repo} without end`)
  const json = Buffer.concat(parts).toString('utf8')
  return { json, listing: parseListing(json, host) }
}

async function fromCache(place: HubPlace, home: string, remembered: string): Promise<Pulled> {
  const missing = (what: string) =>
    new SpiculaError('inference/hub-offline', `${place.repo} at ${place.revision} is not in the cache: ${what}`, {
      hint: `Pull it once without --offline. ${byHand(place)}`,
    })
  const json = await readFile(remembered, 'utf8').catch(() => {
    throw missing(`no ${remembered}`)
  })
  const listing = parseListing(json, remembered)
  const folder = join(home, listing.commit)
  const files = clipFiles(listing, place)
  for (const file of files)
    if (!(await isWhole(join(folder, file.name), file))) throw missing(`${file.name} is missing or damaged`)
  return { commit: listing.commit, license: listing.license, folder, files }
}

const unreachable = ({ code, message, cause }: SpiculaError, place: HubPlace): SpiculaError =>
  new SpiculaError(code, message, {
    hint: `Behind a proxy set HTTPS_PROXY; for a mirror HF_ENDPOINT; what was pulled before comes with --offline. Else:\n  ${byHand(place)}`,
    cause,
  })
