/** Numbers of the image side by nodule and fold, from a session that answers what its nodule and fold are. */
import { describe, expect, it } from 'vitest'
import type { TensorData } from '../graph/tensor.ts'
import { SMALL } from '../model/model.fixture.node.ts'
import { wholePreprocessing } from '../nodule/prepare.ts'
import type { ImageSession } from './image-session.node.ts'
import { readNodules } from './read-nodules.node.ts'

const tensor = (shape: readonly number[], data: readonly number[]): TensorData => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(data),
})

/** Of `own` folds out of three: 1 where they share every weight. */
function session(own: 1 | 3, probability = (nodule: number, fold: number) => (nodule + 1) / 10 + fold / 100) {
  const asked: Readonly<Record<string, TensorData>>[] = []
  const run: ImageSession['run'] = async (feeds) => {
    asked.push(feeds)
    const nodules = feeds.members.shape[0]
    const each = <Value>(of: (nodule: number, fold: number) => Value[]) =>
      Array.from({ length: own }, (_, fold) => Array.from({ length: nodules }, (_, n) => of(n, fold)).flat()).flat()
    return {
      probability: tensor(
        [own, nodules],
        each((n, fold) => [probability(n, fold)]),
      ),
      attention: tensor(
        [own, nodules, 9],
        each((n, fold) => Array.from({ length: 9 }, (_, v) => 100 * n + 10 * fold + v)),
      ),
      embedding: tensor(
        [own, nodules, 2],
        each((n, fold) => [n, fold]),
      ),
    }
  }
  const preprocessing = { ...wholePreprocessing({ geometry: 'exact', resolution: 4 }), mean: [0, 0, 0], std: [1, 1, 1] }
  const config = { ...SMALL, format: 'spicula-model/1', base: 'b', folds: [], preprocessing }
  return { asked, opened: { config, folds: 3, run } as unknown as ImageSession }
}
const nodule = (count: number) => ({ pixels: new Float32Array(count * 16), count })

describe('readNodules', () => {
  it('gives each nodule its own numbers of every fold, and weights of the views that it has', async () => {
    const { asked, opened } = session(3)
    const [first, second] = await readNodules(opened, [nodule(9), nodule(2)])
    expect(asked).toHaveLength(1)
    expect(asked[0].views.shape).toEqual([11, 4, 4])
    const close = (values: readonly number[], wanted: readonly number[]) => {
      expect(values).toHaveLength(wanted.length)
      for (const [i, value] of values.entries()) expect(value).toBeCloseTo(wanted[i], 6)
    }
    close(first.raw, [0.1, 0.11, 0.12])
    close(second.raw, [0.2, 0.21, 0.22])
    expect(first.attention[1]).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18])
    expect(second.attention).toEqual([
      [100, 101],
      [110, 111],
      [120, 121],
    ])
    expect(second.embedding).toEqual([
      [1, 0],
      [1, 1],
      [1, 2],
    ])
  })

  it('gives every fold the one row of folds that share all weights', async () => {
    const [, second] = await readNodules(session(1).opened, [nodule(1), nodule(1)])
    expect(second.attention).toEqual([[100], [100], [100]])
    expect(second.embedding).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
    ])
    expect(new Set(second.raw).size).toBe(1)
  })

  it('asks nothing for no nodules', async () => {
    const { asked, opened } = session(3)
    expect(await readNodules(opened, [])).toEqual([])
    expect(asked).toEqual([])
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %d in any fold, with what the folds say', async (bad) => {
    const { opened } = session(3, (n, fold) => (n === 1 && fold === 2 ? bad : 0.5))
    await expect(readNodules(opened, [nodule(1), nodule(1)])).rejects.toMatchObject({
      code: 'inference/not-finite',
      message: `the model answers 0.5, 0.5, ${bad}, which is not a probability`,
      hint: expect.stringContaining('the weights of the model are damaged'),
    })
  })
})
