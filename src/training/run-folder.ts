/** The folder of a run: whose run it is, and how it began. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { SpiculaError } from '../error.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import { parseJson } from '../files/json.ts'
import { VERSION } from '../version.ts'
import type { PreparedRun } from './prepare-run.ts'

/** What a resumed run must have in common with the one that began. */
export async function fingerprintOf({ options, base, samples, folds, texts }: PreparedRun): Promise<string> {
  const hash = createHash('sha256')
  const { config, frame } = options
  const rows = samples.map(({ row, label, target }) => [row.pid, row.noduleId, row.imagePath, row.point, label, target])
  const lines = folds.map(({ train, val }) => [train.map(({ line }) => line), val.map(({ line }) => line)])
  hash.update(JSON.stringify([VERSION, config, frame, base.config, rows, lines, texts.fingerprint]))
  const files = [base.config.base, ...(config.start === 'folds' ? base.config.folds.map(({ both }) => both) : [])]
  for (const file of files) for await (const bytes of createReadStream(join(base.path, file))) hash.update(bytes)
  return hash.digest('hex')
}

/**
 * Makes the run folder, or sees that the one there is this run's: begun before, or by a process that trains other folds.
 * @throws SpiculaError `training/exists`, or `training/resume` where the one there is another run's
 */
export async function beginFolder(
  out: string,
  { options, parameters }: PreparedRun,
  fingerprint: string,
  resume: boolean,
): Promise<void> {
  const about = join(out, 'run.json')
  const begun = await readFile(about, 'utf8').catch(() => undefined)
  if (resume || (options.only && begun !== undefined)) {
    if (begun === undefined)
      throw new SpiculaError('training/resume', `${out} holds no run to resume`, {
        hint: 'Leave --resume out to begin one.',
      })
    const known = parseJson(begun, z.looseObject({ fingerprint: z.string() }), { name: about, code: 'training/resume' })
    if (known.fingerprint !== fingerprint)
      throw new SpiculaError(
        'training/resume',
        `the run in ${out} has another configuration, cohort, split, base or version`,
        {
          hint: 'Resume with the very command that began it (it stands in run.json), or choose a new --out.',
        },
      )
    return
  }
  if (!options.only && (await stat(out).catch(() => undefined)))
    throw new SpiculaError('training/exists', `${out} is there already`, {
      hint: 'Choose a new --out, or --resume the run in it.',
    })
  await mkdir(out, { recursive: true })
  const { config, ...where } = options
  const run = {
    software: `spicula ${VERSION}`,
    node: process.version,
    use: 'for research use',
    fingerprint,
    command: process.argv.slice(2),
    resume: [...process.argv.slice(2), '--resume'].join(' '),
    parameters,
    where,
    config,
  }
  await writeFileAtomic(about, `${JSON.stringify(run, null, 2)}\n`)
}
