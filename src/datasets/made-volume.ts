/**
 * A made CT for demonstrations and benchmarks: a body with two lungs, noise, and round nodules at known places.
 * A stand-in until the phantom cohort; nothing can be learnt from it.
 */
import { type Random, seededRandom } from '../random.ts'
import type { Affine, Triple } from '../volume/volume.ts'

export interface MadeNodule {
  readonly pointLps: Triple
  readonly radiusMm: number
}

export interface MadeVolume {
  /** HU, i fastest. */
  readonly voxels: Int16Array
  readonly shapeIjk: Triple
  readonly affineLps: Affine
}

export interface MadeVolumeOptions {
  readonly shapeIjk: Triple
  readonly spacingMm: Triple
  readonly nodules: readonly MadeNodule[]
  readonly seed: number
}

const HU = { air: -1000, lung: -850, tissue: 40, nodule: 30 } as const
/** Standard deviation of the noise, HU: a low-dose scan of the chest. */
const NOISE = 25

/**
 * Makes a volume whose middle is the world's origin, axes along L, P and S.
 * @example
 * const { voxels } = madeVolume({ shapeIjk: [96, 96, 64], spacingMm: [2, 2, 2], nodules: [{ pointLps: [40, 0, 0], radiusMm: 6 }], seed: 1 })
 */
export function madeVolume({ shapeIjk, spacingMm, nodules, seed }: MadeVolumeOptions): MadeVolume {
  const [ni, nj, nk] = shapeIjk
  const [di, dj, dk] = spacingMm
  const originLps: Triple = [(-di * (ni - 1)) / 2, (-dj * (nj - 1)) / 2, (-dk * (nk - 1)) / 2]
  const voxels = new Int16Array(ni * nj * nk)
  const noise = noiseTable(seededRandom(seed))
  // Half the field of view sideways, so that body and lungs fit any made scan.
  const reach: Triple = [-originLps[0], -originLps[1], -originLps[2]]
  for (let k = 0, v = 0; k < nk; k++) {
    const z = originLps[2] + k * dk
    for (let j = 0; j < nj; j++) {
      const y = originLps[1] + j * dj
      // Each line starts at another place of the table: the noise does not repeat where an eye would see it.
      let at = (Math.imul(j + k * nj, 2654435761) >>> 0) % noise.length
      for (let i = 0; i < ni; i++, v++) {
        voxels[v] = anatomy(originLps[0] + i * di, y, z, reach) + noise[at]
        at = at + 1 === noise.length ? 0 : at + 1
      }
    }
  }
  const affineLps: Affine = [di, 0, 0, originLps[0], 0, dj, 0, originLps[1], 0, 0, dk, originLps[2]]
  const volume = { voxels, shapeIjk, affineLps }
  for (const nodule of nodules) addNodule(volume, spacingMm, originLps, nodule)
  return volume
}

/** HU of the body without its nodules. */
function anatomy(x: number, y: number, z: number, [rx, ry, rz]: Triple): number {
  if ((x / (0.92 * rx)) ** 2 + (y / (0.72 * ry)) ** 2 > 1) return HU.air
  const inLung = ((Math.abs(x) - 0.42 * rx) / (0.33 * rx)) ** 2 + (y / (0.5 * ry)) ** 2 + (z / (1.3 * rz)) ** 2 < 1
  return inLung ? HU.lung : HU.tissue
}

/** Fades from nodule to lung over a millimetre at the rim. */
function addNodule(
  { voxels, shapeIjk }: MadeVolume,
  spacing: Triple,
  origin: Triple,
  { pointLps, radiusMm }: MadeNodule,
) {
  const [ni, nj, nk] = shapeIjk
  const range = (axis: 0 | 1 | 2): [number, number] => [
    Math.max(0, Math.ceil((pointLps[axis] - radiusMm - 1 - origin[axis]) / spacing[axis])),
    Math.min(shapeIjk[axis] - 1, Math.floor((pointLps[axis] + radiusMm + 1 - origin[axis]) / spacing[axis])),
  ]
  const [[i0, i1], [j0, j1], [k0, k1]] = [range(0), range(1), range(2)]
  for (let k = k0; k <= Math.min(k1, nk - 1); k++)
    for (let j = j0; j <= Math.min(j1, nj - 1); j++)
      for (let i = i0; i <= Math.min(i1, ni - 1); i++) {
        const distance = Math.hypot(
          origin[0] + i * spacing[0] - pointLps[0],
          origin[1] + j * spacing[1] - pointLps[1],
          origin[2] + k * spacing[2] - pointLps[2],
        )
        const share = Math.min(Math.max(radiusMm + 0.5 - distance, 0), 1)
        const v = i + ni * (j + nj * k)
        voxels[v] += share * (HU.nodule - HU.lung)
      }
}

function noiseTable(random: Random): Int16Array {
  return Int16Array.from({ length: 65521 }, () => Math.round(NOISE * random.normal()))
}
