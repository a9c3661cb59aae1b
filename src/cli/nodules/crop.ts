/** `spicula crop`: the cubes that the views are made of. */
import { Command } from 'commander'
import type { Geometry } from '../../nodule/geometry.ts'
import { frameOption, geometryOption, parseWhole, quietOption } from '../shared/options.ts'
import { type WriteOptions, writeProducts } from './write-cohort.node.ts'

export function cropCommand(): Command {
  return new Command('crop')
    .summary('cubes of 1 mm round the nodules, as .npy')
    .description('Writes {pid}_{nodule_id}.npy for every row: float32 [z, y, x] HU at 1 mm, axes along L, P and S.')
    .argument('<cohort>', 'CSV with pid, nodule_id, image_path, coordX, coordY, coordZ')
    .requiredOption('--out <folder>', 'where the files go')
    .option('--size <mm>', 'edge of the cube', parseWhole(1), 100)
    .addOption(geometryOption())
    .addOption(frameOption())
    .addOption(quietOption())
    .action(
      async (cohort: string, { size, geometry, ...options }: WriteOptions & { size: number; geometry: Geometry }) => {
        const { done } = await writeProducts(cohort, { kind: 'crop', geometry, sizeMm: size }, options)
        if (!options.quiet) console.error(`${done} ${done === 1 ? 'crop' : 'crops'} of ${size} mm -> ${options.out}`)
      },
    )
}
