/** What a scanner does to a body: its grid, sharpness, slice thickness and noise. */
import type { Affine, Triple } from '../../scan/scan.ts'

export const DOSES = ['standard', 'low', 'ultralow', 'none'] as const
export type Dose = (typeof DOSES)[number]
export const KERNELS = ['soft', 'lung'] as const
export type Kernel = (typeof KERNELS)[number]

/** Voxels along L, P and S; (0, 0, 0) has its centre at `originLps`. */
export interface Grid {
  readonly shapeIjk: Triple
  readonly spacingMm: Triple
  readonly originLps: Triple
}

export interface Scanner {
  readonly dose: Dose
  readonly kernel: Kernel
  /** Full width at half maximum of the slice profile. */
  readonly thicknessMm: number
}

/** Voxel index to LPS mm, of a box that begins at a voxel of the grid. */
export const affineOf = (
  { spacingMm: [dx, dy, dz], originLps: [x, y, z] }: Grid,
  [i, j, k]: Triple = [0, 0, 0],
): Affine => [...[dx, 0, 0, x + i * dx], ...[0, dy, 0, y + j * dy], ...[0, 0, dz, z + k * dz]]

/** A grid whose middle is at a point. */
export const gridRound = (middle: Triple, shapeIjk: Triple, spacingMm: Triple): Grid => ({
  shapeIjk,
  spacingMm,
  originLps: [0, 1, 2].map((axis) => middle[axis] - (spacingMm[axis] * (shapeIjk[axis] - 1)) / 2) as unknown as Triple,
})

/** The tube's current times time of each dose, mAs at 120 kV; none has no noise. */
export const EXPOSURE: Readonly<Record<Dose, number>> = { standard: 120, low: 30, ultralow: 7.5, none: 120 }

/**
 * A kernel as the frequencies that it keeps. `fwhmMm` is the width of the point spread; `edge` how much a sharp kernel
 * overshoots at edges; `noise` the two widths (sigma, mm) whose difference is the noise's texture, and how much noisier
 * than the soft kernel it is.
 */
export const KERNEL: Readonly<
  Record<
    Kernel,
    {
      readonly fwhmMm: number
      readonly edge: number
      readonly noise: { readonly fineMm: number; readonly coarseMm: number; readonly gain: number }
    }
  >
> = {
  soft: { fwhmMm: 1.25, edge: 0, noise: { fineMm: 0.7, coarseMm: 1.5, gain: 1 } },
  lung: { fwhmMm: 0.8, edge: 0.45, noise: { fineMm: 0.36, coarseMm: 0.75, gain: 2.3 } },
}

/**
 * Standard deviation of the noise in the middle of the body, HU: 12 HU at 120 mAs, 1.25 mm and the soft kernel; the
 * inverse root of the photons, so of exposure and thickness.
 * @example noiseHu({ dose: 'low', kernel: 'soft', thicknessMm: 1.25 }) // 24
 */
export function noiseHu({ dose, kernel, thicknessMm }: Scanner): number {
  if (dose === 'none') return 0
  return 12 * KERNEL[kernel].noise.gain * Math.sqrt((120 / EXPOSURE[dose]) * (1.25 / thicknessMm))
}

/** Samples are so far apart at most, mm: vessels are drawn no finer. */
const SAMPLE_MM = 0.8
/** But no more of them in a large voxel: there nothing so fine is seen. */
const MOST_SAMPLES = 4

/** Samples in a voxel along each axis. */
export const samplesPerVoxel = ({ spacingMm }: Grid): Triple =>
  spacingMm.map((mm) => Math.min(MOST_SAMPLES, Math.max(1, Math.ceil(mm / SAMPLE_MM - 1e-9)))) as unknown as Triple

/** Weights of the samples about a voxel, symmetrical; `before` of them lie before its first. */
export interface Taps {
  readonly weights: Float64Array
  readonly before: number
}

const gauss = (mm: number, sigma: number): number => Math.exp((-mm * mm) / (2 * sigma * sigma))
/** Of a Gaussian. */
const FWHM = 2 * Math.sqrt(2 * Math.log(2))

function taps(spacing: number, samples: number, reachMm: number, profile: (mm: number) => number): Taps {
  const step = spacing / samples
  const before = Math.max(0, Math.ceil((reachMm - spacing / 2) / step))
  const weights = new Float64Array(samples + 2 * before)
  weights.forEach((_, n) => {
    weights[n] = profile((n - before + 0.5) * step - spacing / 2)
  })
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return { weights: weights.map((weight) => weight / sum), before }
}

/** The point spread along a row or column: no finer than a voxel, for nothing smaller is between its neighbours. */
export function spreadTaps(kernel: Kernel, spacing: number, samples: number): Taps {
  const { fwhmMm, edge } = KERNEL[kernel]
  const sigma = Math.max(fwhmMm, spacing) / FWHM
  const wide = 2.2 * sigma
  return taps(
    spacing,
    samples,
    edge > 0 ? 2.2 * wide : 2.7 * sigma,
    // Each part weighs its own area.
    (mm) => ((1 + edge) * gauss(mm, sigma)) / sigma - (edge * gauss(mm, wide)) / wide,
  )
}

/** The slice profile: a Gaussian of the thickness. */
export function sliceTaps(thicknessMm: number, spacing: number, samples: number): Taps {
  const sigma = thicknessMm / FWHM
  return taps(spacing, samples, 2.3 * sigma, (mm) => gauss(mm, sigma))
}
