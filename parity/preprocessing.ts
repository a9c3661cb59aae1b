/** Crops and views against a folder laid out like `fixtures/preprocessing`. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { decodeNpy } from '../src/files/npy.ts'
import { type Crop, cropNodule } from '../src/nodule/crop.ts'
import type { Geometry } from '../src/nodule/geometry.ts'
import { nineViews } from '../src/nodule/views.ts'
import { openScan } from '../src/scan/open.node.ts'
import { type Comparison, compare } from './report.ts'

const CROP_HU = 1e-3
const VIEW = 1e-4

const cases = z.array(z.looseObject({ file: z.string(), coordX: z.number(), coordY: z.number(), coordZ: z.number() }))

/** Each case's crop and views, in each geometry that the folder has numbers for. */
export async function* comparePreprocessing(folder: string): AsyncGenerator<Comparison> {
  for (const { file, coordX, coordY, coordZ } of cases.parse(
    JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')),
  )) {
    const scan = await openScan(join(folder, file))
    const name = file.replace(/\.nii(\.gz)?$/, '')
    for (const [geometry, suffix] of [
      ['published', ''],
      ['exact', '_exact'],
    ] as const satisfies readonly (readonly [Geometry, string])[]) {
      const stored = (what: string) => {
        const path = join(folder, `${name}_${what}${suffix}.npy`)
        return existsSync(path) ? decodeNpy(readFileSync(path), path) : undefined
      }
      const crop = stored('crop')
      const views = stored('slices')
      if (!crop && !views) continue
      const [sizeMm = 100] = crop?.shape ?? []
      const ours = await cropNodule(scan, [coordX, coordY, coordZ], { geometry, sizeMm })
      if (crop) yield compare(`${name} crop, ${geometry}, HU`, ours.hu, crop.data, CROP_HU)
      if (!views) continue
      yield compare(`${name} views, ${geometry}`, nineViews(ours), views.data, VIEW)
      // From the stored crop too: the views' own error, apart from the crop's.
      if (!crop) continue
      const theirs: Crop = { ...ours, hu: Float32Array.from(crop.data) }
      yield compare(`${name} views of the stored crop, ${geometry}`, nineViews(theirs), views.data, VIEW)
    }
  }
}
