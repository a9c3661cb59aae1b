import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appendMetrics, readMetrics, truncateMetricsAfter } from './metrics-log.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'metrics-'))
})
afterAll(() => rm(folder, { recursive: true }))

const steps = async (path: string) => (await readMetrics(path)).map(({ step }) => step)

describe('the metrics log', () => {
  it('keeps records in order', async () => {
    const path = join(folder, 'a.jsonl')
    expect(await readMetrics(path)).toEqual([])
    for (const step of [1, 2]) await appendMetrics(path, { step, kind: 'step', total: step / 3, bad: Number.NaN })
    expect(await readMetrics(path)).toEqual([1, 2].map((step) => ({ step, kind: 'step', total: step / 3, bad: null })))
  })

  it('goes back to a checkpoint wherever the run was killed', async () => {
    const path = join(folder, 'b.jsonl')
    for (const step of [1, 2, 3]) await appendMetrics(path, { step, total: 1 })
    await appendMetrics(path, { step: 3, kind: 'epoch' })
    await appendMetrics(path, { step: 4, total: 1 })
    const whole = await readFile(path)
    const upTo3 = whole.subarray(0, whole.lastIndexOf('\n', -2) + 1)
    // Cut at every byte: what remains up to step 3 stays to the letter, and the log can be appended to.
    for (let cut = 0; cut <= whole.length; cut++) {
      await writeFile(path, whole.subarray(0, cut))
      await truncateMetricsAfter(path, 3)
      const left = (await readFile(path)).toString()
      expect(upTo3.toString().startsWith(left)).toBe(true)
      expect(left).toMatch(/^$|\n$/)
      if (cut >= upTo3.length) expect(left).toBe(upTo3.toString())
    }
    await appendMetrics(path, { step: 4, total: 2 })
    expect(await steps(path)).toEqual([1, 2, 3, 3, 4])
  })

  it('takes back an epoch that a checkpoint at its last step has not seen', async () => {
    const path = join(folder, 'e.jsonl')
    await appendMetrics(path, { step: 2, kind: 'epoch', epoch: 0 })
    await appendMetrics(path, { step: 4, kind: 'step', epoch: 1 })
    await appendMetrics(path, { step: 4, kind: 'epoch', epoch: 1 })
    await truncateMetricsAfter(path, 4, { epochs: 2 })
    expect(await steps(path)).toEqual([2, 4, 4])
    await truncateMetricsAfter(path, 4, { epochs: 1 })
    expect(await readMetrics(path)).toMatchObject([{ kind: 'epoch', epoch: 0 }, { kind: 'step' }])
  })

  it('drops what is no record, and does nothing where there is no log', async () => {
    const path = join(folder, 'c.jsonl')
    await truncateMetricsAfter(path, 3)
    expect(await readMetrics(path)).toEqual([])
    await appendFile(path, '{"step":1}\n{"st{"step":2}\nnull\n{"epoch":1}\n{"step":2}')
    expect(await steps(path)).toEqual([1, 2])
    await truncateMetricsAfter(path, 2)
    expect(await readFile(path, 'utf8')).toBe('{"step":1}\n{"step":2}\n')
  })

  it('says where it cannot be written', async () => {
    await expect(appendMetrics(join(folder, 'no/d.jsonl'), { step: 7 })).rejects.toThrow(
      expect.objectContaining({ code: 'training/metrics', message: expect.stringContaining('step 7 cannot') }),
    )
  })
})
