/** Label volumes: masks, and segmentations as 3D Slicer keeps them, whose segments have names and may overlap. */
import { SpiculaError } from '../error.ts'
import type { Scan } from './scan.ts'

/** One segment: the voxels of a layer that have its label. */
export interface Segment {
  readonly name: string
  /** Place of its volume among the layers, from 0. */
  readonly layer: number
  readonly label: number
}

/** Volumes of labels on one grid. Segments that overlap are in different layers. */
export interface Labels {
  readonly name: string
  readonly layers: readonly Scan[]
  /** Where the file names them. */
  readonly segments: readonly Segment[]
}

/** A mask without names: one volume, each of its numbers a label. */
export const labelsOf = (mask: Scan): Labels => ({ name: mask.name, layers: [mask], segments: [] })

/**
 * The segments that the header of a .seg.nrrd names. Before Slicer 4.11 each had a layer and the label 1 by itself.
 * @param pairs the header's `key:=value` pairs
 * @throws SpiculaError `volume/header` for a layer or label that cannot be
 * @example segmentsOf(new Map([['Segment0_Name', 'Nodule'], ['Segment0_LabelValue', '3']]), 1, 'a.seg.nrrd')
 * // [{ name: 'Nodule', layer: 0, label: 3 }]
 */
export function segmentsOf(pairs: ReadonlyMap<string, string>, layers: number, name: string): Segment[] {
  const numbers = new Set([...pairs.keys()].flatMap((key) => /^Segment(\d{1,6})_/.exec(key)?.[1] ?? []))
  return [...numbers]
    .sort((a, b) => Number(a) - Number(b))
    .map((n, place) => {
      const find = (what: string): string | undefined => pairs.get(`Segment${n}_${what}`)
      const layer = Number(find('Layer') ?? (layers > 1 ? place : 0))
      const label = Number(find('LabelValue') ?? 1)
      if (Number.isInteger(layer) && layer >= 0 && layer < layers && Number.isInteger(label)) {
        return { name: find('Name') ?? '', layer, label }
      }
      const message = `${name}: its segment ${n} has the label ${find('LabelValue')} in layer ${find('Layer')} of ${layers}`
      throw new SpiculaError('volume/header', message, { hint: 'Save the segmentation again in 3D Slicer.' })
    })
}
