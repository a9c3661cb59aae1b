/** The losses as graphs against PyTorch's own functions. */
import { describe, expect, it } from 'vitest'
import { writeOnnx } from '../graph/onnx.ts'
import * as g from '../graph/operations.ts'
import { openSession } from '../graph/session.node.ts'
import type { Tensor, TensorData } from '../graph/tensor.ts'
import { farthest, torchNumbers } from '../training/torch.fixture.node.ts'
import { classTargets, classWeights, clipLoss, clipTargets, crossEntropy } from './losses.ts'

const float32 = (shape: readonly number[], data: ArrayLike<number>): TensorData => ({
  dtype: 'float32',
  shape: [...shape],
  data: Float32Array.from(data),
})

async function run(outputs: Record<string, Tensor>, feeds: Record<string, TensorData>) {
  const session = await openSession(writeOnnx(outputs, new Map()))
  try {
    const results = await session.run(feeds)
    return (name: string) => Array.from(results[name].data, Number)
  } finally {
    await session.close()
  }
}

/** Norm of the difference over the norm, or over 1 where that is less: logits of 20 have steps of 2e-6 in float32. */
function distance(actual: readonly number[], expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length)
  return Math.hypot(...expected.map((x, i) => x - actual[i])) / Math.max(1, Math.hypot(...expected))
}

describe('weighted cross-entropy', () => {
  it.each(torchNumbers.crossEntropy)('of $labels is torch.nn.functional.cross_entropy', async (expected) => {
    const { labels, counts, logits } = expected
    const weights = classWeights(counts)
    expect(farthest(weights, expected.weights)).toBeLessThan(1e-15)
    const x = g.input('logits', [1, 'N', 2])
    const loss = crossEntropy(x, g.input('targets', ['N', 2]))
    const [gradient] = g.gradients(loss, [x])
    const feed = (targets: Float32Array) =>
      run(
        { loss, gradient },
        {
          logits: float32([1, labels.length, 2], logits),
          targets: float32([labels.length, 2], targets),
        },
      )
    const weighted = await feed(classTargets(labels, weights as [number, number]))
    expect(distance(weighted('loss'), [expected.weighted])).toBeLessThan(1e-6)
    expect(distance(weighted('gradient'), expected.gradient)).toBeLessThan(1e-6)
    const plain = await feed(classTargets(labels, [1, 1]))
    expect(distance(plain('loss'), [expected.plain])).toBeLessThan(1e-6)
  })
})

describe('the CLIP loss with label smoothing 0.1', () => {
  it.each(torchNumbers.clip)('of $count pairs is that of cross_entropy both ways', async (expected) => {
    const { count, image, text, logitScale, loss, gradients } = expected
    const [i, t] = [g.input('image', [1, 'N', 6]), g.input('text', [1, 'N', 6])]
    const scale = g.input('logitScale', [])
    const value = clipLoss(i, t, scale, {
      textsOfImage: g.input('textsOfImage', ['N', 'N']),
      imagesOfText: g.input('imagesOfText', ['N', 'N']),
    })
    const [gi, gt, gs] = g.gradients(value, [i, t, scale])
    const result = await run(
      { value, gi, gt, gs },
      {
        image: float32([1, count, 6], image),
        text: float32([1, count, 6], text),
        logitScale: float32([], [logitScale]),
        textsOfImage: float32([count, count], clipTargets(count, 0.1).textsOfImage),
        imagesOfText: float32([count, count], clipTargets(count, 0.1).imagesOfText),
      },
    )
    expect(distance(result('value'), [loss])).toBeLessThan(1e-6)
    expect(distance(result('gi'), gradients.image)).toBeLessThan(1e-6)
    expect(distance(result('gt'), gradients.text)).toBeLessThan(1e-6)
    expect(distance(result('gs'), gradients.logitScale)).toBeLessThan(1e-6)
  })

  it('of texts that are true of several nodules is that of cross_entropy with probabilities', async () => {
    const { count, pairs, image, text, logitScale, loss, gradients } = torchNumbers.clipMatching
    const targets = clipTargets(count, 0.1, (i, t) => pairs[i][t] === 1)
    const [i, t] = [g.input('image', [1, 'N', 6]), g.input('text', [1, 'N', 6])]
    const names = {
      textsOfImage: g.input('textsOfImage', ['N', 'N']),
      imagesOfText: g.input('imagesOfText', ['N', 'N']),
    }
    const value = clipLoss(i, t, g.input('logitScale', []), names)
    const [gi, gt] = g.gradients(value, [i, t])
    const result = await run(
      { value, gi, gt },
      {
        image: float32([1, count, 6], image),
        text: float32([1, count, 6], text),
        logitScale: float32([], [logitScale]),
        textsOfImage: float32([count, count], targets.textsOfImage),
        imagesOfText: float32([count, count], targets.imagesOfText),
      },
    )
    expect(distance(result('value'), [loss])).toBeLessThan(1e-6)
    expect(distance(result('gi'), gradients.image)).toBeLessThan(1e-6)
    expect(distance(result('gt'), gradients.text)).toBeLessThan(1e-6)
  })
})

describe('targets', () => {
  it('of a nodule without a diagnosis are nothing', () => {
    expect([...classTargets([0, null, 1], [1, 3])]).toEqual([0.25, 0, 0, 0, 0, 0.75])
    expect([...classTargets([null, null], [1, 1])]).toEqual([0, 0, 0, 0])
  })

  it('of a probability are a part of both classes, the parts weighted and scaled to a sum of 1', () => {
    const targets = [...classTargets([0.25, 1], [1, 3])]
    for (const [i, share] of [0.75, 0.75, 0, 3].entries()) expect(targets[i]).toBeCloseTo(share / 4.5, 7)
  })
})
