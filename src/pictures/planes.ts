/** How the planes of a crop lie in the patient, and how they are hung. */
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

const left: Triple = [1, 0, 0]
const posterior: Triple = [0, 1, 0]
const superior: Triple = [0, 0, 1]

export const axial: Plane = { columnsLps: left, rowsLps: posterior, turned: false }
export const coronal: Plane = { columnsLps: left, rowsLps: superior, turned: true }
export const sagittal: Plane = { columnsLps: posterior, rowsLps: superior, turned: true }

/**
 * The nine views in their published order: three mid-planes, then two each of the cube turned by 45 degrees in the
 * plane of its axes (0,2), (0,1) and (1,2). Of axes (a, b), output axis a runs along +a -b and output axis b along
 * +a +b. One view is the first of them, three are the first three.
 */
export const viewPlanes: readonly Plane[] = [
  axial,
  coronal,
  sagittal,
  { columnsLps: [1, 0, 1], rowsLps: posterior, turned: false }, // (z, x) [c,:,:]
  { columnsLps: posterior, rowsLps: [-1, 0, 1], turned: true }, // (z, x) [:,:,c]
  { columnsLps: left, rowsLps: [0, 1, 1], turned: false }, // (z, y) [c,:,:]
  { columnsLps: left, rowsLps: [0, -1, 1], turned: true }, // (z, y) [:,c,:]
  { columnsLps: [1, 1, 0], rowsLps: superior, turned: true }, // (y, x) [:,c,:]
  { columnsLps: [-1, 1, 0], rowsLps: superior, turned: true }, // (y, x) [:,:,c]
]

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
