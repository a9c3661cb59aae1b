/** `spicula weights pull`: a CLIP from the Hugging Face Hub as a model folder. */
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Command } from 'commander'
import { SpiculaError } from '../../error.ts'
import { HUB, type HubPlace, hubPlace } from '../../importing/hub/hub.ts'
import { type Pulled, type PullOptions, pullFiles } from '../../importing/hub/pull.node.ts'
import { quietOption } from '../shared/options.ts'
import { type Progress, startProgress } from '../shared/progress.node.ts'
import { makeFolder } from '../shared/rows.node.ts'
import { importWeights } from './import.ts'

interface Options {
  readonly out?: string
  readonly revision: string
  readonly offline?: boolean
  readonly vocab?: string
  readonly half?: boolean
  readonly quiet?: boolean
}

export function weightsPullCommand(): Command {
  return new Command('pull')
    .description('Downloads a CLIP from the Hugging Face Hub, checks it, and makes a model folder of it to train on.')
    .argument('<repository>', 'e.g. openai/clip-vit-base-patch32')
    .option('--out <folder>', "the model folder to make (default: the repository's name, here)")
    .option('--revision <revision>', 'a branch, a tag or a commit', 'main')
    .option('--offline', 'take only what the cache holds')
    .option('--vocab <file>', 'the vocabulary, where the repository has none')
    .option('--half', 'round to half precision what it does not hold exactly, for half the size')
    .addOption(quietOption())
    .addHelpText(
      'after',
      `
Files are kept in SPICULA_CACHE, else in XDG_CACHE_HOME/spicula, else in ~/.cache/spicula. What was cut is resumed.
HF_ENDPOINT names a mirror, HF_TOKEN a token for private and gated repositories; HTTPS_PROXY and NO_PROXY are honoured.

Examples:
  spicula weights pull openai/clip-vit-base-patch32 --out models/clip
  spicula weights pull flaviagiammarino/pubmed-clip-vit-base-patch32`,
    )
    .action(pull)
}

async function pull(repository: string, options: Options): Promise<void> {
  const { revision, offline = false, half = false, quiet = false, vocab } = options
  const { HF_ENDPOINT, HF_TOKEN } = process.env
  const place = hubPlace(repository, { revision, endpoint: HF_ENDPOINT || HUB })
  const name = repository.slice(repository.indexOf('/') + 1)
  const out = options.out ?? name
  // Checked before an hour of downloading, not after it.
  if (await stat(out).catch(() => undefined))
    throw new SpiculaError('inference/exists', `${out} is there already`, {
      hint: 'Nothing is overwritten: choose another --out.',
    })
  await makeFolder(dirname(out))

  const pulled = await download(place, { offline, token: HF_TOKEN?.trim() || undefined }, quiet)
  const bytes = pulled.files.reduce((sum, file) => sum + file.bytes, 0)
  if (!quiet)
    console.error(
      `${repository} at ${pulled.commit.slice(0, 10)}: ${megabytes(bytes)} MB, checksums right -> ${pulled.folder}`,
    )

  const { commit, folder, license } = pulled
  const source = `${repository} at ${commit} of ${place.endpoint}, ${pulled.files[0].name}`
  await importWeights(folder, {
    ...{ out, name, source, half, quiet },
    ...(license === undefined ? {} : { license }),
    ...(vocab === undefined ? {} : { vocab }),
  })
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

/** Pulls, with the progress in whole megabytes. */
async function download(place: HubPlace, options: PullOptions, quiet: boolean): Promise<Pulled> {
  let progress: Progress | undefined
  let shown = 0
  const show = (bytes: number, total: number) => {
    progress ??= startProgress('MB', Math.ceil(total / 1e6), { quiet })
    const whole = Math.floor(bytes / 1e6)
    progress.step(whole - shown)
    shown = whole
  }
  const retry = ({ message }: SpiculaError, waitMs: number) => {
    const line = `${message}; again in ${Math.ceil(waitMs / 1000)} s`
    if (progress) progress.say(line)
    else if (!quiet) console.error(line)
  }
  try {
    return await pullFiles(place, { ...options, onProgress: show, onRetry: retry })
  } finally {
    progress?.done()
  }
}
