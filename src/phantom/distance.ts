/** Signed distances, mm: below zero inside. Away from surfaces they are estimates with the right sign. */
import type { Triple } from '../scan/scan.ts'

/** The smaller of two distances, its edge rounded over `k` mm (a union with a fillet). */
export function smoothMin(a: number, b: number, k: number): number {
  const h = Math.max(k - Math.abs(a - b), 0) / k
  return Math.min(a, b) - (h * h * k) / 4
}

/** The larger of two distances, its edge rounded (an intersection). */
export const smoothMax = (a: number, b: number, k: number): number => -smoothMin(-a, -b, k)

/** Distance from an ellipsoid along the axes, by its first-order estimate. */
export function ellipsoid(x: number, y: number, z: number, centre: Triple, radii: Triple): number {
  const u = (x - centre[0]) / radii[0]
  const v = (y - centre[1]) / radii[1]
  const w = (z - centre[2]) / radii[2]
  const r = Math.sqrt(u * u + v * v + w * w)
  const slope = Math.sqrt((u / radii[0]) ** 2 + (v / radii[1]) ** 2 + (w / radii[2]) ** 2)
  return slope < 1e-9 ? -Math.min(...radii) : ((r - 1) * r) / slope
}

/** Distance from the superellipse |x/a|^n + |y/b|^n = 1, by its first-order estimate. */
export function superellipse(x: number, y: number, a: number, b: number, n: number): number {
  const u = Math.abs(x) / a
  const v = Math.abs(y) / b
  const [un, vn] = [u ** (n - 1), v ** (n - 1)]
  const f = un * u + vn * v
  if (f < 1e-9) return -Math.min(a, b)
  const root = f ** (1 / n)
  const slope = (root / f) * Math.sqrt((un / a) ** 2 + (vn / b) ** 2)
  return (root - 1) / slope
}

/** 1 at x = 0, falling to 0 at |x| = width, smooth: where a muscle is thick. */
export function bump(x: number, width: number): number {
  const t = 1 - Math.min(1, (x / width) ** 2)
  return t * t
}

/** Share of a sample that a surface at signed distance `d` covers, fading over `soft` mm. */
export const cover = (d: number, soft: number): number => Math.min(1, Math.max(0, 0.5 - d / soft))
