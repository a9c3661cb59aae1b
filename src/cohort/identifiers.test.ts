import { basename, resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fileStem, fileStems } from './identifiers.ts'

const row = (line: number, pid: string, noduleId: string) => ({ line, pid, noduleId })

describe('fileStem', () => {
  it.each([
    ['LIDC-IDRI-0001', '1', 'LIDC-IDRI-0001_1'],
    ['1.3.6.1', 'b 2', '1.3.6.1_b 2'],
    ['Zoë', '結節', 'Zoë_結節'],
    ['../../etc', 'passwd', '%2E.%2F..%2Fetc_passwd'],
    ['a\\b', 'c:d', 'a%5Cb_c%3Ad'],
    ['a\u0000\n', '\u202etxt.exe', 'a%00%0A_%E2%80%AEtxt.exe'],
    ['.hidden', 'x.', '%2Ehidden_x%2E'],
    ['100%', '?*"<>|', '100%25_%3F%2A%22%3C%3E%7C'],
  ])('%j, %j', (pid, noduleId, stem) => expect(fileStem(pid, noduleId)).toBe(stem))

  it('never leaves the folder', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'./\\~:%\0\n_a') }))
    fc.assert(
      fc.property(text, text, (pid, noduleId) => {
        const stem = fileStem(pid, noduleId)
        expect(basename(resolve('/out', `${stem}.npy`))).toBe(`${stem}.npy`)
        expect(stem).not.toMatch(/[\\/:\0]|^\./)
      }),
    )
  })

  it('keeps what it escapes apart', () => {
    expect(fileStem('a/b', '1')).not.toBe(fileStem('a%2Fb', '1'))
  })
})

describe('fileStems', () => {
  it('names rows in order', () => {
    const { named, problems } = fileStems([row(2, 'b', '1'), row(3, 'a', '1')])
    expect(named.map(({ stem }) => stem)).toEqual(['b_1', 'a_1'])
    expect(problems).toEqual([])
  })

  it.each([
    ['where the underscore stands', row(2, 'A_1', 'b'), row(3, 'A', '1_b')],
    ['case', row(2, 'a', '1'), row(3, 'A', '1')],
    ['composition of accents', row(2, 'Zo\u00eb', '1'), row(3, 'Zoe\u0308', '1')],
  ])('finds rows that differ only by %s', (_, a, b) => {
    const { named, problems } = fileStems([a, row(9, 'other', '1'), b])
    expect(named.map(({ stem }) => stem)).toEqual(['other_1'])
    expect(problems.map(({ line, code }) => [line, code])).toEqual([
      [2, 'cohort/name-collision'],
      [3, 'cohort/name-collision'],
    ])
    expect(problems[0].message).toContain('line 3')
  })

  it('refuses names longer than a disk takes, counted in bytes', () => {
    const { problems } = fileStems([row(2, 'é'.repeat(100), '1'), row(3, 'e'.repeat(100), '1')])
    expect(problems).toMatchObject([{ line: 2, code: 'cohort/name-too-long', message: expect.stringContaining('202') }])
  })
})
