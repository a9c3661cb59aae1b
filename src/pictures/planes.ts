/** How the planes of a crop lie in the patient, and how they are hung. */
import type { View } from '../nodule/views.ts'
import type { Triple } from '../scan/scan.ts'

/** A plane of the crop `img[z, y, x]` (x to the patient's left, y to posterior, z to superior). */
export interface Plane {
  /** Direction in the patient, LPS, in which its columns follow each other, that is from the left edge to the right. */
  readonly columnsLps: Triple
  /** Direction in which its stored rows follow each other. */
  readonly rowsLps: Triple
  /**
   * Rows run to the head, and a radiologist expects the head up: turned over for display, and for display only. What
   * the model sees is the array as it is.
   */
  readonly turned: boolean
}

/** Where the axes of the crop, [z, y, x], run to: superior, posterior, left. */
const axesLps: readonly Triple[] = [
  [0, 0, 1],
  [0, 1, 0],
  [1, 0, 0],
]

/**
 * How a view lies in the patient. Turning the cube by 45 degrees about one of its axes leaves that axis as it is; of
 * the two others, a before b, output axis a runs along +a -b and output axis b along +a +b.
 * @example viewPlane(VIEWS[5]) // { columnsLps: [1, 0, 0], rowsLps: [0, 1, 1], turned: false }
 */
export function viewPlane({ normal, about }: Pick<View, 'normal' | 'about'>): Plane {
  const [rows, columns] = [0, 1, 2].filter((axis) => axis !== normal)
  const direction = (axis: number): Triple => {
    if (about === undefined || axis === about) return axesLps[axis]
    const [a, b] = [0, 1, 2].filter((other) => other !== about)
    const sign = axis === a ? -1 : 1
    const [x, y, z] = [0, 1, 2].map((world) => axesLps[a][world] + sign * axesLps[b][world])
    return [x, y, z]
  }
  return { columnsLps: direction(columns), rowsLps: direction(rows), turned: rows === 0 }
}

export const axial = viewPlane({ normal: 0 })
export const coronal = viewPlane({ normal: 1 })
export const sagittal = viewPlane({ normal: 2 })

/**
 * Letters of a direction in the patient: L or R, P or A, H or F, the largest part first (DICOM PS3.3 C.7.6.1.1.1).
 * @example patientLetters([0, -1, 1]) // 'AH'
 */
export function patientLetters(directionLps: Triple): string {
  return directionLps
    .map((part, axis) => ({ size: Math.abs(part), letter: letterPairs[axis][part > 0 ? 1 : 0] }))
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.size - a.size)
    .map(({ letter }) => letter)
    .join('')
}

const letterPairs = ['RL', 'AP', 'FH']

/**
 * Letters at the edges of a plane as it is hung.
 * @example edgeLetters(coronal) // { left: 'R', right: 'L', top: 'H', bottom: 'F' }
 */
export function edgeLetters({
  columnsLps,
  rowsLps,
  turned,
}: Plane): Record<'left' | 'right' | 'top' | 'bottom', string> {
  const down = turned ? opposite(rowsLps) : rowsLps
  return {
    left: patientLetters(opposite(columnsLps)),
    right: patientLetters(columnsLps),
    top: patientLetters(opposite(down)),
    bottom: patientLetters(down),
  }
}

const opposite = ([x, y, z]: Triple): Triple => [-x, -y, -z]
