/** The worker thread that prepares views as nodule/prepare.worker.node.ts does, and draws each nodule beside it. */

import { prepareViews } from '../nodule/prepare.ts'
import { forEachPlace, type ScanTask } from '../nodule/prepare-scan.node.ts'
import { type CasePictures, drawNodule } from '../pictures/pictures.ts'
import type { DrawnOutcome } from '../predict/cohort.node.ts'
import { serveTasks } from '../worker-pool.node.ts'

serveTasks<ScanTask, DrawnOutcome<CasePictures>[]>(async ({ imageFile, frame, points, preprocessing }) => {
  const result = await forEachPlace(imageFile, { frame, points }, async (scan, pointLps) => {
    // What is drawn is read apart and later: the model's views are the same with a page and without one.
    const prepared = await prepareViews(scan, pointLps, preprocessing)
    const drawn = await drawNodule(scan, pointLps, prepared)
    return { prepared, pointLps, notes: [...scan.notes, ...prepared.notes], drawn }
  })
  const transfer = result.flatMap((outcome) =>
    'prepared' in outcome ? [outcome.prepared.pixels.buffer as ArrayBuffer] : [],
  )
  return { result, transfer }
})
