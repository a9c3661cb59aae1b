import { describe, expect, it } from 'vitest'
import { SpiculaError } from '../error.ts'
import { failure } from './failure.ts'

describe('failure', () => {
  it('keeps code, message and hint of an error of ours', () => {
    const error = new SpiculaError('nodule/outside', 'outside by 3 mm', { hint: 'look at the frame' })
    expect(failure(error)).toEqual({
      failed: { code: 'nodule/outside', message: 'outside by 3 mm', hint: 'look at the frame' },
    })
    expect(failure(new SpiculaError('a/b', 'm')).failed.hint).toBeUndefined()
  })

  it('reports any other as a defect of ours, with the place where it happened', () => {
    const { code, message, hint } = failure(new TypeError('x is not a function')).failed
    expect(code).toBe('internal/unexpected')
    expect(message).toMatch(/^TypeError: x is not a function\n +at /)
    expect(hint).toContain('please report it')
    const bare = new Error('without a stack')
    delete bare.stack
    expect(failure(bare).failed.message).toBe('without a stack')
    expect(failure('a text').failed).toMatchObject({ code: 'internal/unexpected', message: 'a text' })
  })
})
