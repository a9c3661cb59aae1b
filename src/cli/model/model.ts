/** `spicula model`: looking at model folders, and making random ones. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { Command } from 'commander'
import { SpiculaError } from '../../error.ts'
import { parseInitConfig } from '../../model/config.ts'
import { initModel } from '../../model/init.node.ts'
import { inspectModel } from '../../model/inspect.node.ts'
import { PRESETS } from '../../model/presets.ts'
import { parseWhole } from '../shared/options.ts'
import { addReportsCommand } from './add-reports.ts'

export function modelCommand(): Command {
  const model = new Command('model')
    .summary('look into model folders, and make random ones')
    .description('Looks into model folders, and makes random ones.')
  model
    .command('inspect')
    .description('Says what a model folder holds, and checks every weight against the architecture.')
    .argument('<folder>', 'model folder')
    .option('--json', 'print it as JSON')
    .action(inspect)
  model
    .command('init')
    .description('Makes a model folder with random weights, to try the software with. Its numbers mean nothing.')
    .requiredOption('--config <config>', `a JSON file, or one of ${Object.keys(PRESETS).join(', ')}`)
    .requiredOption('--out <folder>', 'the folder to make')
    .option('--seed <n>', 'the same seed gives the same bytes', parseWhole(0), 0)
    .action(init)
  model.addCommand(addReportsCommand())
  return model
}

async function init({ config, out, seed }: { config: string; out: string; seed: number }): Promise<void> {
  const json = Object.hasOwn(PRESETS, config) ? JSON.stringify(PRESETS[config]) : await readConfig(config)
  const written = await initModel(out, parseInitConfig(json, basename(config)), seed)
  console.log(`${out}: ${written.name}, ${written.folds.length} folds, random weights (seed ${seed})`)
}

const readConfig = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SpiculaError(
      'cli/missing',
      `${path} is neither a readable file nor one of ${Object.keys(PRESETS).join(', ')}`,
      {
        cause,
      },
    )
  })

async function inspect(folder: string, { json = false }: { json?: boolean }): Promise<void> {
  const report = await inspectModel(folder)
  if (json) {
    console.log(JSON.stringify(report, null, 2))
    return
  }
  const { config, parameters, files } = report
  const { image, text, lora, pooling } = config.architecture
  const millions = (n: number) => `${(n / 1e6).toFixed(2)} M`
  const tower = (t: { layers: number; width: number; heads: number }) =>
    `${t.layers} layers, width ${t.width}, ${t.heads} heads`
  const calibrated = config.folds.every(({ calibration }) => calibration) ? 'calibrated' : 'not calibrated'
  const lines: [string, string][] = [
    ['model', `${config.name} ${config.version}`],
    ['intended use', config.intendedUse],
    ['provenance', config.provenance],
    ['licence', config.license],
    [
      'image tower',
      `${tower(image)}, patches of ${image.patch} in ${image.resolution}x${image.resolution}, ${image.activation}`,
    ],
    ['text tower', text ? `${tower(text)}, ${text.vocabulary} words, ${text.context} tokens` : 'none: predicts only'],
    ['pooling', `attention over views, ${pooling.embedDim}-d embedding`],
    ['LoRA', lora ? `rank ${lora.rank}, alpha ${lora.alpha} (${lora.scaling}) on ${lora.targets.join(', ')}` : 'none'],
    ['folds', `${config.folds.length}, ${calibrated}`],
    ['views', `${config.preprocessing.geometry} geometry`],
    ['parameters', `${millions(parameters.image)} image side${text ? `, ${millions(parameters.text)} text side` : ''}`],
    ...files.map(({ file, bytes }, i): [string, string] => [
      i === 0 ? 'files' : '',
      `${file} ${(bytes / 1e6).toFixed(2)} MB`,
    ]),
  ]
  for (const [name, value] of lines) console.log(`${name.padEnd(13)} ${value}`)
  console.log('every weight present, none extra, all of the right shape')
}
