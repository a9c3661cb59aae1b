import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Triple } from '../../scan/scan.ts'
import { bodiesOf } from './bodies.ts'
import { isClosed } from './polygon.ts'

/** A star-shaped outline round a point: never crosses itself. */
const star = (centre: Triple, radii: readonly number[]): Triple[] =>
  radii.map((r, n) => {
    const turn = (2 * Math.PI * n) / radii.length
    return [centre[0] + r * Math.cos(turn), centre[1] + r * Math.sin(turn), centre[2]]
  })
const radii = fc.array(fc.double({ min: 2, max: 9, noNaN: true }), { minLength: 5, maxLength: 24 })
const only = (bodies: ReturnType<typeof bodiesOf>) => {
  expect(bodies).toHaveLength(1)
  return bodies?.[0].centreLps ?? [Number.NaN, Number.NaN, Number.NaN]
}
const near = (a: readonly number[], b: readonly number[]) => {
  for (const axis of [0, 1, 2]) expect(a[axis]).toBeCloseTo(b[axis], 6)
}

describe('the centre of an outline', () => {
  it('is not moved by where it begins, which way it runs, and how many points it has', () => {
    fc.assert(
      fc.property(radii, fc.nat(30), (lengths, shift) => {
        const outline = star([3, -7, 12], lengths)
        const centre = only(bodiesOf([outline]))
        const from = shift % outline.length
        near(only(bodiesOf([[...outline.slice(from), ...outline.slice(0, from)]])), centre)
        near(only(bodiesOf([outline.toReversed()])), centre)
        near(only(bodiesOf([[...outline, outline[0]]])), centre)
        const denser = outline.flatMap((a, n): Triple[] => {
          const b = outline[(n + 1) % outline.length]
          return n > outline.length / 2 ? [a] : [a, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, a[2]]]
        })
        near(only(bodiesOf([denser])), centre)
      }),
    )
  })

  it('turns and moves with it, whatever plane it lies in', () => {
    const turned = ([x, y, z]: Triple): Triple => [0.6 * x - 0.8 * z + 5, y - 9, 0.8 * x + 0.6 * z + 1]
    fc.assert(
      fc.property(radii, (lengths) => {
        const stack = [0, 2, 4].map((z) => star([3, -7, z], lengths))
        near(only(bodiesOf(stack.map((outline) => outline.map(turned)))), turned(only(bodiesOf(stack)) as Triple))
      }),
    )
  })

  it('is that of a raster of what it encloses', () => {
    fc.assert(
      fc.property(radii, (lengths) => {
        const outline = star([0, 0, 0], lengths)
        const [sum, count] = [[0, 0], [0]]
        for (let x = -9; x <= 9; x += 0.1)
          for (let y = -9; y <= 9; y += 0.1) {
            // Within a star: nearer than the edge that the ray from its middle crosses.
            const at = ((Math.atan2(y, x) / (2 * Math.PI) + 1) % 1) * lengths.length
            const [a, b] = [outline[Math.floor(at) % lengths.length], outline[(Math.floor(at) + 1) % lengths.length]]
            if ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]) < 0) continue
            count[0]++
            sum[0] += x
            sum[1] += y
          }
        const [x, y] = only(bodiesOf([outline]))
        expect(Math.hypot(x - sum[0] / count[0], y - sum[1] / count[0])).toBeLessThan(0.05)
      }),
      { numRuns: 20 },
    )
  })

  it('is the middle of a line where it encloses nothing, and never runs away', () => {
    near(
      only(
        bodiesOf([
          [
            [0, 0, 5],
            [4, 0, 5],
            [2, 0, 5],
          ],
        ]),
      ),
      [2, 0, 5],
    ) // prettier-ignore
    near(only(bodiesOf([[[1, 2, 3]]])), [1, 2, 3])
    // An eight: its loops cancel, all but a hair.
    const eight: Triple[] = [
      [0, 0, 0],
      [4, 4, 0],
      [4, 0, 0],
      [0, 4.01, 0],
    ] // prettier-ignore
    const [x, y] = only(bodiesOf([eight]))
    expect(Math.hypot(x - 2, y - 2)).toBeLessThan(1)
  })
})

describe('bodies', () => {
  const square = (x: number, z: number, half = 5): Triple[] => [
    [x - half, -half, z],
    [x + half, -half, z],
    [x + half, half, z],
    [x - half, half, z],
  ]

  it('are parted by a slice without an outline, not by a stack that grows coarser', () => {
    const count = (...at: number[]) => bodiesOf(at.map((z) => square(0, z)))?.length
    expect([count(0, 2, 4), count(0, 2, 4, 8, 10, 12), count(0, 2, 4, 8, 12), count(0, 5), count(0, 40)]).toEqual([
      1, 2, 1, 1, 2,
    ])
    expect(bodiesOf([square(0, 0), square(0, 5)], 2)).toHaveLength(2)
  })

  it('are told apart though their planes lie between each other', () => {
    const [a, b] = [0, 2, 4, 6]
      .flatMap((z) => [square(0, z), square(30, z + 0.7)])
      .reduce<[Triple[][], Triple[][]]>(
        ([even, odd], one, n) => (n % 2 === 0 ? [[...even, one], odd] : [even, [...odd, one]]),
        [[], []],
      )
    const bodies = bodiesOf([...a, ...b]) ?? []
    expect(bodies.map(({ centreLps }) => Math.round(centreLps[0])).sort()).toEqual([0, 30])
    for (const { volumeMm3 } of bodies) expect(volumeMm3).toBeCloseTo(4 * 2 * 100, 6)
  })

  it('weigh each plane by what of the stack it stands for', () => {
    // A cone's planes, the upper ones twice as far apart: its middle is where an even stack has it.
    const cone = (at: number[]) => only(bodiesOf(at.map((z) => square(0, z, 10 - z / 4))))[2]
    expect(cone([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16])).toBeCloseTo(
      cone([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
      0,
    )
  })

  it('are refused where they are too many', () => {
    expect(
      bodiesOf(Array.from({ length: 6000 }, (_, n) => square(20 * (n % 50), 3 * Math.floor(n / 50)))),
    ).toBeUndefined()
    expect(bodiesOf([])).toEqual([])
  })
})

describe('a line', () => {
  it.each([
    [
      [
        [0, 0, 0],
        [4, 0, 0],
        [4, 3, 0],
        [0, 3, 0],
      ],
      true,
    ],
    [
      [
        [0, 0, 0],
        [4, 0, 0],
        [4, 3, 0],
        [0, 0, 0],
      ],
      true,
    ],
    [
      [
        [0, 0, 0],
        [1, 0, 0],
        [2, 0, 0],
        [3, 0, 0],
      ],
      false,
    ],
    [
      [
        [0, 0, 0],
        [4, 0, 0],
      ],
      false,
    ],
  ] as const)('%j goes round something: %s', (points, closed) => {
    expect(isClosed(points)).toBe(closed)
  })
})
