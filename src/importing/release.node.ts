/** The files of a release of CLIP_nodule: `args.txt`, `fold_k/best_{both,pred,clip}.pt`, `cal_k.pkl`. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { SpiculaError } from '../error.ts'
import type { Checkpoint } from '../model/checkpoint.ts'
import type { BetaCalibration } from '../model/config.ts'
import type { Note } from '../scan/scan.ts'
import { type Argument, parseNamespace } from './args.ts'
import { parseBetacal } from './calibration.ts'

/** What the published training calls its best checkpoints. */
const FILES = { both: 'best_both.pt', prediction: 'best_pred.pt', clip: 'best_clip.pt' } as const satisfies Record<
  Checkpoint,
  string
>

export interface ReleaseFold {
  /** Its number in the release. */
  readonly number: number
  /** Paths of its checkpoints; all folds have the same ones. */
  readonly files: Readonly<Partial<Record<Checkpoint, string>>> & { readonly both: string }
  readonly calibration: BetaCalibration | undefined
}

export interface Release {
  readonly folds: readonly ReleaseFold[]
  readonly args: ReadonlyMap<string, Argument>
  readonly notes: readonly Note[]
}

const refuse = (what: string, cause?: unknown): SpiculaError =>
  new SpiculaError('inference/import-release', what, {
    cause,
    hint: "The folder of the authors' release is meant: args.txt, fold_0/best_both.pt, fold_1/..., and perhaps cal_0.pkl.",
  })

/**
 * Finds the files of a release, any number of folds; weights are not read.
 * @throws SpiculaError `inference/import-release` naming what is missing, `inference/import-args`,
 *   `inference/import-calibration`
 * @example (await readRelease('checkpoints')).folds.length // 5
 */
export async function readRelease(path: string): Promise<Release> {
  const names = await readdir(path).catch((cause: unknown) => {
    throw refuse(`${path} is not a readable folder`, cause)
  })
  const numbers = names
    .flatMap((name) => /^fold_(\d{1,4})$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
  if (numbers.length === 0) throw refuse(`${path} has no fold_0, fold_1, ...`)
  const notes: Note[] = []
  const have = await checkpointsOf(path, numbers, notes)
  const calibrations: (BetaCalibration | undefined)[] = []
  for (const number of numbers) calibrations.push(await readCalibration(path, number))
  const without = numbers.filter((_, n) => !calibrations[n])
  if (without.length > 0 && without.length < numbers.length)
    throw refuse(`cal_${without[0]}.pkl is missing, though other folds have a calibration`)
  return {
    folds: numbers.map((number, n) => {
      const at = (which: Checkpoint) => join(path, `fold_${number}`, FILES[which])
      const files = { both: at('both'), ...Object.fromEntries(have.map((which) => [which, at(which)])) }
      return { number, files, calibration: calibrations[n] }
    }),
    args: await readArgs(path, notes),
    notes,
  }
}

/** The checkpoints beside the one for both that every fold has. */
async function checkpointsOf(path: string, numbers: readonly number[], notes: Note[]): Promise<Checkpoint[]> {
  const having = async (which: Checkpoint): Promise<number[]> => {
    const found: number[] = []
    for (const number of numbers) if (await isFile(join(path, `fold_${number}`, FILES[which]))) found.push(number)
    return found
  }
  const both = await having('both')
  const lost = numbers.find((number) => !both.includes(number))
  if (lost !== undefined) throw refuse(`fold_${lost} has no ${FILES.both}`)
  const complete: Checkpoint[] = []
  for (const which of ['prediction', 'clip'] as const) {
    const found = await having(which)
    if (found.length === numbers.length) complete.push(which)
    else if (found.length > 0)
      notes.push({
        code: 'inference/import-partial',
        message: `${FILES[which]} is left out: only fold ${found.join(', ')} of ${numbers.length} has one`,
      })
  }
  return complete
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  )

async function readArgs(path: string, notes: Note[]): Promise<Map<string, Argument>> {
  const text = await readFile(join(path, 'args.txt'), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    throw refuse('args.txt cannot be read', cause)
  })
  if (text !== undefined) return parseNamespace(text)
  notes.push({
    code: 'inference/import-args',
    message: "there is no args.txt: LoRA's alpha is taken to be 1, as published",
  })
  return new Map()
}

/** A calibration has a few kB. */
const MOST_BYTES = 1 << 24

async function readCalibration(path: string, number: number): Promise<BetaCalibration | undefined> {
  const name = `cal_${number}.pkl`
  for (const file of [join(path, name), join(path, `fold_${number}`, name)]) {
    const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return undefined
      throw refuse(`${name} cannot be read`, cause)
    })
    if (bytes) return parseBetacal(await inflated(bytes, name), name)
  }
  return undefined
}

/** joblib compresses where it is told to, by default with zlib. */
async function inflated(bytes: Buffer, name: string): Promise<Uint8Array> {
  const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  const zlib = bytes[0] === 0x78 && ((bytes[0] << 8) | bytes[1]) % 31 === 0
  if (!gzip && !zlib) return bytes
  try {
    return await promisify(gzip ? gunzip : inflate)(bytes, { maxOutputLength: MOST_BYTES })
  } catch (cause) {
    throw refuse(`${basename(name)}: its compressed data are damaged, or larger than any calibration`, cause)
  }
}
