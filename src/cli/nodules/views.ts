/** `spicula views`: what a model sees of every nodule, for programs (.npy) and for people (.png). */
import { Command, Option } from 'commander'
import { openModelFolder } from '../../model/folder.node.ts'
import { preprocessingOf } from '../../model/preprocessing.ts'
import type { Geometry } from '../../nodule/geometry.ts'
import { HU_WINDOW } from '../../nodule/hounsfield.ts'
import { DEFAULT_PREPROCESSING } from '../../nodule/prepare.ts'
import type { ViewSet } from '../../nodule/views.ts'
import { frameOption, geometryOption, quietOption, viewsOption } from '../shared/options.ts'
import { type WriteOptions, writeProducts } from './write-cohort.node.ts'
import type { Product } from './write-nodules.node.ts'

interface ViewsOptions extends WriteOptions {
  readonly views: ViewSet
  readonly geometry: Geometry
  readonly model?: string
}

export function viewsCommand(): Command {
  return new Command('views')
    .summary('the nine views of the nodules, as .npy and contact sheets')
    .description(
      `Writes for every row {pid}_{nodule_id}.npy, float32 [9, 224, 224] with [${HU_WINDOW.join(', ')}] HU as [0, 1], ` +
        'and a labelled contact sheet {pid}_{nodule_id}.png. With --model the views are those that the model reads, so ' +
        'that its exported form (spicula export onnx) can be fed with them.',
    )
    .argument('<cohort>', 'CSV with pid, nodule_id, image_path, coordX, coordY, coordZ')
    .requiredOption('--out <folder>', 'where the files go')
    .addOption(viewsOption())
    .addOption(
      new Option('--model <folder>', 'make them at the resolution and in the geometry of this model').conflicts(
        'geometry',
      ),
    )
    .addOption(geometryOption())
    .addOption(frameOption())
    .addOption(quietOption())
    .action(views)
}

async function views(cohort: string, { views, geometry, model, ...options }: ViewsOptions): Promise<void> {
  const { done } = await writeProducts(cohort, await productOf(views, geometry, model), options)
  if (!options.quiet) console.error(`views of ${done} ${done === 1 ? 'nodule' : 'nodules'} -> ${options.out}`)
}

async function productOf(views: ViewSet, geometry: Geometry, model: string | undefined): Promise<Product> {
  const published = { kind: 'views', ...DEFAULT_PREPROCESSING, views } as const
  if (model === undefined) return { ...published, geometry }
  const { config } = await openModelFolder(model)
  return { ...published, ...preprocessingOf(config), views, model: `${config.name} ${config.version}` }
}
