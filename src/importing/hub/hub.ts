/** Repositories of the Hugging Face Hub: their names, what the hub lists of them, and which files make a CLIP. */
import * as z from 'zod'
import { SpiculaError } from '../../error.ts'
import { parseJson } from '../../files/json.ts'

export const HUB = 'https://huggingface.co'

/** A revision of a repository. */
export interface HubPlace {
  /** The hub or a mirror of it, without a slash at the end. */
  readonly endpoint: string
  /** `owner/name` */
  readonly repo: string
  /** A branch, a tag or a commit. */
  readonly revision: string
}

export interface HubFile {
  readonly name: string
  readonly bytes: number
  readonly checksum: Checksum
}

/** Files in Git LFS have SHA-256; others are Git blobs, SHA-1 of `blob <bytes>\0` and the content. */
export interface Checksum {
  readonly algorithm: 'sha256' | 'git-sha1'
  readonly hex: string
}

/** What the hub holds at a revision. */
export interface HubListing {
  /** The commit that the revision stands for. */
  readonly commit: string
  /** The licence that the repository's card names. */
  readonly license: string | undefined
  readonly files: readonly HubFile[]
}

/** The hub's own rule: letters, digits, `-`, `_` and `.`, neither `--` nor `..`, at most 96 characters a part. */
const PART = '(?!.*(--|\\.\\.))[A-Za-z0-9_](?:[\\w.-]{0,94}\\w)?'
const REPO = new RegExp(`^${PART}/${PART}$`)
const REVISION = /^(?!.*\.\.)\w[\w./-]{0,200}$/

/**
 * Checks a place on the hub before anything is asked of it.
 * @throws SpiculaError `inference/hub-place` for what is not a repository, revision or address
 * @example const place = hubPlace('openai/clip-vit-base-patch32')
 */
export function hubPlace(repo: string, { revision = 'main', endpoint = HUB } = {}): HubPlace {
  const refuse = (what: string, hint: string) => new SpiculaError('inference/hub-place', what, { hint })
  if (!REPO.test(repo))
    throw refuse(`'${repo}' is not a repository of the hub`, 'Write owner/name, e.g. openai/clip-vit-base-patch32.')
  if (!REVISION.test(revision))
    throw refuse(`'${revision}' is not a revision`, 'Write a branch, a tag or a commit, e.g. main.')
  if (!/^https?:$/.test(URL.canParse(endpoint) ? new URL(endpoint).protocol : ''))
    throw refuse(`'${endpoint}' is not an address of a hub`, `Write it with http, e.g. HF_ENDPOINT=${HUB}.`)
  return { endpoint: endpoint.replace(/\/+$/, ''), repo, revision }
}

/** Where a file is fetched from. */
export const fileUrl = ({ endpoint, repo, revision }: HubPlace, name: string): string =>
  `${endpoint}/${repo}/resolve/${encodeURIComponent(revision)}/${name.split('/').map(encodeURIComponent).join('/')}`

/** Where a revision's files are listed, with sizes and checksums. */
export const listingUrl = ({ endpoint, repo, revision }: HubPlace): string =>
  `${endpoint}/api/models/${repo}/revision/${encodeURIComponent(revision)}?blobs=true`

const bytes = z.int().nonnegative()
const listing = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  // People write cards: whatever else stands there is no licence.
  cardData: z
    .object({ license: z.string().max(100).optional() })
    .optional()
    .catch(undefined),
  siblings: z.array(
    z.object({
      // A name that climbs out of its folder is not a mistake: nothing of such a repository is touched.
      rfilename: z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.?(\/|$))[^\\\p{Cc}]+$/u, 'must stay inside its folder'),
      size: bytes.optional(),
      blobId: z
        .string()
        .regex(/^[0-9a-f]{40}$/)
        .optional(),
      lfs: z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), size: bytes }).nullish(),
    }),
  ),
})

/**
 * Parses the hub's answer to {@link listingUrl}. Files without a size or a checksum are left out.
 * @throws SpiculaError `inference/hub-answer` for another answer, and for names that leave their folder
 */
export function parseListing(json: string, from: string): HubListing {
  const { sha, siblings, cardData } = parseJson(json, listing, {
    name: `${from} answers with something else than a list of files`,
    code: 'inference/hub-answer',
    hint: 'Is it a hub, or a sign-in page in front of one?',
  })
  const files = siblings.flatMap(({ rfilename: name, size, blobId, lfs }): HubFile[] => {
    if (lfs) return [{ name, bytes: lfs.size, checksum: { algorithm: 'sha256', hex: lfs.sha256 } }]
    if (size === undefined || blobId === undefined) return []
    return [{ name, bytes: size, checksum: { algorithm: 'git-sha1', hex: blobId } }]
  })
  return { commit: sha, license: cardData?.license, files }
}

/** Weights by preference: safetensors need no pickle to be read, transformers' names come with more configuration. */
const WEIGHTS = ['model.safetensors', 'open_clip_model.safetensors', 'pytorch_model.bin', 'open_clip_pytorch_model.bin']
const CONFIGS = ['config.json', 'open_clip_config.json', 'preprocessor_config.json']
const WORDS = [['tokenizer.json'], ['vocab.json', 'merges.txt']]
/** A configuration or a vocabulary is small; what claims to be one and is not does not fill the disk. */
const SMALL_BYTES = 64e6

/**
 * The files of a listing that make a CLIP: weights in one file, configurations and vocabulary.
 * @returns the weights first
 * @throws SpiculaError `inference/hub-files` where weights or configuration are not there
 */
export function clipFiles({ files }: HubListing, { repo }: HubPlace): readonly HubFile[] {
  const byName = new Map(files.map((file) => [file.name, file]))
  const found = (names: readonly string[]) => names.flatMap((name) => byName.get(name) ?? [])
  const [weights] = found(WEIGHTS)
  const configs = found(CONFIGS)
  if (!weights || configs.length === 0) {
    const there = files.map(({ name }) => name).filter((name) => /\.(safetensors|bin|json|pt|pth)$/.test(name))
    throw new SpiculaError(
      'inference/hub-files',
      `${repo} has none of ${(weights ? CONFIGS : WEIGHTS).join(', ')} with a size and a checksum; ` +
        `it has ${there.slice(0, 10).join(', ') || 'no weights at all'}`,
      { hint: 'Models in the layout of transformers or open_clip are pulled, their weights in one file.' },
    )
  }
  const words = WORDS.find((names) => names.every((name) => byName.has(name))) ?? []
  const small = [...configs, ...found(words)]
  const large = small.find((file) => file.bytes > SMALL_BYTES)
  if (large)
    throw new SpiculaError('inference/hub-files', `${large.name} of ${repo} has ${large.bytes} bytes, which is absurd`)
  return [weights, ...small]
}

/** How to bring the files by hand to where there is no network: a paragraph for people. */
export function byHand(place: HubPlace): string {
  const url = (name: string) => `    ${fileUrl(place, name)}`
  return [
    'Fetch these files where there is a network, into one folder:',
    url('config.json'),
    `${url('preprocessor_config.json')}  (where it is there)`,
    `${url('tokenizer.json')}  (or else vocab.json and merges.txt)`,
    `${url(WEIGHTS[0])}  (or else pytorch_model.bin)`,
    '  then: spicula weights import FOLDER --out DIR',
  ].join('\n')
}
