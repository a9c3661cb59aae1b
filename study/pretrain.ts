/**
 * `npm run study -- study/pretrain.ts COHORT BASE FOLDS OUT --fold K... [--epochs 5]`: the image tower of each fold
 * taught by the numbers that readers gave, before words come: from an axial view to the mean rating of each
 * characteristic, and the logarithm of the nodule's area, by linear regression on the tower's features. COHORT is
 * study/prepare.ts's train-all.csv; a fold's validation patients are left out. OUT becomes a model folder to go on from
 * (`start: folds`) when every fold is there; folds that are there are left as they are. --plain: views are moved, and
 * not varied otherwise.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CHARACTERISTICS } from '../src/annotations/lidc/ratings.ts'
import { imageTower } from '../src/clip/image-tower.ts'
import { initialWeight } from '../src/clip/initialise.ts'
import { bagFeeds } from '../src/clip/view-bags.ts'
import { graphWeights, linear, scope } from '../src/clip/weights.ts'
import type { LocatedRow } from '../src/cohort/manifest.node.ts'
import { auroc } from '../src/evaluation/metrics/auroc.ts'
import { writeOnnx } from '../src/graph/onnx.ts'
import * as g from '../src/graph/operations.ts'
import { openSession } from '../src/graph/session.node.ts'
import { openModelFolder } from '../src/model/folder.node.ts'
import { preprocessingOf } from '../src/model/preprocessing.ts'
import { PUBLISHED_AUGMENTATION } from '../src/nodule/augment/augment.ts'
import { seededRandom, shuffle } from '../src/random.ts'
import { adamW, type Parameters } from '../src/training/adamw.ts'
import { clipGradients } from '../src/training/clip-gradients.ts'
import { gradientName, gradientOutputs, trainedGradients } from '../src/training/objective.ts'
import { learningRateAt } from '../src/training/schedule.ts'
import { readSplits } from '../src/training/splits.node.ts'
import { openVariedPool } from '../src/training/varied-views.ts'
import { asFloat32 } from '../src/weights/folds.ts'
import { decodeSafetensors, encodeSafetensors } from '../src/weights/safetensors.ts'
import { inOrder } from '../src/worker-pool.node.ts'
import { wholeCohort } from './embeddings.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    fold: { type: 'string', multiple: true, default: ['0', '1', '2', '3', '4'] },
    epochs: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    plain: { type: 'boolean', default: false },
  },
})
const [cohort, base, splits, out] = positionals
if (out === undefined) throw new Error('usage: npm run study -- study/pretrain.ts COHORT BASE FOLDS OUT [--fold K...]')

const epochs = Number(values.epochs)
if (!(Number.isInteger(epochs) && epochs > 0)) throw new Error(`--epochs ${values.epochs} is not a number of epochs`)

const BATCH = 32
const RATE = 2e-4
/** Of the new regression, times the tower's. */
const HEAD_RATE = 5
const WARMUP = 60
const HEAD = 'ratings'
const AREA = 'area_mm2'
const MALIGNANCY = 'mean_malignancy'
const TARGETS = [...CHARACTERISTICS.filter((name) => name !== 'internalStructure').map((name) => `mean_${name}`), AREA]

const { config } = await openModelFolder(base)
const { resolution } = config.architecture.image
const rows = await wholeCohort(cohort)
const { folds } = await readSplits(splits)
mkdirSync(out, { recursive: true })
const fileOf = (fold: number) => `pretrained_${fold}.safetensors`

const weights = graphWeights({ folds: 1 })
const views = g.input('views', ['M', resolution, resolution])
const features = imageTower(views, weights, config.architecture.image, config.preprocessing)
const told = linear(features, scope(weights, HEAD), TARGETS.length) // [1, M, targets]
const missed = g.mul(g.sub(told, g.input('targets', ['M', TARGETS.length])), g.input('known', ['M', TARGETS.length]))
const loss = g.reduceSum(g.mul(missed, missed), [0, 1, 2])
const slopes = trainedGradients(loss, { tuning: 'full', alsoFull: [] })
const shapes = new Map([...slopes].map(([name, { shape }]) => [name, shape.map(Number)]))
const session = await openSession(writeOnnx({ loss, told, ...gradientOutputs(slopes) }, new Map()), {
  threads: Number(values.threads),
})

const pool = openVariedPool(1)
const preprocessing = { ...preprocessingOf(config), views: 'axial' as const }
const viewOf = (row: LocatedRow, seed: string | null) =>
  pool.run({
    key: String(row.line),
    imageFile: row.imageFile,
    point: row.point,
    frame: 'lps',
    preprocessing,
    augmentation: seed === null || values.plain ? null : PUBLISHED_AUGMENTATION,
    jitter: seed !== null,
    seed: seed ?? '',
    cacheDir: join(out, 'crops'),
  })

/** NaN where nobody measured. */
const numberOf = ({ values: own }: LocatedRow, target: string): number => {
  const number = own[target] ? Number(own[target]) : Number.NaN
  return target === AREA ? Math.log(number) : number
}

async function pretrain(fold: number): Promise<void> {
  const of = (pids: readonly string[]) => {
    const wanted = new Set(pids)
    return rows.filter(({ pid }) => wanted.has(pid))
  }
  const [train, val] = [of(folds[fold].train), of(folds[fold].val).filter(({ noduleId }) => noduleId.startsWith('s'))]
  const scales = TARGETS.map((target) => {
    const known = train.map((row) => numberOf(row, target)).filter(Number.isFinite)
    if (known.length === 0) throw new Error(`${cohort} has no numbers of ${target} to learn: is it study/prepare.ts's?`)
    const mean = known.reduce((sum, one) => sum + one, 0) / known.length
    return { mean, deviation: Math.sqrt(known.reduce((sum, one) => sum + (one - mean) ** 2, 0) / known.length) }
  })
  /** Standardised; NaN where nobody measured. */
  const wantedOf = (row: LocatedRow) =>
    TARGETS.map((target, t) => (numberOf(row, target) - scales[t].mean) / scales[t].deviation)

  const random = seededRandom(0, `pretrain/${fold}`)
  const stored = decodeSafetensors(readFileSync(join(base, config.base)), config.base).tensors
  let parameters: Parameters = new Map(
    [...shapes].map(([name, shape]) => {
      const known = stored.get(name)
      return [name, asFloat32(name, known ?? initialWeight(name, shape, random))]
    }),
  )
  const batchOf = async (batch: readonly LocatedRow[], seeds: readonly string[] | null) => {
    const bags = await Promise.all(batch.map((row, i) => viewOf(row, seeds?.[i] ?? null)))
    const wanted = batch.flatMap(wantedOf)
    const shape = [batch.length, TARGETS.length]
    return {
      views: bagFeeds(bags, resolution).views,
      targets: { dtype: 'float32', shape, data: Float32Array.from(wanted, (x) => (Number.isNaN(x) ? 0 : x)) },
      known: {
        dtype: 'float32',
        shape,
        data: Float32Array.from(wanted, (x) => (Number.isNaN(x) ? 0 : 1 / Math.sqrt(wanted.length))),
      },
    } as const
  }
  const tensors = () =>
    [...parameters].map(([name, data]) => {
      return [name, { dtype: 'float32', shape: shapes.get(name) ?? [], data } as const] as const
    })
  const optimizer = adamW({ weightDecay: 0.05 })
  let state = optimizer.init(parameters)
  const steps = Math.ceil(train.length / BATCH)
  const schedule = { base: RATE, warmupSteps: WARMUP, totalSteps: epochs * steps, schedule: 'cosine' } as const
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = shuffle(train, seededRandom(0, `pretrain/${fold}/${epoch}`))
    const batches = Array.from({ length: steps }, (_, i) => order.slice(i * BATCH, (i + 1) * BATCH))
    let sum = 0
    const ready = inOrder([...batches.entries()], 3, ([i, batch]) =>
      batchOf(
        batch,
        batch.map((_, j) => `pretrain/${fold}/${epoch}/${i}/${j}`),
      ),
    )
    for await (const feeds of ready) {
      const result = await session.run({ ...feeds, ...Object.fromEntries(tensors()) })
      const found = new Map([...shapes.keys()].map((name) => [name, result[gradientName(name)].data as Float32Array]))
      const rate = learningRateAt(state.step, schedule)
      const next = optimizer.update(clipGradients(found, 1).gradients, state, parameters, (name) =>
        name.startsWith(HEAD) ? HEAD_RATE * rate : rate,
      )
      parameters = next.parameters
      state = next.state
      sum += Number(result.loss.data[0])
    }
    const answers: number[][] = []
    for (let at = 0; at < val.length; at += BATCH) {
      const result = await session.run({
        ...(await batchOf(val.slice(at, at + BATCH), null)),
        ...Object.fromEntries(tensors()),
      })
      const numbers = Array.from(result.told.data as Float32Array)
      for (let i = 0; i < numbers.length; i += TARGETS.length) answers.push(numbers.slice(i, i + TARGETS.length))
    }
    const explained = TARGETS.map((target, t) => `${target} ${rSquared(answers, val.map(wantedOf), t).toFixed(2)}`)
    const suspicion = TARGETS.indexOf(MALIGNANCY)
    const labelled = val.flatMap(({ malignant }, i) => (malignant === null ? [] : [{ malignant, i }]))
    const area = auroc(
      labelled.map(({ i }) => answers[i][suspicion]),
      labelled.map(({ malignant }) => malignant),
    )
    console.log(
      `fold ${fold}, epoch ${epoch}: loss ${(sum / steps).toFixed(3)}; validation: malignancy AUROC ` +
        `${area?.toFixed(3)}; variance explained: ${explained.join(', ')}`,
    )
  }
  const tower = new Map(tensors().filter(([name]) => !name.startsWith(HEAD)))
  const file = join(out, fileOf(fold))
  writeFileSync(`${file}.part`, encodeSafetensors(tower, { format: 'pt' }))
  renameSync(`${file}.part`, file)
}

/** Share of a target's variance that answers explain, where it is known. */
function rSquared(answers: readonly (readonly number[])[], wanted: readonly (readonly number[])[], t: number): number {
  const known = wanted.flatMap((own, i) => (Number.isNaN(own[t]) ? [] : [i]))
  const mean = known.reduce((sum, i) => sum + wanted[i][t], 0) / known.length
  const sum = (f: (i: number) => number) => known.reduce((total, i) => total + f(i) ** 2, 0)
  return 1 - sum((i) => answers[i][t] - wanted[i][t]) / sum((i) => wanted[i][t] - mean)
}

for (const fold of values.fold.map(Number)) {
  if (folds[fold] === undefined) throw new Error(`there is no fold ${fold}`)
  if (!existsSync(join(out, fileOf(fold)))) await pretrain(fold)
}
await pool.close()
await session.close()
const { tokenizer, prompts } = config
for (const file of [config.base, tokenizer, prompts])
  if (file !== undefined) copyFileSync(join(base, file), join(out, file))
const { reports: _, ...kept } = config
const whole = {
  ...kept,
  name: `${config.name}, on ratings`,
  folds: [...folds.keys()].map((k) => ({ both: fileOf(k) })),
}
writeFileSync(join(out, 'config.json'), `${JSON.stringify(whole, null, 2)}\n`)
