/** `spicula train`: the published training, on a cohort of one's own. */
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { Command } from 'commander'
import { parse as parseYaml, stringify as yamlText } from 'yaml'
import type { Frame } from '../cohort/frame.ts'
import { SpiculaError } from '../error.ts'
import type { Device } from '../graph/device.ts'
import { parseTrainConfig, type TrainConfig } from '../training/config.ts'
import { memoryEstimate } from '../training/memory-estimate.ts'
import { type PreparedRun, prepareRun } from '../training/prepare-run.ts'
import { trainRun } from '../training/run.ts'
import { deviceOption, frameOption, parseWhole, quietOption, threadsOption } from './shared/options.ts'
import { startProgress } from './shared/progress.node.ts'

interface TrainOptions {
  readonly base: string
  readonly reports?: string
  readonly folds: string
  readonly out?: string
  readonly config?: string
  readonly set?: readonly string[]
  readonly tuning?: string
  readonly epochs?: number
  readonly seed?: number
  readonly augment?: boolean
  readonly frame: Frame
  readonly device: Device
  readonly workers: number
  readonly threads?: number
  readonly fold?: readonly number[]
  readonly resume?: boolean
  readonly dryRun?: boolean
  readonly quiet?: boolean
}

export function trainCommand(): Command {
  return new Command('train')
    .summary('fine-tune a base model on a cohort, fold by fold')
    .description(
      'Fine-tunes a base model on a cohort with labels (malignant) and reports, a fold after another, and leaves a ' +
        'model folder in OUT/model. Killed at any moment, the same command with --resume ends with the same weights.',
    )
    .argument('<cohort>', 'CSV with pid, nodule_id, image_path, coordX, coordY, coordZ, malignant')
    .requiredOption('--base <folder>', 'model folder whose base weights are tuned')
    .requiredOption('--folds <folder>', 'splits by patient, as `spicula split` makes them')
    .option('--reports <folder>', 'texts {pid}_{nodule_id}.txt (default: written from templates)')
    .option('--out <folder>', 'the run folder to make')
    .option('--config <file>', 'settings as JSON or YAML; those left out have the published values')
    .option('--set <key=value...>', 'single settings, over those of --config: --set lora.rank=4 batchSize=8')
    .option('--tuning <tuning>', 'lora, probe or full (over --config)')
    .option('--epochs <n>', 'most epochs of a fold (over --config)', parseWhole(1))
    .option('--seed <n>', 'seed of every random number (over --config)', parseWhole(0))
    .option('--augment', 'vary cubes and words (over --config)')
    .addOption(frameOption())
    .addOption(deviceOption())
    .option('--workers <n>', 'threads that prepare samples', parseWhole(1), availableParallelism())
    .addOption(threadsOption())
    .option(
      '--fold <k...>',
      'these folds alone: other processes or machines may train the others into the same OUT',
      (value: string, before: readonly number[] = []) => [...before, parseWhole(0)(value)],
    )
    .option('--resume', 'go on where the run in OUT stopped')
    .option('--dry-run', 'check everything, show what would be trained, and stop')
    .addOption(quietOption())
    .action(train)
}

async function train(cohort: string, options: TrainOptions): Promise<void> {
  const { base, folds: splits, reports, frame, device, workers, threads, fold: only, quiet = false, out } = options
  const config = await resolveConfig(options)
  const run = await prepareRun({ cohort, frame, base, reports, splits, config, device, workers, threads, only })
  if (!quiet) for (const { message, code } of run.notes) console.error(`note: ${message} [${code}]`)
  if (options.dryRun) {
    console.log(describe(run))
    return
  }
  if (out === undefined)
    throw new SpiculaError('cli/usage', 'train needs --out FOLDER', { hint: 'Or --dry-run to look first.' })
  if (!quiet) console.error(`${yamlText(config).trimEnd()}\n`)
  const progress = startProgress('draws', 0, { quiet })
  const bar = { current: progress }
  const missing = await trainRun(run, out, {
    resume: options.resume ?? false,
    progress: {
      fold: (fold, { epoch, resumed }) => {
        bar.current.done()
        if (!quiet) console.error(`fold ${fold}: ${resumed ? `goes on in epoch ${epoch}` : 'begins'}`)
        bar.current = startProgress('nodules', run.folds[fold].train.length * (config.epochs - epoch), { quiet })
      },
      step: (samples) => bar.current.step(samples),
      epoch: (fold, { epoch, train: losses, val, auroc, improved }) => {
        const best = improved.length > 0 ? `  best for ${improved.join(', ')}` : ''
        const area = auroc === null ? '' : `  AUROC ${auroc.toFixed(3)}`
        bar.current.say(
          `fold ${fold} epoch ${epoch}: loss ${losses.total.toFixed(4)}, validation ${val.total.toFixed(4)}${area}${best}`,
        )
      },
    },
  })
  bar.current.done()
  if (missing.length > 0) console.log(`${out}: not trained yet: fold ${missing.join(', ')}`)
  else console.log(`${out}/model: ${run.folds.length} folds, ready for spicula predict  (for research use)`)
}

/** Defaults, the file over them, flags over both. */
async function resolveConfig(options: TrainOptions): Promise<TrainConfig> {
  const { config: file, set = [], tuning, epochs, seed, augment } = options
  const value: Record<string, unknown> = file === undefined ? {} : await readConfig(file)
  for (const assignment of set) {
    const [, path, text] = /^([\w.]+)=(.*)$/s.exec(assignment) ?? []
    if (path === undefined)
      throw new SpiculaError('cli/usage', `--set ${assignment}: write key=value, e.g. lora.rank=4`)
    assign(value, path.split('.'), parseYaml(text))
  }
  const flags = { tuning, epochs, seed, ...(augment ? { augment, augmentText: augment } : {}) }
  for (const [key, flag] of Object.entries(flags)) if (flag !== undefined) value[key] = flag
  return parseTrainConfig(value, file === undefined ? 'the command line' : basename(file))
}

async function readConfig(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new SpiculaError('cli/missing', `${file} cannot be read`, { cause })
  })
  let value: unknown
  try {
    // JSON is YAML.
    value = parseYaml(text)
  } catch (cause) {
    throw new SpiculaError(
      'training/config',
      `${basename(file)} is neither JSON nor YAML: ${cause instanceof Error ? cause.message : cause}`,
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SpiculaError('training/config', `${basename(file)} holds no configuration: keys and values are expected`)
  return value as Record<string, unknown>
}

function assign(target: Record<string, unknown>, [key, ...rest]: string[], value: unknown): void {
  if (['__proto__', 'constructor', 'prototype'].includes(key))
    throw new SpiculaError('cli/usage', `--set ${key} is not a setting`)
  if (rest.length === 0) {
    target[key] = value
    return
  }
  const inner = target[key]
  const next = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {}
  target[key] = next
  assign(next, rest, value)
}

/** What a dry run shows. */
function describe(run: PreparedRun): string {
  const { options, samples, check, parameters, base } = run
  const { config } = options
  const patients = new Set(samples.map(({ row }) => row.pid)).size
  const malignant = samples.filter(({ label }) => label === 1).length
  const millions = (n: number) => `${(n / 1e6).toFixed(2)} M`
  const estimate = memoryEstimate(run.architecture, config, parameters)
  const lines = [
    `cohort       ${samples.length} nodules of ${patients} patients, ${malignant} malignant, ${samples.length - malignant} benign`,
    `base         ${base.config.name} ${base.config.version}`,
    `tuning       ${config.tuning}: ${millions(parameters.trained)} of ${millions(parameters.total)} parameters are trained`,
    `memory       about ${(estimate / 1e9).toFixed(1)} GB (batches of ${config.batchSize})`,
    `texts        ${run.texts.description}`,
    'leakage      none: no patient is on two sides of a fold',
    '',
    'fold   train: patients  nodules  malignant   validation: patients  nodules  malignant',
    ...check.folds.map(({ train, val }, k) =>
      [
        String(k).padEnd(6),
        String(train.patients).padStart(15),
        String(train.nodules).padStart(8),
        String(train.malignantNodules).padStart(10),
        String(val.patients).padStart(22),
        String(val.nodules).padStart(8),
        String(val.malignantNodules).padStart(10),
      ].join(' '),
    ),
    ...(check.test.patients > 0
      ? [`test   ${check.test.patients} patients held out, ${check.test.nodules} nodules`]
      : []),
    '',
    yamlText(config).trimEnd(),
  ]
  return lines.join('\n')
}
