/** Numbers of a mask as labels: whole numbers, also where a header's slope or an interpolation left them beside these. */
import { SpiculaError } from '../../error.ts'
import type { Note } from '../../scan/scan.ts'

/** Further from whole numbers than this are no labels, but for those of a slope: what float32 or a resampling leaves. */
const EXACT = 0.01
/**
 * A slope that a program chose to fit the largest label into the stored type puts each label off by up to half of it: 0.2
 * for labels to 104 in 8 bits. It makes one number of each label, which a map of probabilities does not.
 */
const SLOPE = 0.25
const MOST_LABELS = 256

/** What is known of one label. */
interface Label {
  /** The first number that was rounded to it. */
  readonly first: number
  several: boolean
  worst: number
}

/**
 * Rounds the numbers of a mask, slab by slab.
 * @throws SpiculaError `datasets/mask`, from `round`, for what is no mask
 * @example
 * const reader = labelReader('mask.nii.gz')
 * reader.round(voxels) // in place
 */
export function labelReader(name: string) {
  const labels = new Map<number, Label>([[0, { first: 0, several: false, worst: 0 }]])
  const refuse = (value: number): SpiculaError =>
    new SpiculaError('datasets/mask', `${name}: no label mask: it holds ${Number(value.toPrecision(6))}`, {
      hint: 'A mask holds 0 and whole numbers above. Give the mask, not the CT; cut a probability map at a threshold.',
    })
  const labelOf = (value: number): number => {
    const rounded = Math.round(value) + 0
    const off = Math.abs(value - rounded)
    if (!(rounded >= 0 && off <= SLOPE)) throw refuse(value)
    const label = labels.get(rounded) ?? { first: value, several: false, worst: 0 }
    labels.set(rounded, label)
    label.several ||= label.first !== value
    label.worst = Math.max(label.worst, off)
    if (label.worst > EXACT && label.several) throw refuse(off === 0 ? label.first : value)
    if (labels.size > MOST_LABELS + 1) {
      throw new SpiculaError('datasets/mask', `${name}: no label mask: more than ${MOST_LABELS} different values`)
    }
    return rounded
  }
  return {
    round(voxels: Float32Array): void {
      let [last, label] = [0, 0]
      for (let v = 0; v < voxels.length; v++) {
        const value = voxels[v]
        if (value !== last) [last, label] = [value, labelOf(value)]
        voxels[v] = label
      }
    },
    /** A note where numbers were rounded. */
    notes(): Note[] {
      const worst = Math.max(...[...labels.values()].map((label) => label.worst))
      if (worst === 0) return []
      const message = `${name}: its labels are stored up to ${Number(worst.toPrecision(2))} off whole numbers (a slope, or resampling): rounded`
      return [{ code: 'datasets/mask-rounded', message }]
    },
  }
}
