/** Heart, great vessels, trachea, main bronchi and oesophagus, and the distance that keeps the lungs off them. */

import { ellipsoid, smoothMin } from '../distance.ts'
import { type Bead, chain, curve, type Tube, tubeDistance } from '../tubes.ts'
import { add, distance, scale } from '../vector.ts'
import { type Body, smoothStep } from './body.ts'

/** y of the vertebral bodies' centres at a height: the thoracic spine is bent backwards. */
export const spineY = (z: number): number => 62 - 13 * (z / 150) ** 2

const tubesOf = (beads: readonly Bead[]): Tube[] => chain(curve(beads, 3))

const ASCENDING: Bead[] = [
  [[8, -20, -14], 15],
  [[-8, -27, 12], 16],
  [[-15, -26, 34], 15.5],
  [[-12, -16, 54], 14.5],
  [[4, 2, 65], 13.5],
  [[20, 22, 62], 13],
  [[26, 38, 46], 12.5],
  [[26, 45, 20], 12.5],
  [[24, 44, -20], 12],
  [[20, 42, -70], 12],
  [[12, 40, -120], 11.5],
  [[8, 36, -200], 11],
]
const PULMONARY: Bead[][] = [
  [
    [[18, -42, -4], 14],
    [[24, -30, 18], 14],
    [[32, -8, 26], 12],
    [[46, 12, 18], 10],
  ],
  [
    [[24, -26, 18], 12],
    [[6, -10, 16], 11.5],
    [[-20, -2, 14], 11],
    [[-42, 2, 8], 9.5],
  ],
]
const VEINS: Bead[][] = [
  // Superior vena cava, brachiocephalic veins, inferior vena cava, pulmonary veins.
  [
    [[-26, -14, 78], 8.5],
    [[-26, -14, 40], 9.5],
    [[-27, -16, 0], 10],
  ],
  [
    [[58, -22, 118], 6],
    [[30, -30, 92], 6.5],
    [[-4, -26, 82], 7],
    [[-26, -14, 74], 8],
  ],
  [
    [[-62, -14, 120], 6],
    [[-36, -14, 96], 7],
    [[-26, -14, 74], 8],
  ],
  [
    [[-22, 0, -40], 11],
    [[-22, 6, -85], 11.5],
    [[-20, 14, -180], 12],
  ],
  [
    [[-14, 14, -8], 8],
    [[-36, 4, -6], 6],
  ],
  [
    [[-14, 20, -22], 8],
    [[-36, 22, -26], 6.5],
  ],
  [
    [[24, 14, -8], 8],
    [[44, 0, -2], 6],
  ],
  [
    [[24, 20, -20], 8],
    [[44, 26, -24], 6.5],
  ],
]
const ARCH_BRANCHES: Bead[][] = [
  [
    [[-6, -8, 66], 6.5],
    [[-20, -6, 90], 6],
    [[-34, 4, 122], 4.5],
    [[-44, -4, 170], 4],
  ],
  [
    [[8, 2, 70], 4.5],
    [[16, -2, 110], 4],
    [[30, 0, 170], 4],
  ],
  [
    [[18, 16, 68], 5.5],
    [[28, 16, 100], 5.5],
    [[48, 8, 124], 5],
    [[90, -2, 130], 4.5],
  ],
]

const BLOOD: readonly Tube[] = [ASCENDING, ...PULMONARY, ...VEINS, ...ARCH_BRANCHES].flatMap(tubesOf)

/** Where the airways of each lung begin, with the lumen's radius. */
export const MAIN_BRONCHI: readonly [right: Bead, left: Bead] = [
  [[-30, 14, 16], 6.2],
  [[40, 20, 6], 5.6],
]
/** Where arteries and veins of each lung begin. */
export const ARTERY_ROOTS: readonly [right: Bead, left: Bead] = [
  [[-38, 4, 9], 8],
  [[44, 10, 19], 8],
]
export const VEIN_ROOTS: readonly [right: Bead, left: Bead] = [
  [[-30, 14, -16], 7],
  [[38, 14, -14], 7],
]

/** Lumen of trachea and main bronchi. */
const AIRWAY: readonly Tube[] = [
  ...tubesOf([
    [[0, 4, 200], 9],
    [[-1, 8, 120], 9],
    [[-2, 14, 70], 9],
    [[-3, 19, 38], 9],
  ]),
  ...tubesOf([[[-5, 19, 40], 8.5], [[-16, 18, 27], 7.5], MAIN_BRONCHI[0]]),
  ...tubesOf([[[0, 19, 40], 8.5], [[16, 21, 22], 6.8], MAIN_BRONCHI[1]]),
]
const OESOPHAGUS: readonly Tube[] = tubesOf([
  [[4, 26, 200], 7],
  [[4, 31, 70], 7.5],
  [[4, 35, 20], 8],
  [[8, 33, -40], 8],
  [[16, 26, -95], 8.5],
  [[30, 10, -130], 9],
])

export interface Mediastinum {
  readonly blood: readonly Tube[]
  readonly airway: readonly Tube[]
  readonly oesophagus: readonly Tube[]
}
export const MEDIASTINUM: Mediastinum = { blood: BLOOD, airway: AIRWAY, oesophagus: OESOPHAGUS }

/** Tubes with the fat round them. */
const SURROUNDED = (
  [
    [BLOOD, 2],
    [AIRWAY, 3.5],
    [OESOPHAGUS, 0.5],
  ] as const
).flatMap(([tubes, margin]) =>
  tubes.map((tube) => ({ ...tube, fromRadius: tube.fromRadius + margin, toRadius: tube.toRadius + margin })),
)
/** A sphere round each: middle and radius, four numbers. */
const SPHERES = Float64Array.from(
  SURROUNDED.flatMap(({ from, to, fromRadius, toRadius }) => [
    ...scale(add(from, to), 0.5),
    distance(from, to) / 2 + Math.max(fromRadius, toRadius),
  ]),
)
/** Width of the fillets between them, mm. */
const FILLET = 7

const LEFT_VENTRICLE: Tube = { from: [26, -20, -26], to: [56, -38, -58], fromRadius: 36, toRadius: 22 }

/** The heart with its muscle: four chambers melted together. */
export function heart({ heart: s }: Body, x: number, y: number, z: number): number {
  const u = x / s
  const v = y / s
  const w = z / s
  const leftVentricle = tubeDistance(LEFT_VENTRICLE, u, v, w)
  const rightVentricle = ellipsoid(u, v, w, [14, -46, -40], [44, 26, 38])
  const rightAtrium = ellipsoid(u, v, w, [-24, -18, -30], [25, 27, 36])
  const leftAtrium = ellipsoid(u, v, w, [6, 16, -16], [33, 18, 23])
  const both = smoothMin(leftVentricle, rightVentricle, 14)
  return s * smoothMin(smoothMin(both, rightAtrium, 14), leftAtrium, 12)
}

/**
 * Distance from what lies between the lungs, fat included.
 * @param heartDistance the heart's own
 */
export function mediastinum(heartDistance: number, x: number, y: number, z: number): number {
  let d = heartDistance - 4
  const join = (other: number, k = FILLET) => {
    d = smoothMin(d, other, k)
  }
  for (let n = 0, at = 0; n < SURROUNDED.length; n++, at += 4) {
    // A tube that is farther than what is known by the fillet's width changes nothing.
    const far = d + FILLET + SPHERES[at + 3]
    const u = x - SPHERES[at]
    const v = y - SPHERES[at + 1]
    const w = z - SPHERES[at + 2]
    if (far > 0 && u * u + v * v + w * w < far * far) join(tubeDistance(SURROUNDED[n], x, y, z))
  }
  // Fat of the upper mediastinum and the neck, behind the breast bone, and in the hila.
  join(ellipsoid(x, y, z, [0, 0, 104], [26, 30, 62]))
  join(ellipsoid(x, y, z, [2, -58, 36], [11, 40, 52]))
  join(ellipsoid(x, y, z, [-30, 8, 2], [15, 17, 24]))
  join(ellipsoid(x, y, z, [36, 12, 2], [15, 17, 24]))
  // The lungs meet in a plane of two pleurae.
  join(Math.abs(x - 3 * smoothStep(-60, 60, z)) - 1.2, 4)
  // Spine, ribs' heads and the muscles beside it.
  const back = Math.max(0, y - spineY(z))
  join(Math.sqrt(x * x + Math.min(0, y - spineY(z)) ** 2) - 20 - 0.12 * back, 6)
  return d
}
