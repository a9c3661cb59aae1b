/** `spicula weights import-clip-nodule`: the authors' release as a model folder that predicts. */
import { Command, Option } from 'commander'
import { importRelease, type ReleaseReport } from '../../importing/clip-nodule.node.ts'
import { LORA_STATES, type LoraState } from '../../importing/lora.ts'
import { quietOption } from '../shared/options.ts'
import { weightProgress } from './progress.ts'

interface ReleaseArguments {
  readonly out: string
  readonly name?: string
  readonly vocab?: string
  readonly lora?: LoraState
  readonly license?: string
  readonly quiet?: boolean
}

export function weightsImportClipNoduleCommand(): Command {
  return new Command('import-clip-nodule')
    .summary("the published project's checkpoints as a model folder that predicts")
    .description(
      'Makes a model folder of the checkpoints that CLIP_nodule (Zhuang et al. 2025) trains and releases: args.txt, ' +
        'fold_k/best_both.pt (best_pred.pt, best_clip.pt), cal_k.pkl, any number of folds. What the folds have alike is ' +
        'stored once, low-rank updates count once, and nothing in the files is run.',
    )
    .argument('<folder>', 'the checkpoints')
    .requiredOption('--out <folder>', 'the model folder to make')
    .option('--name <name>', "the model's name (default: the folder's)")
    .option(
      '--vocab <file>',
      "CLIP's vocabulary, for zero-shot features: tokenizer.json, merges.txt or bpe_simple_vocab_16e6.txt.gz",
    )
    .addOption(
      new Option(
        '--lora <state>',
        'whether the stored weights hold their low-rank updates, where the files do not tell',
      ).choices([...LORA_STATES]),
    )
    .option('--license <text>', 'licence under which the weights are published, for config.json')
    .addOption(quietOption())
    .action(run)
}

async function run(folder: string, { out, quiet = false, ...options }: ReleaseArguments): Promise<void> {
  const progress = weightProgress(quiet)
  const report = await importRelease(folder, out, { ...options, onWeight: progress.onWeight })
  progress.done()
  if (!quiet) for (const { message, code } of report.notes) console.error(`note: ${message} [${code}]`)
  console.log(describe(out, report).join('\n'))
}

function describe(out: string, report: ReleaseReport): string[] {
  const { config, checkpoints, weights, bytes } = report
  const calibrated = config.folds.every(({ calibration }) => calibration) ? 'calibrated' : 'not calibrated'
  const megabytes = (n: number) => `${(n / 1e6).toFixed(1)} MB`
  const lines: [string, string][] = [
    ['checkpoints', checkpoints.join(', ')],
    ['shared', `${weights.shared} weights, ${megabytes(bytes.base)}`],
    ['own', `${weights.own} weights, ${megabytes(bytes.own)} a checkpoint`],
    ['LoRA', lora(report)],
    ['geometry', 'published: views are made as the checkpoints were trained on them'],
  ]
  return [
    `${out}: ${config.name}, ${config.folds.length} folds, ${calibrated}; ready for \`spicula predict --model\`  (for research use)`,
    ...lines.map(([name, value]) => `${name.padEnd(12)} ${value}`),
    ...rawZero(report),
  ]
}

function lora({ config, lora: state }: ReleaseReport): string {
  const { lora: settings } = config.architecture
  if (!settings || !state) return 'none'
  const how =
    state === 'merged'
      ? 'were merged into the weights and stored beside them: taken out again'
      : 'stored beside the weights'
  return `rank ${settings.rank}, alpha ${settings.alpha} on ${settings.targets.join(', ')}; ${how}`
}

/** What is not as in the published results, said plainly. */
function rawZero({ lora: state, largestUpdate }: ReleaseReport): string[] {
  if (state !== 'merged' || largestUpdate === 0) return []
  return [
    `Each update counts once here. The published evaluation added it twice in the first fold that it loads: raw_0 (and with`,
    `it the ensemble) differs from published tables, the other folds do not. The update reaches ${(100 * largestUpdate).toPrecision(2)} % of the largest`,
    'weight that it is added to.',
  ]
}
