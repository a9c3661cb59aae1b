/** Nodules as bags of views: the feeds of the image side. */
import { SpiculaError } from '../error.ts'
import type { TensorData } from '../graph/tensor.ts'
import type { NoduleViews, VIEWS } from '../nodule/views.ts'

/** Views of the largest bag that a nodule can have. */
export const MAX_VIEWS: (typeof VIEWS)['length'] = 9

/**
 * All views one after another, and which of them make which nodule (pooling.ts).
 * @throws SpiculaError `clip/views` for a bag of no or too many views, or of another size
 * @example bagFeeds([await prepareViews(scan, pointLps, preprocessing)], 224).views.shape // [9, 224, 224]
 */
export function bagFeeds(bags: readonly NoduleViews[], resolution: number) {
  const pixels = resolution * resolution
  const total = bags.reduce((sum, { count }) => sum + count, 0)
  const views = new Float32Array(total * pixels)
  const members = new BigInt64Array(bags.length * MAX_VIEWS)
  const present = new Float32Array(bags.length * MAX_VIEWS)
  let at = 0
  for (const [n, { pixels: own, count }] of bags.entries()) {
    if (!Number.isInteger(count) || count < 1 || count > MAX_VIEWS || own.length !== count * pixels)
      throw new SpiculaError(
        'clip/views',
        `${count} views of ${resolution}x${resolution} are not ${own.length} numbers`,
      )
    views.set(own, at * pixels)
    for (let v = 0; v < count; v++) {
      members[n * MAX_VIEWS + v] = BigInt(at + v)
      present[n * MAX_VIEWS + v] = 1
    }
    at += count
  }
  const shape = [bags.length, MAX_VIEWS]
  return {
    views: { dtype: 'float32', shape: [total, resolution, resolution], data: views },
    members: { dtype: 'int64', shape: [...shape, 1], data: members },
    present: { dtype: 'float32', shape, data: present },
  } as const satisfies Record<string, TensorData>
}
