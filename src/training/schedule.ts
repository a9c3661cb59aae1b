/** The learning rate over the steps of a run. */

export const SCHEDULES = ['constant', 'cosine'] as const

export interface Schedule {
  /** Learning rate after warm-up. */
  readonly base: number
  /** Steps of linear warm-up: base / warmupSteps at the first; 0 for none. */
  readonly warmupSteps?: number
  /** Optimiser steps of the whole run, warm-up included; at that step a cosine has reached 0. */
  readonly totalSteps: number
  /** `constant` as published, or half a cosine down to 0 (Loshchilov and Hutter 2017, without restarts). */
  readonly schedule?: (typeof SCHEDULES)[number]
}

/**
 * The learning rate of an optimiser step.
 * @param step steps taken before it: 0 for the first
 * @example learningRateAt(0, { base: 1e-4, warmupSteps: 10, totalSteps: 100, schedule: 'cosine' }) // 1e-5
 */
export function learningRateAt(step: number, options: Schedule): number {
  const { base, warmupSteps = 0, totalSteps, schedule = 'constant' } = options
  if (step < warmupSteps) return (base * (step + 1)) / warmupSteps
  if (schedule === 'constant') return base
  // A run that goes on beyond its plan stays at the end of the cosine; it does not rise again.
  const done = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps))
  return (base * (1 + Math.cos(Math.PI * done))) / 2
}
