import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LocatedRow } from '../cohort/manifest.node.ts'
import { SpiculaError } from '../error.ts'
import { SMALL } from '../model/model.fixture.node.ts'
import { type NoduleViews, VIEWS } from '../nodule/views.ts'
import { writeNifti } from '../scan/nifti/write.node.ts'
import type { Triple } from '../scan/scan.ts'
import { predictCohort, type RowResult } from './cohort.node.ts'
import type { Predictor } from './predictor.node.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cohort-'))
  // Stored k is the voxel's HU: a nodule's place can be read off its views.
  for (const name of ['a.nii', 'b.nii']) {
    const voxels = Int16Array.from({ length: 64 ** 3 }, (_, i) => Math.floor(i / 64 ** 2))
    const affineLps = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]
    await writeNifti(join(folder, name), { voxels, shapeIjk: [64, 64, 64], affineLps })
  }
})
afterAll(() => rm(folder, { recursive: true }))

const row = (line: number, file: string, point: Triple): LocatedRow => ({
  line,
  pid: `p${line}`,
  noduleId: '1',
  imagePath: file,
  imageFile: join(folder, file),
  point,
  malignant: null,
  malignantProbability: null,
  values: {},
})
const HEIGHTS = [30, 31, 32, 33, 34, 35, 36]
const rows = () => [
  ...HEIGHTS.map((z, i) => row(i + 2, i % 2 === 0 ? 'a.nii' : 'b.nii', [32, 32, z])),
  row(9, 'gone.nii', [0, 0, 0]),
  row(10, 'a.nii', [32, 32, 99]),
]

/** HU at the middle of the first view. */
const height = ({ pixels }: NoduleViews): number => Math.round(pixels[16 * 8 + 8] * 1500 - 1000)

/** A model that answers the height of the nodule in percent, and no number above `limit`. */
function stub(limit = 100) {
  const batches: number[][] = []
  const predictor: Predictor = {
    config: {
      ...SMALL,
      format: 'spicula-model/1',
      preprocessing: { ...SMALL.preprocessing, resolution: SMALL.architecture.image.resolution },
      base: 'b',
      folds: [{ both: 'f' }],
    },
    folds: 1,
    calibrated: false,
    stamp: { model: 'stub', modelVersion: '0', software: 'test', use: 'for research use' },
    predict: async (nodules) => {
      const heights = nodules.map(height)
      batches.push(heights)
      if (heights.some((z) => z > limit)) throw new SpiculaError('inference/not-finite', 'no number')
      return heights.map((z) => ({ raw: [z / 100], ensemble: z / 100, attention: [] }))
    },
    close: async () => undefined,
  }
  return { predictor, batches }
}

async function all(predictor: Predictor, views: 'nine' | 'axial' = 'axial'): Promise<RowResult[]> {
  const results: RowResult[] = []
  for await (const result of predictCohort(rows(), predictor, { frame: 'lps', views })) results.push(result)
  return results
}
const answers = (results: readonly RowResult[]) =>
  Object.fromEntries(
    results.map((one) => [
      one.row.line,
      'problem' in one ? one.problem.code : Math.round(100 * one.prediction.ensemble),
    ]),
  )

describe('predictCohort', () => {
  it('gives every row its own answer or problem, in batches that depend on the rows alone', async () => {
    const { predictor, batches } = stub()
    expect(answers(await all(predictor))).toEqual({
      2: 30,
      3: 31,
      4: 32,
      5: 33,
      6: 34,
      7: 35,
      8: 36,
      9: 'volume/missing',
      10: 'nodule/outside',
    })
    // Scan by scan, whichever thread was first.
    expect(batches).toEqual([
      [30, 32, 34, 36],
      [31, 33, 35],
    ])
  })

  it("hands over the views that are asked for, at the model's resolution", async () => {
    const { predictor } = stub()
    const seen: NoduleViews[] = []
    const spy = {
      ...predictor,
      predict: (nodules: readonly NoduleViews[]) => {
        seen.push(...nodules)
        return predictor.predict(nodules)
      },
    }
    const [first] = await all(spy, 'nine')
    expect(seen.map(({ count, pixels }) => [count, pixels.length])).toEqual(HEIGHTS.map(() => [9, 9 * 256]))
    expect('views' in first && first.views).toHaveLength(9)
  })

  it('loses no nodule of a batch to one that gets no number', async () => {
    const { predictor } = stub(35)
    expect(answers(await all(predictor))).toMatchObject({ 2: 30, 4: 32, 6: 34, 8: 'inference/not-finite', 3: 31 })
  })

  it('ends with any other error of the model', async () => {
    const { predictor } = stub()
    const broken = { ...predictor, predict: () => Promise.reject(new SpiculaError('graph/run', 'out of memory')) }
    await expect(all(broken)).rejects.toMatchObject({ code: 'graph/run' })
  })

  it('loses the rows of a scan whose thread dies, and no other', async () => {
    const { predictor } = stub()
    // Prepares nothing: it dies over one scan, and fails at every place of the others.
    const source = `
      import { serveTasks } from ${JSON.stringify(new URL('../worker-pool.node.ts', import.meta.url).href)}
      serveTasks(async ({ imageFile, points }) => {
        if (imageFile.endsWith('b.nii')) process.exit(7)
        return { result: points.map(() => ({ failed: { code: 'test/told', message: 'so', hint: 'do' } })), transfer: [] }
      })`
    const worker = new URL(`data:text/javascript,${encodeURIComponent(source)}`)
    const results: RowResult[] = []
    for await (const result of predictCohort(rows(), predictor, { frame: 'lps', views: 'axial', worker }))
      results.push(result)
    expect(answers(results)).toEqual({
      ...Object.fromEntries([2, 4, 6, 8, 9, 10].map((line) => [line, 'test/told'])),
      ...Object.fromEntries([3, 5, 7].map((line) => [line, 'internal/worker'])),
    })
    const told = results.flatMap((one) => ('problem' in one && one.row.line === 2 ? one.problem : []))
    expect(told).toMatchObject([{ line: 2, code: 'test/told', message: 'so', hint: 'do' }])
  })

  it('says with every answer where the nodule is, which views were made, and what was odd', async () => {
    const results = await all(stub().predictor, 'nine')
    const done = results.flatMap((one) => ('problem' in one ? [] : one))
    for (const { row: one, pointLps, views, notes, drawn } of done) {
      expect(pointLps).toEqual(one.point)
      expect(views).toEqual(VIEWS.map(({ name }) => name))
      expect(notes.map(({ code }) => code)).toContain('nodule/not-hu')
      expect(drawn).toBeUndefined()
    }
    expect(done).toHaveLength(HEIGHTS.length)
  })
})
