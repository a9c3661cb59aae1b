/** `spicula zero-shot`: semantic features by prompts. */

import { dirname } from 'node:path'
import { Command } from 'commander'
import type { Frame } from '../cohort/frame.ts'
import { readManifest } from '../cohort/manifest.node.ts'
import { SpiculaError } from '../error.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import { csvText } from '../files/csv.ts'
import type { Device } from '../graph/device.ts'
import type { Checkpoint } from '../model/checkpoint.ts'
import { embeddedModel } from '../model/embedded-model.node.ts'
import { freePrompts, type PromptSet } from '../model/prompts.ts'
import type { ViewSet } from '../nodule/views.ts'
import type { FeatureAnswer } from '../predict/answers.ts'
import { openZeroShot, type ZeroShot } from '../predict/words/zero-shot.node.ts'
import { type Answered, collectAnswers } from './predict/collect.node.ts'
import {
  checkpointOption,
  deviceOption,
  frameOption,
  modelOption,
  quietOption,
  threadsOption,
  viewsOption,
} from './shared/options.ts'
import { makeFolder, printNotes, reportProblems } from './shared/rows.node.ts'
import { textProgress } from './shared/text-progress.node.ts'

interface ZeroShotCommandOptions {
  readonly model?: string
  readonly out?: string
  readonly prompts?: string
  readonly prompt?: readonly string[]
  readonly against?: readonly string[]
  readonly folds?: boolean
  readonly frame: Frame
  readonly views: ViewSet
  readonly checkpoint: Checkpoint
  readonly device: Device
  readonly threads?: number
  readonly quiet?: boolean
}

const gather = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

export function zeroShotCommand(): Command {
  return new Command('zero-shot')
    .summary('semantic features of nodules, by prompts')
    .description(
      "Compares each nodule's image embedding with the embeddings of sentences. Long form: " +
        'pid,nodule_id,feature,value,probability; over the values of a feature probabilities sum to 1. For research use.',
    )
    .argument('<cohort>', 'CSV with pid, nodule_id, image_path, coordX, coordY, coordZ')
    .addOption(modelOption())
    .option('--out <csv>', 'the table to write (default: standard output)')
    .option('--prompts <json>', "prompt sets in place of the model's (models/prompts.json is a whole one)")
    .option('--prompt <sentence>', 'ask with sentences of your own (repeatable)', gather)
    .option('--against <sentence>', 'what else it may be (repeatable)', gather)
    .option('--folds', "each fold's probability too: fold_0, fold_1, ...")
    .addOption(frameOption())
    .addOption(viewsOption())
    .addOption(checkpointOption())
    .addOption(deviceOption())
    .addOption(threadsOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      `
Examples:
  spicula zero-shot cohort.csv --model DIR --out features.csv
  spicula zero-shot cohort.csv --model DIR --prompt "The nodule is spiculated." --against "The nodule is smooth."`,
    )
    .action(zeroShot)
}

async function zeroShot(cohort: string, options: ZeroShotCommandOptions): Promise<void> {
  const { out, folds = false, quiet = false, frame, views, checkpoint, device, threads, prompts } = options
  const model = options.model ?? embeddedModel()
  const sets = ownQuestion(options)
  const manifest = await readManifest(cohort, { frame })
  if (out !== undefined) await makeFolder(dirname(out))
  const reader = await openZeroShot(model, {
    checkpoint,
    device,
    prompts,
    sets,
    onEmbedded: textProgress(quiet),
    ...(threads === undefined ? {} : { threads }),
  })
  if (!quiet) printNotes(manifest.notes.map((note) => ({ line: 1, note })))
  const { results: answered, problems } = await collectAnswers(manifest.rows, reader, { frame, views, quiet }).finally(
    () => reader.close(),
  )
  const csv = longCsv(answered, reader.folds, folds)
  if (out === undefined) process.stdout.write(csv)
  else {
    await writeFileAtomic(out, csv)
    await writeFileAtomic(
      `${out}.about.json`,
      about(reader, answered.length, manifest.problems.length + problems.length),
    )
  }
  const all = [...manifest.problems, ...problems].sort((a, b) => a.line - b.line)
  await reportProblems(all, out === undefined ? undefined : dirname(out))
  if (quiet) return
  const { model: name, modelVersion, software, use } = reader.stamp
  const where = out === undefined ? '' : ` -> ${out}`
  console.error(
    `${answered.length} nodules, ${reader.sets.length} features${where}  (model ${name} ${modelVersion}, ${software}, ${use})`,
  )
}

/** The question of --prompt and --against, or undefined where a file asks. */
function ownQuestion({ prompt, against, prompts }: ZeroShotCommandOptions): PromptSet[] | undefined {
  if (prompt === undefined && against === undefined) return undefined
  if (prompts !== undefined) throw new SpiculaError('cli/usage', '--prompts goes without --prompt and --against')
  if (prompt === undefined || against === undefined)
    throw new SpiculaError('cli/usage', '--prompt and --against belong together', {
      hint: 'A probability is always one against another: --prompt "..." --against "..."',
    })
  return [freePrompts([...prompt, ...against])]
}

/**
 * The long table. Numbers have as many digits as it takes to read the same double back.
 * @param withFolds whether each fold has its column
 */
function longCsv(answered: readonly Answered<FeatureAnswer[]>[], folds: number, withFolds: boolean): string {
  const names = withFolds ? Array.from({ length: folds }, (_, fold) => `fold_${fold}`) : []
  const rows = answered.flatMap(({ row, prediction }) =>
    prediction.flatMap(({ feature, values }) =>
      values.map(({ value, probability, folds: each }) => [
        row.pid,
        row.noduleId,
        feature,
        value,
        String(probability),
        ...(withFolds ? each.map(String) : []),
      ]),
    ),
  )
  return csvText([['pid', 'nodule_id', 'feature', 'value', 'probability', ...names], ...rows])
}

function about({ stamp, folds, sets }: ZeroShot, nodules: number, failed: number): string {
  const { model, modelVersion, software, use } = stamp
  const features = Object.fromEntries(
    sets.map(({ feature, values }) => [
      feature,
      Object.fromEntries(values.map(({ value, prompts }) => [value, prompts])),
    ]),
  )
  const content = { model, model_version: modelVersion, software, use, folds, nodules, failed, prompts: features }
  return `${JSON.stringify(content, null, 2)}\n`
}
