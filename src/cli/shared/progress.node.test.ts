import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startProgress } from './progress.node.ts'

let written = ''
beforeEach(() => {
  written = ''
  vi.useFakeTimers({ toFake: ['performance'] })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += text
    return true
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** 100 steps, each taking `ms`. */
function work(ms: number, quiet = false): void {
  const progress = startProgress('nodules', 100, { quiet })
  for (let i = 0; i < 100; i++) {
    vi.advanceTimersByTime(ms)
    progress.step()
  }
  progress.done()
}

describe('progress in a pipe', () => {
  it('is a plain line every ten seconds, with rate and time left', () => {
    work(250)
    expect(written).toBe('40/100 nodules, 4.0/s, 15 s left\n80/100 nodules, 4.0/s, 5 s left\n')
  })

  it('counts minutes where there are some', () => {
    work(5000)
    expect(written.split('\n')[0]).toBe('2/100 nodules, 0.2/s, 8 min 10 s left')
  })

  it('is nothing for short work, and nothing when quiet', () => {
    work(10)
    work(1000, true)
    expect(written).toBe('')
  })
})
