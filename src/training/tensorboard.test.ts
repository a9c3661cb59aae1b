import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crc32c, encodeEvent, frame, openEvents } from './tensorboard.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'events-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** The data of each record of an event file, its checksums compared. */
function records(file: Buffer): Buffer[] {
  const out: Buffer[] = []
  for (let at = 0; at < file.length; ) {
    const data = file.subarray(at + 12, at + 12 + Number(file.readBigUInt64LE(at)))
    const whole = file.subarray(at, at + 16 + data.length)
    expect(Buffer.compare(whole, frame(data))).toBe(0)
    out.push(data)
    at += whole.length
  }
  return out
}

describe('event files', () => {
  it("are TensorBoard's own, byte for byte", async () => {
    const stored = await readFile(new URL('./fixtures/tensorboard.events', import.meta.url))
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`tag ${i}`, i / 7]))
    const ours = [
      { fileVersion: 'brain.Event:2' },
      { step: 300, sessionStart: true },
      { step: 0, scalars: { 'train/total': 0 } },
      { step: 5_000_000_000, scalars: { 'train/total': 0.1, 'validation/größe': -2.5, a: Number.NaN } },
      { step: 301, scalars: many },
    ].map((event) => frame(encodeEvent(event, 1_700_000_000.25)))
    expect(Buffer.concat(ours).toString('hex')).toBe(stored.toString('hex'))
  })

  it('are read in the order in which they were opened, each whole after every step', async () => {
    const path = join(folder, 'fold_0')
    const first = await openEvents(path)
    await first.scalars(1, { 'train/total': 2 })
    const second = await openEvents(path, { purgeStep: 2 })
    await second.scalars(2, { 'train/total': 1 })
    expect((await readdir(path)).sort().map((name) => join(path, name))).toEqual([first.path, second.path])
    const [before, after] = await Promise.all([first, second].map(async (one) => records(await readFile(one.path))))
    expect([before.length, after.length]).toEqual([2, 3])
    const start = Buffer.from(encodeEvent({ step: 2, sessionStart: true }, 0))
    expect(after[1].subarray(9)).toEqual(start.subarray(9))
    await Promise.all([first.close(), second.close()])
  })

  it('have the checksum of RFC 3720', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
  })

  it('say where they cannot be written', async () => {
    const events = await openEvents(join(folder, 'full'))
    await expect(openEvents(events.path)).rejects.toThrow(expect.objectContaining({ code: 'training/events' }))
    await events.close()
    await expect(events.scalars(1, { a: 1 })).rejects.toThrow(expect.objectContaining({ code: 'training/events' }))
  })
})
