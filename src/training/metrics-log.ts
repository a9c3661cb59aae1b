/** The metrics of a run as JSON lines: one line a step or epoch, whole or not at all. */
import { open, readFile } from 'node:fs/promises'
import { SpiculaError } from '../error.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'

/** One line. Numbers that are not finite are written as null, for JSON has no others. */
export type MetricsRecord = { readonly step: number } & Readonly<Record<string, unknown>>

/**
 * Appends a record and waits until it is on the disk.
 * @throws SpiculaError `training/metrics` where it cannot be written, a full disk for example
 * @example await appendMetrics('runs/a/metrics.jsonl', { kind: 'step', step: 12, total: 1.25 })
 */
export async function appendMetrics(path: string, record: MetricsRecord): Promise<void> {
  try {
    const file = await open(path, 'a')
    try {
      await file.appendFile(`${JSON.stringify(record)}\n`)
      await file.datasync()
    } finally {
      await file.close()
    }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new SpiculaError('training/metrics', `${path}: step ${record.step} cannot be written (${code})`, {
      hint: 'Make room or permission there, and go on with --resume.',
      cause,
    })
  }
}

/**
 * The records of a log, in order; none where there is no file. Lines that are no record, such as the last one of a run
 * that was killed while writing it, are left out.
 * @example (await readMetrics('runs/a/metrics.jsonl')).filter(({ kind }) => kind === 'epoch')
 */
export async function readMetrics(path: string): Promise<MetricsRecord[]> {
  return (await readLines(path)).flatMap((line) => parseRecord(line) ?? [])
}

/**
 * Takes back what was logged after a checkpoint: a run that resumes from it does those steps again. The lines up to it
 * stay to the letter.
 * @param step of the checkpoint
 * @param epochs finished by then: a line of kind `epoch` may bear the checkpoint's step and yet come after it, where the
 *   run was killed between its last step and the end of its validation
 * @example await truncateMetricsAfter('runs/a/metrics.jsonl', checkpoint.step, { epochs: checkpoint.epoch })
 */
export async function truncateMetricsAfter(
  path: string,
  step: number,
  { epochs = Number.POSITIVE_INFINITY }: { epochs?: number } = {},
): Promise<void> {
  const lines = await readLines(path)
  const kept = lines.filter((line) => {
    const record = parseRecord(line)
    if (record === undefined || record.step > step) return false
    return record.kind !== 'epoch' || !(Number(record.epoch) >= epochs)
  })
  // After the last line break stands nothing: with that, what was read is `lines` joined.
  const isWhole = lines.at(-1) === '' && kept.length === lines.length - 1
  if (lines.length > 0 && !isWhole) await writeFileAtomic(path, kept.map((line) => `${line}\n`).join(''))
}

async function readLines(path: string): Promise<string[]> {
  try {
    return (await readFile(path, 'utf8')).split('\n')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    throw new SpiculaError('training/metrics', `${path}: cannot be read`, { cause })
  }
}

function parseRecord(line: string): MetricsRecord | undefined {
  try {
    const value: unknown = JSON.parse(line)
    const isRecord = typeof value === 'object' && value !== null && 'step' in value && typeof value.step === 'number'
    return isRecord ? (value as MetricsRecord) : undefined
  } catch {
    return undefined
  }
}
