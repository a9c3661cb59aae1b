/** `spicula weights import`: published CLIP weights as a model folder to train on. */
import { Command, Option } from 'commander'
import { type ImportOptions, type ImportReport, importBase } from '../../importing/base.node.ts'
import type { Activation } from '../../importing/hints.ts'
import { quietOption } from '../shared/options.ts'
import { weightProgress } from './progress.ts'

export interface ImportArguments extends Pick<ImportOptions, 'source'> {
  readonly out: string
  readonly name?: string
  readonly vocab?: string
  readonly activation?: Activation
  readonly half?: boolean
  readonly license?: string
  readonly quiet?: boolean
}

export function weightsImportCommand(): Command {
  return new Command('import')
    .summary('published CLIP weights as a model folder to train on')
    .description(
      "Makes a model folder for `spicula train --base` of published CLIP weights: OpenAI's .pt, any file of torch.save, " +
        "safetensors or .bin by Hugging Face's or open_clip's names. Nothing in the file is run; every tensor is used, or " +
        'named as not needed.',
    )
    .argument('<file>', 'weights, or a folder with model.safetensors, its shards, or pytorch_model.bin')
    .requiredOption('--out <folder>', 'the model folder to make')
    .option('--name <name>', "the model's name (default: the file's)")
    .option(
      '--vocab <file>',
      'tokenizer.json, merges.txt or bpe_simple_vocab_16e6.txt.gz (default: one beside the file)',
    )
    .addOption(
      new Option(
        '--activation <activation>',
        "activation of the towers, where no file tells it: OpenAI's is quickGelu",
      ).choices(['quickGelu', 'gelu']),
    )
    .option('--half', 'round to half precision what it does not hold exactly, for half the size')
    .option('--license <text>', 'licence under which the weights are published, for config.json')
    .addOption(quietOption())
    .action(importWeights)
}

/** Imports weights and prints what they are: `weights pull` ends with it too. */
export async function importWeights(file: string, { out, quiet = false, ...options }: ImportArguments): Promise<void> {
  const progress = weightProgress(quiet)
  const report = await importBase(file, out, { ...options, onWeight: progress.onWeight })
  progress.done()
  console.log(describe(out, report).join('\n'))
}

function describe(out: string, report: ImportReport): string[] {
  const { config, container, layout, activationFrom, weights, bytes, floats, rounding, unneeded } = report
  const { image, text } = config.architecture
  const tower = (t: { layers: number; width: number; heads: number; activation: string }) =>
    `${t.layers} layers, width ${t.width}, ${t.heads} heads, ${t.activation}`
  const precision =
    rounding > 0
      ? `half precision, rounded by at most ${rounding.toPrecision(2)}`
      : floats === 0
        ? 'half precision, which holds every number exactly'
        : `${weights - floats} in half precision, ${floats} in float32 because halves would round them (--half rounds)`
  const lines: [string, string][] = [
    ['read', `${container}, ${layout} names`],
    ['image tower', `${tower(image)}, patches of ${image.patch} in ${image.resolution}x${image.resolution}`],
    ['text tower', text ? `${tower(text)}, ${text.vocabulary} tokens` : 'none: training needs one'],
    ['activation', activationFrom],
    ['weights', `${weights}, ${(bytes / 1e6).toFixed(1)} MB: ${precision}`],
    ...grouped(unneeded).map((line): [string, string] => ['not needed', line]),
  ]
  return [
    `${out}: ${config.name}, a base for \`spicula train --base\`  (for research use)`,
    ...lines.map(([name, value]) => `${name.padEnd(12)} ${value}`),
    'Its heads are random: until it is trained, its malignancy probabilities and features mean nothing.',
  ]
}

/** `input_resolution, vocab_size: why` */
function grouped(unneeded: ImportReport['unneeded']): string[] {
  const byWhy = new Map<string, string[]>()
  for (const { name, why } of unneeded) byWhy.set(why, [...(byWhy.get(why) ?? []), name])
  return [...byWhy].map(([why, names]) => `${names.join(', ')}: ${why}`)
}
