import { describe, expect, it } from 'vitest'
import type { ModelConfig } from '../model/config.ts'
import { VERSION } from '../version.ts'
import { answerOf, type NodulePrediction, stampOf } from './answers.ts'

describe('stampOf', () => {
  const config = { name: 'mine', version: '7' } as ModelConfig
  it('says model, version, software and what it is for', () => {
    const stamp = { model: 'mine', modelVersion: '7', software: `spicula ${VERSION}`, use: 'for research use' }
    expect(stampOf(config)).toEqual(stamp)
    expect(stampOf(config, 'fp32')).toEqual(stamp)
  })

  it('names a reduced precision', () => {
    expect(stampOf(config, 'int8').software).toBe(`spicula ${VERSION} (int8)`)
  })
})

describe('answerOf', () => {
  const stamp = stampOf({ name: 'mine', version: '7' } as ModelConfig)
  // Three views; the second is the heaviest in the mean, the third in one fold.
  const prediction: NodulePrediction = {
    raw: [0.2, 0.6],
    ensemble: 0.4,
    attention: [
      [0.1, 0.8, 0.1],
      [0.3, 0.2, 0.5],
    ],
  }
  const views = ['axial', 'lr-back-up', 'another']
  const notes = [{ code: 'nodule/border', message: 'near it' }]

  it('gives the ensemble and its range, and the views by weight', () => {
    expect(answerOf({ prediction, views, notes }, stamp)).toEqual({
      probability: 0.4,
      range: [0.2, 0.6],
      calibrated: false,
      raw: { probability: 0.4, range: [0.2, 0.6] },
      views: [
        { name: 'lr-back-up', label: '45° about L-R: back up', weight: 0.5 },
        { name: 'another', label: 'another', weight: expect.closeTo(0.3, 12) },
        { name: 'axial', label: 'Axial', weight: 0.2 },
      ],
      notes,
      prediction,
      ...stamp,
    })
  })

  it('puts what is calibrated first, the raw beside it', () => {
    const calibrated = { ...prediction, calibrated: [0.9, 0.3], calibratedEnsemble: 0.6 }
    expect(answerOf({ prediction: calibrated, views, notes: [] }, stamp)).toMatchObject({
      probability: 0.6,
      range: [0.3, 0.9],
      calibrated: true,
      raw: { probability: 0.4, range: [0.2, 0.6] },
      notes: [],
    })
  })
})
