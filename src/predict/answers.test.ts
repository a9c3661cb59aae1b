import { describe, expect, it } from 'vitest'
import type { ModelConfig } from '../model/config.ts'
import { VERSION } from '../version.ts'
import { stampOf } from './answers.ts'

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
