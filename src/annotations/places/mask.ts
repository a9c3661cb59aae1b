/** Label masks: each connected part of each label a nodule, its centroid in world mm, its size measured. */
import { SpiculaError } from '../../error.ts'
import { applyAffine, determinant } from '../../scan/affine.ts'
import type { Labels } from '../../scan/labels.ts'
import type { Affine, Note, Triple } from '../../scan/scan.ts'
import { type Component, componentFinder } from './components.ts'
import { labelReader } from './label-values.ts'
import { kindOfName } from './names.ts'
import { type FoundPlaces, type NodulePlace, namesInWords, showMm } from './place.ts'

/** Voxels read at once: every reading inflates a compressed mask from its beginning, so a few are read for many slices. */
const SLAB_VOXELS = 1 << 24
/** A slice with more voxels, over all layers, is no CT's. */
const MOST_IN_SLICE = 1 << 25
/** A scan with more nodules than this is no scan of nodules: the mask is of lungs, vessels, or noise. */
const MOST_NODULES = 500

/** Which parts count. */
export interface MaskOptions {
  /** Parts of a smaller diameter (of the sphere of equal volume) are left out, mm. */
  readonly minDiameterMm?: number
  /** Names of the labels, for the column `finding`. */
  readonly names?: ReadonlyMap<number, string>
  /** The numbers that stand for the labels in their file, where these are not their own. */
  readonly stored?: ReadonlyMap<number, number>
}

/**
 * The nodules of a label mask in any format that is read as a scan. Where the file has segments, each is a label, numbered
 * from 1 as the file lists them; those that are organs by their names are left out.
 * @throws SpiculaError `datasets/mask` for what is no mask: fractions, negative numbers, hundreds of labels or parts
 * @example const { places } = await placesOfMask(await openLabels('mask.nii.gz'))
 */
export async function placesOfMask(mask: Labels, options: MaskOptions = {}): Promise<FoundPlaces> {
  const { name, layers, segments } = mask
  const [geometry] = layers
  const [ni, nj, nk] = geometry.shapeIjk
  if (ni * nj * layers.length > MOST_IN_SLICE) {
    throw new SpiculaError(
      'datasets/mask',
      `${name}: ${ni} x ${nj} voxels in ${layers.length} layers are no slice of a CT`,
    )
  }
  const reader = labelReader(name)
  const numbering = segments.length > 0 || layers.length > 1 ? segmentNumbers(mask) : undefined
  const finders = layers.map(() => componentFinder(geometry.shapeIjk, geometry.affineLps))
  const step = Math.max(1, Math.floor(SLAB_VOXELS / (ni * nj * layers.length)))
  for (let k = 0; k < nk; k += step) {
    const count = Math.min(step, nk - k)
    const box = { startIjk: [0, 0, k], sizeIjk: [ni, nj, count] } as const
    const slabs = await Promise.all(layers.map((layer) => layer.readHu(box)))
    for (const [layer, voxels] of slabs.entries()) {
      reader.round(voxels)
      numbering?.renumber(voxels, layer)
      for (let n = 0; n < count; n++) {
        const slice = voxels.subarray(n * ni * nj, (n + 1) * ni * nj)
        if (!finders[layer].addSlice(k + n, slice)) throw tooMany(name)
      }
    }
  }
  const components = finders.flatMap((finder) => finder.finish())
  const places = placesOf(components, geometry, { ...numbering, ...options })
  const empty: Note = { code: 'datasets/empty', message: `${name}: the mask is empty: no voxel has a label` }
  return {
    places,
    notes: [
      ...geometry.notes,
      ...reader.notes(),
      ...(numbering?.notes() ?? []),
      ...(components.length === 0 ? [empty] : []),
    ],
  }
}

/**
 * A number of its own for each segment that may be a nodule, in the order of the file. Organs by their names are left out,
 * as are numbers that no segment has; where the file names no segments, each number of each layer is one.
 */
function segmentNumbers({ name, segments }: Labels) {
  const key = (layer: number, label: number): string => `${layer}:${label}`
  const organs = segments.filter((one) => kindOfName(one.name) === 'other')
  const numbers = new Map(segments.map((one, n) => [key(one.layer, one.label), organs.includes(one) ? 0 : n + 1]))
  const stored = new Map(segments.map(({ label }, n) => [n + 1, label]))
  const hasNames = segments.length > 0
  let strangers = 0
  const numberOf = (layer: number, label: number): number => {
    const known = numbers.get(key(layer, label))
    if (known !== undefined || hasNames) return known ?? Number.NaN
    const next = numbers.size + 1
    numbers.set(key(layer, label), next)
    stored.set(next, label)
    return next
  }
  return {
    stored,
    names: new Map(segments.flatMap((one, n) => (one.name === '' ? [] : [[n + 1, one.name] as const]))),
    /** Labels of a layer to numbers, in place. */
    renumber(voxels: Float32Array, layer: number): void {
      let [last, number] = [0, 0]
      for (let v = 0; v < voxels.length; v++) {
        const label = voxels[v]
        if (label === 0) continue
        if (label !== last) [last, number] = [label, numberOf(layer, label)]
        if (Number.isNaN(number)) strangers++
        voxels[v] = number || 0
      }
    },
    notes(): Note[] {
      const left = namesInWords(organs.map((one) => one.name))
      const said = [
        organs.length > 0 && {
          code: 'datasets/seg-other',
          message: `${name}: segments left out by their names: ${left}`,
        },
        strangers > 0 && {
          code: 'datasets/seg-stranger',
          message: `${name}: ${strangers} voxels with numbers that no segment has, left out`,
        },
      ]
      return said.filter((one) => one !== false)
    },
  }
}

/** Parts as places, numbered by label and size. */
export function placesOf(
  components: readonly Component[],
  { name, affineLps }: { name: string; affineLps: Affine; shapeIjk: Triple },
  { minDiameterMm = 0, names, stored }: MaskOptions = {},
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
        mask_label: String(stored?.get(label) ?? label),
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
