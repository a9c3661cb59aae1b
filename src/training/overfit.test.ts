/** Eight real nodules, learnt by heart through the very path that trains: views, template texts, all gradients. */
import { expect, it } from 'vitest'
import { describeShared } from '../../test/shared.ts'
import { CLIP_NORMALISATION } from '../clip/image-tower.ts'
import { initialWeight } from '../clip/initialise.ts'
import type { Architecture } from '../clip/model.ts'
import { parseTokenizer } from '../clip/tokenizer/tokenizer.ts'
import { trainTokenizer } from '../clip/tokenizer/train.ts'
import { readManifest } from '../cohort/manifest.node.ts'
import { modelWeights } from '../model/folder.node.ts'
import { DEFAULT_PREPROCESSING, prepareViews } from '../nodule/prepare.ts'
import type { NoduleViews } from '../nodule/views.ts'
import { seededRandom } from '../random.ts'
import { templateCorpus } from '../report/random-features.ts'
import { openScan } from '../scan/open.node.ts'
import { asFloat32 } from '../weights/folds.ts'
import { parseTrainConfig } from './config.ts'
import { type EpochRecord, type FoldData, initialState, trainFold } from './loop.ts'
import { openTrainStep } from './step.ts'

const architecture: Architecture = {
  image: {
    resolution: 224,
    patch: 32,
    width: 64,
    layers: 2,
    heads: 2,
    mlpWidth: 128,
    activation: 'quickGelu',
    layerNormEpsilon: 1e-5,
    preNorm: true,
    patchBias: false,
    embedDim: 64,
  },
  pooling: { embedDim: 64, attentionWidth: 32 },
  text: {
    width: 32,
    layers: 1,
    heads: 2,
    mlpWidth: 64,
    activation: 'quickGelu',
    layerNormEpsilon: 1e-5,
    vocabulary: 700,
    context: 77,
    embedDim: 64,
  },
}

describeShared('data/lidc/cubes.csv', (table) => {
  it('is learnt to a loss that only working gradients reach', async () => {
    const { rows } = await readManifest(table())
    const malignancy = (row: (typeof rows)[number]) => Number(row.values.malignancy)
    const chosen = [
      ...rows.filter((row) => malignancy(row) > 3).slice(0, 4),
      ...rows.filter((row) => malignancy(row) < 3).slice(0, 4),
    ]
    expect(chosen).toHaveLength(8)
    const nodules: NoduleViews[] = []
    for (const row of chosen)
      nodules.push(await prepareViews(await openScan(row.imageFile), row.point, DEFAULT_PREPROCESSING))
    const tokenizer = parseTokenizer(
      JSON.stringify(trainTokenizer(templateCorpus(200, seededRandom(1)), { vocabulary: 700 })),
    )
    // Eight texts that differ, as eight reports would: by a number alone, chance tells whether two are told apart.
    const tokens = chosen.map((row, i) => {
      const consistency = i & 1 ? 'solid' : 'part solid'
      const margin = i & 2 ? 'well marginated' : 'poorly marginated'
      const shape = i & 4 ? 'round' : 'ovoid'
      const outline = malignancy(row) > 3 ? 'spiculated' : 'smooth'
      return tokenizer.encode(`Impression: A ${5 + i} mm ${consistency} nodule, ${margin}, ${shape}, ${outline}.`)
    })

    const config = parseTrainConfig(
      {
        tuning: 'full',
        epochs: 240,
        patience: 240,
        batchSize: 4,
        learningRate: 1.5e-3,
        dropout: 0,
        labelSmoothing: 0,
        weightDecay: 0,
        sampler: 'shuffle',
      },
      'test',
    )
    const random = seededRandom(3)
    const { image, text } = modelWeights(architecture)
    const parameters = new Map(
      [...image, ...text].map(([name, shape]) => [name, asFloat32(name, initialWeight(name, shape, random))]),
    )
    const step = await openTrainStep({
      architecture,
      normalisation: CLIP_NORMALISATION,
      config,
      frozen: new Map(),
      tokenizer,
    })
    const samples = chosen.map((row, line) => {
      const label = malignancy(row) > 3 ? 1 : 0
      return { line, label, target: label } as const
    })
    const data: FoldData = {
      train: samples,
      val: samples,
      drawWeights: samples.map(() => 1),
      classWeights: { train: [1, 1], val: [0.5, 0.5] },
      batch: async (some) => ({
        bags: some.map(({ line }) => nodules[line]),
        tokens: some.map(({ line }) => tokens[line]),
        labels: some.map(({ target }) => target),
      }),
    }
    const records: EpochRecord[] = []
    await trainFold(initialState(parameters, config), step, data, config, {
      step: async () => undefined,
      epoch: async (_, record) => void records.push(record),
    })
    await step.close()
    const [first, last] = [records[0], records.at(-1)]
    // Guessing costs ln 4 for the texts of a batch and ln 2 for the label.
    expect(first.train.total).toBeGreaterThan(1.5)
    expect(last?.train.total).toBeLessThan(0.15)
    expect(last?.auroc).toBe(1)
  })
})
