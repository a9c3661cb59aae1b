/** `spicula views`: what a model sees of every nodule, for programs (.npy) and for people (.png). */
import { Command } from 'commander'
import type { Geometry } from '../../nodule/geometry.ts'
import { HU_WINDOW } from '../../nodule/hounsfield.ts'
import type { ViewSet } from '../../nodule/views.ts'
import { frameOption, geometryOption, quietOption, viewsOption } from '../shared/options.ts'
import { type ExportOptions, exportCohort } from './write-cohort.node.ts'

export function viewsCommand(): Command {
  return new Command('views')
    .summary('the nine views of the nodules, as .npy and contact sheets')
    .description(
      `Writes for every row {pid}_{nodule_id}.npy, float32 [9, 224, 224] with [${HU_WINDOW.join(', ')}] HU as [0, 1], ` +
        'and a labelled contact sheet {pid}_{nodule_id}.png.',
    )
    .argument('<cohort>', 'CSV with pid, nodule_id, image_path, coordX, coordY, coordZ')
    .requiredOption('--out <folder>', 'where the files go')
    .addOption(viewsOption())
    .addOption(geometryOption())
    .addOption(frameOption())
    .addOption(quietOption())
    .action(
      async (
        cohort: string,
        { views, geometry, ...options }: ExportOptions & { views: ViewSet; geometry: Geometry },
      ) => {
        const { done } = await exportCohort(cohort, { kind: 'views', geometry, views }, options)
        if (!options.quiet) console.error(`views of ${done} ${done === 1 ? 'nodule' : 'nodules'} -> ${options.out}`)
      },
    )
}
