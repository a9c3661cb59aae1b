/** Options that several commands share, each defined once. */
import { InvalidArgumentError, Option } from 'commander'
import { frames } from '../../cohort/frame.ts'
import { DEVICES } from '../../graph/device.ts'
import { CHECKPOINTS } from '../../model/checkpoint.ts'
import { hasEmbeddedModel } from '../../model/embedded-model.node.ts'
import { PRECISIONS } from '../../predict/precision.ts'
import type { Triple } from '../../scan/scan.ts'

/** `-38.0,-73.9,-111.0` */
export function parsePoint(text: string): Triple {
  const numbers = text
    .split(/[\s,;]+/)
    .filter((part) => part !== '')
    .map(Number)
  if (numbers.length !== 3 || !numbers.every(Number.isFinite))
    throw new InvalidArgumentError(`'${text}' is not a point: write three numbers, e.g. --at -38.0,-73.9,-111.0`)
  const [x, y, z] = numbers
  return [x, y, z]
}

/** A whole number of at least `least`. */
export const parseWhole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`'${text}' is not a whole number from ${least}`)
    return value
  }

export const frameOption = () =>
  new Option('--frame <frame>', 'what the coordinates are: world mm (lps, ras) or indices of the stored voxels')
    .choices([...frames])
    .default('lps')

export const geometryOption = () =>
  new Option(
    '--geometry <geometry>',
    'where samples lie: exactly round the point, or displaced as by the published code',
  )
    .choices(['exact', 'published'])
    .default('exact')

export const modelOption = () =>
  new Option(
    '--model <folder>',
    hasEmbeddedModel() ? 'model folder (default: the embedded spicula-small)' : 'model folder',
  )

export const viewsOption = () =>
  new Option('--views <views>', 'all nine views, the axial one, or the three mid-planes')
    .choices(['nine', 'axial', 'planes'])
    .default('nine')

export const deviceOption = () =>
  new Option('--device <device>', 'where the model runs').choices([...DEVICES]).default('cpu')

export const precisionOption = () =>
  new Option('--precision <precision>', 'int8: up to three times as fast, probabilities change in the third decimal')
    .choices([...PRECISIONS])
    .default('fp32')

export const checkpointOption = () =>
  new Option('--checkpoint <which>', "each fold's best for prediction, for CLIP, or for both")
    .choices([...CHECKPOINTS])
    .default('both')

export const threadsOption = () =>
  new Option('--threads <n>', 'threads of the model (default: all cores)').argParser(parseWhole(1))

export const quietOption = () => new Option('--quiet', 'no progress, no notes')
