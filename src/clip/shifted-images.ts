/**
 * Views in several images, moved a little and mirrored: what training varies and a tower should not tell apart, yet does,
 * for its patches cut a small nodule here or there. The mean over the images knows more than any of them (docs/study.md).
 */
import * as g from '../graph/operations.ts'
import { dimProduct } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'

/** Images of a view: down right; down left, mirrored left to right; up right, top to bottom; up left, both. */
export const SHIFTED_IMAGES = 4

/**
 * Each view moved by a quarter of a patch along both axes, so that two images of opposite ways cut it half a patch apart;
 * the outermost pixels are repeated where it moved away.
 * @param views [views, R, R]
 * @param patch side of a patch in pixels
 * @returns [4 views, R, R]: every view in the first image, then every view in the second, ...
 * @example shiftedImages(g.input('views', ['M', 160, 160]), 16).shape // ['4M', 160, 160]
 */
export function shiftedImages(views: Tensor, patch: number): Tensor {
  const [count, rows, columns] = views.shape
  const size = Number(rows)
  const by = Math.max(1, Math.round(patch / 4))
  const indices = (source: (i: number) => number) =>
    g.constant({
      dtype: 'int64',
      shape: [size, 1],
      data: BigInt64Array.from({ length: size }, (_, i) => BigInt(Math.min(size - 1, Math.max(0, source(i))))),
    })
  const [moved, mirrored] = [indices((i) => i + by), indices((i) => size - 1 - i - by)]
  const images = [moved, mirrored].flatMap((vertical) => {
    const taken = g.gather(views, vertical, 1)
    return [moved, mirrored].map((horizontal) => g.gather(taken, horizontal, 2))
  })
  const beside = images.map((image) => g.reshape(image, [1, count, rows, columns]))
  return g.reshape(g.concat(beside, 0), [dimProduct([SHIFTED_IMAGES, count]), rows, columns])
}
