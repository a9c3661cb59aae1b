/** `spicula export`: models for other software. */
import { dirname } from 'node:path'
import { Command } from 'commander'
import { SpiculaError } from '../error.ts'
import { showShape } from '../graph/shape.ts'
import type { Checkpoint } from '../model/checkpoint.ts'
import { openModelFolder } from '../model/folder.node.ts'
import { stampOf } from '../predict/answers.ts'
import { exportOnnx } from '../predict/export-onnx.node.ts'
import { checkpointOption } from './shared/options.ts'
import { makeFolder } from './shared/rows.node.ts'

export function exportCommand(): Command {
  const command = new Command('export')
    .summary('models for other software')
    .description('Writes models for other software.')
  command
    .command('onnx')
    .description(
      'Writes a model as one ONNX file (opset 17, standard operators only) that any runtime takes: nine views of ' +
        'nodules in; probability, probability by fold, view attention and embedding out. How to use it: docs/export.md.',
    )
    .argument('<folder>', 'model folder')
    .requiredOption('--out <file>', 'the file to write, e.g. model.onnx')
    .addOption(checkpointOption())
    .action(onnx)
  return command
}

async function onnx(folder: string, { out, checkpoint }: { out: string; checkpoint: Checkpoint }): Promise<void> {
  if (!/\.onnx$/i.test(out))
    throw new SpiculaError('cli/usage', `--out ${out} does not end in .onnx`, {
      hint: 'Name the file, e.g. model.onnx.',
    })
  const { config } = await openModelFolder(folder)
  await makeFolder(dirname(out))
  const { files, inputs, outputs } = await exportOnnx(folder, out, { checkpoint })
  const types = (values: typeof inputs) =>
    Object.entries(values).map(([name, { shape }]) => `${name} ${showShape(shape)}`)
  for (const { path, bytes } of files) console.log(`${path}: ${(bytes / 1e6).toFixed(1)} MB`)
  if (files.length > 1) console.log('the two files belong together: keep them in one folder, under these names')
  console.log(`in   ${types(inputs).join(', ')}`)
  console.log(`out  ${types(outputs).join(', ')}`)
  const { model, modelVersion, software, use } = stampOf(config)
  console.log(`model ${model} ${modelVersion}, ${software}, ${use}`)
}
