/** Label masks: each connected part of each label a nodule, its centroid in world mm, its size measured. */
import { SpiculaError } from '../../error.ts'
import { applyAffine, determinant } from '../../scan/affine.ts'
import type { Affine, Scan, Triple } from '../../scan/scan.ts'
import { type Component, componentFinder } from './components.ts'
import { type FoundPlaces, type NodulePlace, showMm } from './place.ts'

/** Voxels read at once, some 8 slices of a CT. */
const SLAB_VOXELS = 1 << 21
/** A scan with more nodules than this is not a scan of nodules: the mask is of lungs, vessels, or noise. */
const MOST_NODULES = 500
const MOST_LABELS = 256

/** Which parts count. */
export interface MaskOptions {
  /** Parts of a smaller diameter (of the sphere of equal volume) are left out, mm. */
  readonly minDiameterMm?: number
  /** Names of the labels, for the column `finding`. */
  readonly names?: ReadonlyMap<number, string>
}

/**
 * The nodules of a label mask in any format that is read as a scan.
 * @throws SpiculaError `datasets/mask` for what is not a mask: fractions, negative numbers, hundreds of labels or parts
 * @example const { places } = await placesOfMask(await openScan('mask.nii.gz'))
 */
export async function placesOfMask(mask: Scan, options: MaskOptions = {}): Promise<FoundPlaces> {
  const [ni, nj, nk] = mask.shapeIjk
  const finder = componentFinder(mask.shapeIjk, mask.affineLps)
  const labels = new Set<number>()
  const step = Math.max(1, Math.floor(SLAB_VOXELS / (ni * nj)))
  for (let k = 0; k < nk; k += step) {
    const count = Math.min(step, nk - k)
    const voxels = await mask.readHu({ startIjk: [0, 0, k], sizeIjk: [ni, nj, count] })
    checkLabels(voxels, labels, mask.name)
    for (let n = 0; n < count; n++) {
      const slice = voxels.subarray(n * ni * nj, (n + 1) * ni * nj)
      if (!finder.addSlice(k + n, slice)) throw tooMany(mask.name)
    }
  }
  return { places: placesOf(finder.finish(), mask, options), notes: mask.notes }
}

function checkLabels(voxels: Float32Array, labels: Set<number>, name: string): void {
  let last = 0
  for (const value of voxels) {
    if (value === last) continue
    last = value
    if (value < 0 || !Number.isInteger(value)) {
      throw new SpiculaError('datasets/mask', `${name}: not a label mask: it holds ${value}`, {
        hint: 'A mask holds 0 and whole numbers above. Give the mask, not the CT; cut a probability map at a threshold.',
      })
    }
    labels.add(value)
    if (labels.size > MOST_LABELS) {
      throw new SpiculaError('datasets/mask', `${name}: not a label mask: more than ${MOST_LABELS} different values`)
    }
  }
}

/** Parts as places, numbered by label and size. */
export function placesOf(
  components: readonly Component[],
  { name, affineLps }: { name: string; affineLps: Affine; shapeIjk: Triple },
  { minDiameterMm = 0, names }: MaskOptions = {},
): NodulePlace[] {
  const voxelMm3 = Math.abs(determinant(affineLps))
  const measured = components.map((one) => {
    const volumeMm3 = one.voxels * voxelMm3
    return { ...one, volumeMm3, diameterMm: Math.cbrt((6 * volumeMm3) / Math.PI) }
  })
  const kept = measured.filter(({ diameterMm }) => diameterMm >= minDiameterMm)
  if (kept.length > MOST_NODULES) throw tooMany(name)
  const severalLabels = new Set(kept.map(({ label }) => label)).size > 1
  const ordered = kept.sort((a, b) => a.label - b.label || b.voxels - a.voxels)
  const counts = new Map<number, number>()
  return ordered.map(({ label, centreIjk, volumeMm3, diameterMm, longestInSliceMm, slices, voxels }) => {
    const nth = (counts.get(label) ?? 0) + 1
    counts.set(label, nth)
    return {
      noduleId: severalLabels ? `${label}.${nth}` : String(nth),
      pointLps: applyAffine(affineLps, centreIjk),
      values: {
        diameter_mm: showMm(diameterMm),
        'longest_axial_diameter_(mm)': showMm(longestInSliceMm),
        volume_mm3: showMm(volumeMm3),
        mask_label: String(label),
        mask_voxels: String(voxels),
        mask_slices: String(slices[1] - slices[0] + 1),
        ...(names?.get(label) === undefined ? {} : { finding: names.get(label) ?? '' }),
      },
    }
  })
}

const tooMany = (name: string): SpiculaError =>
  new SpiculaError('datasets/mask', `${name}: more than ${MOST_NODULES} separate parts are not nodules`, {
    hint: 'Is it a mask of lungs or vessels, or noisy? --min-diameter leaves specks out.',
  })
