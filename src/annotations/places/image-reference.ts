/** References to images and to frames of multi-frame images (PS3.3 table 10-3). */
import type { Dataset } from '../../scan/dicom/dataset.ts'
import { items, numbers, text } from '../../scan/dicom/values.ts'

/** An image, or frames of one. */
export interface ImageReference {
  readonly sopInstanceUid: string
  /** Numbers of frames, from 1; empty where the reference is to the image as a whole. */
  readonly frames: readonly number[]
}

/** The image that an item of a sequence names, or that a content item of type IMAGE does. */
export function imageReference(item: Dataset): ImageReference | undefined {
  const [reference] = [...items(item, 'ReferencedSOPSequence'), item]
  const sopInstanceUid = text(reference, 'ReferencedSOPInstanceUID')
  if (sopInstanceUid === undefined) return undefined
  return { sopInstanceUid, frames: (numbers(reference, 'ReferencedFrameNumber') ?? []).filter(Number.isInteger) }
}
