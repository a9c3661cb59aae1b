import type { Triple } from '../../scan/scan.ts'
import type { Axis } from '../rotate.ts'
import type { PlacedView } from '../views.ts'

/**
 * How far beyond an oblique view samples are varied, for the spline: their influence falls by 0.268 a sample, so what is
 * left out counts 2e-6, a five-hundredth of a HU for a step of a thousand. Prediction's own reach (`SPLINE_REACH`)
 * would cost half as much again for digits that the noise drowns.
 */
const REACH = 10

/** Part of a crop. */
export interface CropBox {
  /** First index along z, y, x. */
  readonly startZyx: Triple
  readonly sizeZyx: Triple
}

/** What views show of a crop. */
export interface Reach {
  /** The samples that count in the views. */
  readonly box: CropBox
  /** Whether all of the oblique views lies in the crop; where it does not they show 0. */
  readonly inside: boolean
}

/**
 * The box of a crop's samples that views show: those of the mid-planes, and for the oblique views what their lines,
 * turned by 45 degrees, and the spline behind them reach (`rotatedSections`).
 * @param shapeZyx of the crop
 * @example
 * reachOf([{ view: VIEWS[0], centreZyx: [50, 50, 50] }], 50, [100, 100, 100]).box // [50, 25, 25], [1, 50, 50]
 */
export function reachOf(placed: readonly PlacedView[], viewMm: number, shapeZyx: Triple): Reach {
  const low = [...shapeZyx]
  const high = [0, 0, 0] // last sample
  let inside = true
  const cover = (axis: Axis, first: number, last: number) => {
    low[axis] = Math.max(0, Math.min(low[axis], first))
    high[axis] = Math.min(shapeZyx[axis] - 1, Math.max(high[axis], last))
  }
  for (const { view, centreZyx } of placed) {
    const ends = ([0, 1, 2] as const).map((axis): readonly [number, number] => {
      if (axis === view.normal) return [centreZyx[axis], centreZyx[axis]]
      const first = centreZyx[axis] - Math.floor(viewMm / 2)
      return [first, first + viewMm - 1]
    })
    const { about } = view
    for (const axis of [0, 1, 2] as const) if (about === undefined || axis === about) cover(axis, ...ends[axis])
    if (about === undefined) continue
    const [a, b] = ([0, 1, 2] as const).filter((axis) => axis !== about)
    const middle = (shapeZyx[about] - 1) / 2
    for (const oa of ends[a]) {
      for (const ob of ends[b]) {
        const turned = [oa + ob - 2 * middle, ob - oa].map((reach) => middle + reach * Math.SQRT1_2)
        for (const [i, axis] of [a, b].entries()) {
          const at = Math.floor(turned[i])
          // Two coefficients on each side of a point, and the samples that make them.
          cover(axis, at - 1 - REACH, at + 2 + REACH)
          inside &&= turned[i] >= 0 && turned[i] <= shapeZyx[axis] - 1
        }
      }
    }
  }
  const size = (axis: Axis) => high[axis] - low[axis] + 1
  return { box: { startZyx: [low[0], low[1], low[2]], sizeZyx: [size(0), size(1), size(2)] }, inside }
}
