/** Rendering on several threads: slabs of one scan, or members of a cohort. The number of threads changes no voxel. */

import type { ConvertedRow } from '../annotations/tables/converted.ts'
import { inOrder, openPool } from '../worker-pool.node.ts'
import { type CohortOptions, cohortMember, memberLabel, phantomRow } from './cohort.ts'
import type { Label } from './label.ts'
import { buildPhantom, type Phantom, type PhantomSpec, type PhantomVolume, renderPhantom } from './phantom.ts'
import { affineOf } from './scan/scanner.ts'
import { type Format, imagePathOf, type ScanPaths, writePhantom } from './write.node.ts'

/** A part of a scan, or one member of a cohort with the files to write. */
export type PhantomTask =
  | { readonly kind: 'slab'; readonly spec: PhantomSpec; readonly startK: number; readonly slices: number }
  | {
      readonly kind: 'member'
      readonly options: CohortOptions
      readonly index: number
      readonly folder: string
      readonly pid: string
      readonly paths: ScanPaths
      readonly format: Format
      /** Left out: the row has no label. */
      readonly label?: Label | undefined
    }

/** Voxels of a slab; of a member its row and its specification. */
export type PhantomAnswer =
  | { readonly kind: 'slab'; readonly voxels: Int16Array }
  | { readonly kind: 'member'; readonly row: ConvertedRow; readonly spec: PhantomSpec }

/** The phantom of the last slab: the next one is of the same. */
let last: { readonly key: string; readonly phantom: Phantom } | undefined

/** What a thread does with a task. */
export async function answerTask(task: PhantomTask): Promise<PhantomAnswer> {
  if (task.kind === 'slab') {
    const key = JSON.stringify(task.spec)
    if (last?.key !== key) last = { key, phantom: buildPhantom(task.spec) }
    const [ni, nj] = task.spec.shapeIjk
    const box = { startIjk: [0, 0, task.startK], sizeIjk: [ni, nj, task.slices] } as const
    return { kind: 'slab', voxels: renderPhantom(last.phantom, box).voxels }
  }
  const { options, index, folder, pid, paths, format, label } = task
  const phantom = cohortMember(options, index)
  await writePhantom(folder, paths, phantom, renderPhantom(phantom), pid, format)
  const [nodule] = phantom.scene.nodules
  const row = phantomRow(nodule, {
    pid,
    noduleId: '1',
    imagePath: imagePathOf(paths, format),
    label: label && memberLabel(options, index, nodule),
  })
  return { kind: 'member', row, spec: phantom.spec }
}

/** Slices that one task draws: enough that what slabs share is drawn twice seldom. */
const SLAB = 14

const openPhantomPool = (threads: number) =>
  openPool<PhantomTask, PhantomAnswer>(new URL('./phantom.worker.node.ts', import.meta.url), threads)

/**
 * Draws a whole phantom on several threads.
 * @param onSlices is told how many slices are done
 * @example const { voxels } = await renderOnThreads(phantom, 2)
 */
export async function renderOnThreads(
  { spec, grid }: Phantom,
  threads: number,
  onSlices: (count: number) => void = () => undefined,
): Promise<PhantomVolume> {
  const [ni, nj, nk] = grid.shapeIjk
  const voxels = new Int16Array(ni * nj * nk)
  const starts = Array.from({ length: Math.ceil(nk / SLAB) }, (_, n) => n * SLAB)
  const pool = openPhantomPool(Math.min(threads, starts.length))
  try {
    let done = 0
    const work = (startK: number) => pool.run({ kind: 'slab', spec, startK, slices: Math.min(SLAB, nk - startK) })
    for await (const slab of inOrder(starts, threads + 1, work)) {
      if (slab.kind !== 'slab') continue
      voxels.set(slab.voxels, done)
      done += slab.voxels.length
      onSlices(slab.voxels.length / (ni * nj))
    }
  } finally {
    await pool.close()
  }
  return { voxels, shapeIjk: grid.shapeIjk, affineLps: affineOf(grid) }
}

/**
 * Makes the members of a cohort and writes their scans.
 * @param tasks one a member, in order
 * @returns rows and specifications in the order of the tasks
 */
export async function* membersOnThreads(
  tasks: readonly Extract<PhantomTask, { kind: 'member' }>[],
  threads: number,
): AsyncGenerator<Extract<PhantomAnswer, { kind: 'member' }>> {
  const pool = openPhantomPool(Math.min(threads, tasks.length))
  try {
    for await (const answer of inOrder(tasks, 2 * threads, (task) => pool.run(task)))
      if (answer.kind === 'member') yield answer
  } finally {
    await pool.close()
  }
}
