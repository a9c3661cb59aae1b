/** Checkpoints: everything that a run needs to go on to the same bits, in one safetensors file, written atomically. */
import * as z from 'zod'
import { writeFileAtomic } from '../files/atomic.node.ts'
import { parseJson } from '../files/json.ts'
import type { TensorData } from '../graph/tensor.ts'
import { asFloat32 } from '../weights/folds.ts'
import { openSafetensors } from '../weights/safetensors.node.ts'
import { encodeSafetensors } from '../weights/safetensors.ts'
import type { AdamWState, Parameters } from './adamw.ts'

/** Where a run stands. All randomness is drawn from seed, epoch and draw, so counters are all that it needs. */
const progress = z.strictObject({
  /** The run's configuration, to the letter: a run resumes only with its own. */
  fingerprint: z.string(),
  /** Optimiser steps taken. */
  step: z.int().min(0),
  epoch: z.int().min(0),
  /** Draws of this epoch that are done. */
  drawn: z.int().min(0),
  /** Sums of the epoch's training losses, for its mean. */
  sums: z.record(z.string(), z.number()),
  batches: z.int().min(0),
  trackers: z.unknown(),
  done: z.boolean(),
})

export type Progress = Omit<z.infer<typeof progress>, 'trackers'> & { readonly trackers: unknown }

export interface RunCheckpoint {
  readonly progress: Progress
  readonly parameters: Parameters
  readonly optimizer: AdamWState
}

type Shapes = ReadonlyMap<string, readonly number[]>

/**
 * Writes a checkpoint. The file before it stays until the new one is whole.
 * @throws SpiculaError `file/unwritable`, a full disk for example
 */
export async function writeCheckpoint(
  path: string,
  { progress: state, parameters, optimizer }: RunCheckpoint,
  shapes: Shapes,
): Promise<void> {
  const tensors = new Map<string, TensorData>()
  for (const [prefix, numbers] of [
    ['p', parameters],
    ['m', optimizer.m],
    ['v', optimizer.v],
  ] as const)
    for (const [name, data] of numbers)
      tensors.set(`${prefix}/${name}`, { dtype: 'float32', shape: shapes.get(name) ?? [data.length], data })
  await writeFileAtomic(path, encodeSafetensors(tensors, { progress: JSON.stringify(state) }))
}

/** Writes trained weights alone, as a fold of a model folder. */
export async function writeWeights(path: string, parameters: Parameters, shapes: Shapes): Promise<void> {
  const tensors = new Map<string, TensorData>()
  for (const [name, data] of parameters)
    tensors.set(name, { dtype: 'float32', shape: shapes.get(name) ?? [data.length], data })
  await writeFileAtomic(path, encodeSafetensors(tensors, { format: 'pt' }))
}

/**
 * Reads a checkpoint back.
 * @throws SpiculaError `training/checkpoint` when it is damaged
 */
export async function readCheckpoint(path: string): Promise<RunCheckpoint> {
  const file = await openSafetensors(path)
  try {
    const state = parseJson(file.metadata.progress ?? 'null', progress, {
      name: `${file.name} does not say how far its run was`,
      code: 'training/checkpoint',
      hint: 'It is not a checkpoint of this version: start the run anew in another folder.',
    })
    const parts = {
      p: new Map<string, Float32Array>(),
      m: new Map<string, Float32Array>(),
      v: new Map<string, Float32Array>(),
    }
    for (const name of file.tensors.keys()) {
      const part = parts[name[0] as keyof typeof parts]
      part?.set(name.slice(2), asFloat32(name, await file.read(name)))
    }
    return {
      progress: state,
      parameters: parts.p,
      optimizer: { step: state.step, m: parts.m, v: parts.v },
    }
  } finally {
    await file.close()
  }
}
