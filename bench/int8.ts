/**
 * `npm run bench -- bench/int8.ts [NODULES]`: how far int8 moves probabilities, over made nodules (phantoms); the model that
 * comes with Spicula, and one at ViT-B/32 size with random weights.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedModel } from '../src/model/embedded-model.node.ts'
import { initModel } from '../src/model/init.node.ts'
import { prepareViews } from '../src/nodule/prepare.ts'
import { cohortMember } from '../src/phantom/cohort.ts'
import { renderPhantom } from '../src/phantom/phantom.ts'
import { openPredictor } from '../src/predict/predictor.node.ts'
import { memoryScan } from '../src/scan/memory-scan.ts'
import { vitB32 } from './random-model.ts'
import { median } from './timing.ts'

const count = Number(process.argv[2] ?? 40)
const options = {
  seed: 1,
  sizeMm: 110,
  spacingMm: [1, 1, 1.25],
  thicknessMm: 1.25,
  dose: 'low',
  kernel: 'soft',
} as const
const scans = Array.from({ length: count }, (_, index) => {
  const member = cohortMember(options, index)
  const { voxels, shapeIjk, affineLps } = renderPhantom(member)
  return { scan: memoryScan(voxels, shapeIjk, affineLps), pointLps: member.scene.nodules[0].pointLps }
})

async function compare(name: string, model: string): Promise<void> {
  const fp32 = await openPredictor(model)
  const int8 = await openPredictor(model, { precision: 'int8' })
  const changes: { single: number; ensemble: number }[] = []
  const answers: number[] = []
  for (const { scan, pointLps } of scans) {
    const nodule = [await prepareViews(scan, pointLps, fp32.config.preprocessing)]
    const [[exact], [rounded]] = [await fp32.predict(nodule), await int8.predict(nodule)]
    answers.push(exact.ensemble)
    changes.push({
      single: Math.max(...exact.raw.map((p, fold) => Math.abs(p - rounded.raw[fold]))),
      ensemble: Math.abs(exact.ensemble - rounded.ensemble),
    })
  }
  await fp32.close()
  await int8.close()
  const ensemble = changes.map((change) => change.ensemble)
  console.log(
    `${name}: ${count} nodules, probabilities ${Math.min(...answers).toFixed(3)} to ${Math.max(...answers).toFixed(3)}; int8 moves the ensemble's by at most ${Math.max(...ensemble).toFixed(4)} (median ${median(ensemble).toFixed(4)}), a fold's by at most ${Math.max(...changes.map(({ single }) => single)).toFixed(4)}`,
  )
}

await compare('spicula-small', embeddedModel())
const folder = await mkdtemp(join(tmpdir(), 'spicula-int8-'))
try {
  await initModel(join(folder, 'model'), vitB32({ text: false }), 1)
  await compare('ViT-B/32, random', join(folder, 'model'))
} finally {
  await rm(folder, { recursive: true })
}
