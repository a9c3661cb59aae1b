import { expect, it } from 'vitest'
import { memoryScan } from './memory-scan.ts'
import type { Affine } from './scan.ts'

const identity: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]
const voxels = Int16Array.from({ length: 24 }, (_, v) => v - 12)

it('reads boxes, i fastest', async () => {
  const scan = memoryScan(voxels, [2, 3, 4], identity)
  expect([...(await scan.readHu({ startIjk: [1, 0, 2], sizeIjk: [1, 2, 2] }))]).toEqual([1, 3, 7, 9])
  expect(await scan.readHu({ startIjk: [0, 0, 0], sizeIjk: [2, 3, 4] })).toEqual(Float32Array.from(voxels))
})

it('refuses a box outside, a shape that does not fit, and an affine that places nothing', async () => {
  const scan = memoryScan(voxels, [2, 3, 4], identity)
  await expect(scan.readHu({ startIjk: [0, 0, 3], sizeIjk: [2, 3, 2] })).rejects.toMatchObject({ code: 'volume/box' })
  const refused = (code: string) => expect.objectContaining({ code })
  expect(() => memoryScan(voxels, [2, 3, 5], identity)).toThrow(refused('volume/shape'))
  expect(() => memoryScan(voxels, [2.4, 2.5, 4], identity)).toThrow(refused('volume/shape'))
  expect(() =>
    memoryScan(
      voxels,
      [2, 3, 4],
      identity.map(() => 0),
    ),
  ).toThrow(refused('volume/affine'))
})
