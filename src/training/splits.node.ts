/** Splits as files: `fold_k/{train,val}_pid.csv` and `test_pid.csv`, as the published project keeps them. */
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { SpiculaError } from '../error.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import { csvText } from '../files/csv.ts'
import { type Records, textRecords } from '../files/records.ts'
import { readRecords } from '../files/table.node.ts'
import type { Splits } from './splits.ts'

/**
 * Writes splits: for each fold `fold_k/train_pid.csv` and `val_pid.csv`, `test_pid.csv` where patients are held out
 * (each an unnamed index column and pid), and `about.json`. The folder appears whole or not at all.
 * @param folder new or empty
 * @param about how the splits were made, for `about.json`
 * @throws SpiculaError `training/splits-exist` where something is in the folder: a run may rely on it
 * @example await writeSplits('splits', kFold(rows, { folds: 5 }), { folds: 5, seed: 0 })
 */
export async function writeSplits(
  folder: string,
  splits: Splits,
  about: Readonly<Record<string, unknown>>,
): Promise<void> {
  const target = resolve(folder)
  const parts = join(dirname(target), `.${basename(target)}.spicula-${process.pid}.tmp`)
  const tables: [string, readonly string[]][] = splits.folds.flatMap(({ train, val }, k) => [
    [`fold_${k}/train_pid.csv`, train],
    [`fold_${k}/val_pid.csv`, val],
  ])
  if (splits.test.length > 0) tables.push(['test_pid.csv', splits.test])
  try {
    // rmdir takes an empty folder away and fails for any other.
    await rmdir(target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
    for (const [name, pids] of tables) {
      await mkdir(dirname(join(parts, name)), { recursive: true })
      await writeFileAtomic(join(parts, name), pidTable(pids))
    }
    await writeFileAtomic(join(parts, 'about.json'), `${JSON.stringify(about, null, 2)}\n`)
    await rename(parts, target)
  } catch (cause) {
    await rm(parts, { recursive: true, force: true })
    if (cause instanceof SpiculaError) throw cause
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR')
      throw new SpiculaError('training/splits-exist', `${folder} is there already: nothing is overwritten`, {
        hint: 'Choose another folder for --out, or remove this one if no run relies on it.',
        cause,
      })
    throw new SpiculaError('training/splits', `${folder} cannot be written (${code})`, { cause })
  }
}

const pidTable = (pids: readonly string[]): string =>
  csvText([['', 'pid'], ...pids.map((pid, index) => [String(index), pid])])

/**
 * Reads splits back, ours and the published project's: `fold_0`, `fold_1`, ... in the order of their numbers, wherever
 * they begin; with or without an index column; pandas' header "0" for an unnamed series.
 * @throws SpiculaError `training/splits` saying which file is missing, empty or no list of patients
 * @example const { test, folds } = await readSplits('splits')
 */
export async function readSplits(folder: string): Promise<Splits> {
  const names = await readdir(folder).catch((cause) => {
    throw splitError(`${folder}: no such folder`, 'Make splits with `spicula split cohort.csv --out DIR`.', cause)
  })
  const numbered = names
    .map((name) => ({ name, number: /^fold_?(\d+)$/i.exec(name)?.[1] }))
    .filter(({ number }) => number !== undefined)
    .sort((a, b) => Number(a.number) - Number(b.number))
  if (numbered.length === 0)
    throw splitError(`${folder}: no folder fold_0, fold_1, ... in it`, 'Give the folder that holds the folds.')
  const folds = []
  for (const { name } of numbered)
    folds.push({
      train: await readPids(join(folder, name, 'train_pid.csv')),
      val: await readPids(join(folder, name, 'val_pid.csv')),
    })
  const test = names.includes('test_pid.csv') ? await readPids(join(folder, 'test_pid.csv')) : []
  return { test, folds }
}

async function readPids(path: string): Promise<string[]> {
  const read = await readRecords(path).catch((cause: unknown) => {
    if (cause instanceof SpiculaError && cause.code !== 'cohort/not-found') throw cause
    throw splitError(`${path}: cannot be read`, 'Every fold needs train_pid.csv and val_pid.csv.', cause)
  })
  return pidsOf({ ...read, name: path })
}

/**
 * Identifiers of a list of patients, each once, in order.
 * @param name of the file, for messages
 * @example parsePids(',pid\n0,007\n1,008\n', 'val_pid.csv') // ['007', '008']
 */
export const parsePids = (text: string, name: string): string[] => pidsOf(textRecords(text, name))

function pidsOf({ name, header, records }: Records): string[] {
  const column = pidColumn(header)
  if (column < 0) throw splitError(`${name}: no column pid`, 'A list of patients has the header ",pid".')
  const pids = records.map(({ line, fields }) => {
    const pid = (fields[column] ?? '').trim()
    if (pid === '') throw splitError(`${name}: line ${line} has no pid`, 'Remove the line, or complete it.')
    return pid
  })
  if (pids.length === 0) throw splitError(`${name}: no patient in it`, 'Make splits with `spicula split`.')
  return [...new Set(pids)]
}

/** `pid`; or, as pandas writes an unnamed series, an empty name and "0", or "0" alone. */
function pidColumn(fields: readonly string[]): number {
  const names = fields.map((field) => field.trim().toLowerCase())
  const named = names.indexOf('pid')
  if (named >= 0) return named
  return names.length <= 2 && names.at(-1) === '0' ? names.length - 1 : -1
}

const splitError = (message: string, hint: string, cause?: unknown): SpiculaError =>
  new SpiculaError('training/splits', message, { hint, cause })
