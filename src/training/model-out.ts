/** The model folder that a run ends with. */
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { copyFileAtomic, writeFileAtomic } from '../files/atomic.node.ts'
import type { ModelConfig } from '../model/config.ts'
import { VERSION } from '../version.ts'
import type { PreparedRun } from './prepare-run.ts'

/** The trained model, ready for `spicula predict --model`. */
export async function writeModelFolder(run: PreparedRun, out: string): Promise<void> {
  const { base, architecture, options, samples } = run
  const model = join(out, 'model')
  await mkdir(model, { recursive: true })
  await copyFileAtomic(join(base.path, base.config.base), join(model, 'base.safetensors'))
  const { prompts } = base.config
  for (const file of [...run.texts.files, ...(prompts === undefined ? [] : [prompts])]) {
    await mkdir(dirname(join(model, file)), { recursive: true })
    await copyFileAtomic(join(base.path, file), join(model, file))
  }
  const folds: ModelConfig['folds'] = []
  for (const k of run.folds.keys()) folds.push(await exportFold(join(out, `fold_${k}`), model, k, options.config.keep))
  // The base's reports are not these weights'.
  const { reports: _, ...inherited } = base.config
  const config: ModelConfig = {
    ...inherited,
    name: `${base.config.name}-${options.config.tuning}`,
    version: '1',
    provenance: `${options.config.tuning} tuning of ${options.config.start === 'folds' ? 'the folds of ' : ''}${base.config.name} ${base.config.version} on ${samples.length} nodules with spicula ${VERSION}, seed ${options.config.seed}; ${base.config.provenance}`,
    architecture: structuredClone(architecture) as ModelConfig['architecture'],
    base: 'base.safetensors',
    folds,
  }
  await writeFileAtomic(join(model, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
}

/** Copies a fold's weights into a model folder: the best of each kind, or the last, which are the same for all. */
async function exportFold(
  folder: string,
  model: string,
  fold: number,
  keep: 'best' | 'last',
): Promise<ModelConfig['folds'][number]> {
  const file = (name: string) => `fold_${fold}_${name}.safetensors`
  const files = {
    both: file('both'),
    ...(keep === 'best' ? { prediction: file('prediction'), clip: file('clip') } : {}),
  }
  for (const [name, path] of Object.entries(files))
    await copyFileAtomic(join(folder, `best_${name}.safetensors`), join(model, path))
  return files
}
