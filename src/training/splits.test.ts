import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkSplits } from './check-splits.ts'
import { kFold, type LabelledRow, patientLabels, publishedShuffles } from './splits.ts'

const patients = (benign: number, malignant: number): LabelledRow[] => [
  ...Array.from({ length: benign }, (_, i) => ({ pid: `B${i}`, malignant: 0 as const })),
  ...Array.from({ length: malignant }, (_, i) => ({ pid: `M${i}`, malignant: 1 as const })),
]
const located = (rows: readonly LabelledRow[]) => rows.map((row, i) => ({ ...row, line: i + 2 }))
const isMalignant = (pid: string) => pid.startsWith('M')
const spread = (numbers: readonly number[]) => Math.max(...numbers) - Math.min(...numbers)

describe('k folds', () => {
  it('deal out patients without a label too, and leave where the others are', () => {
    const rows = patients(12, 9)
    const unlabelled = ['U0', 'U1', 'U2'].map((pid) => ({ pid, malignant: null }))
    const [plain, made] = [kFold(rows, { folds: 3 }), kFold([...rows, ...unlabelled], { folds: 3 })]
    for (const [k, { train, val }] of made.folds.entries()) {
      expect(val.filter((pid) => pid.startsWith('U'))).toHaveLength(1)
      expect(val.filter((pid) => !pid.startsWith('U'))).toEqual(plain.folds[k].val)
      expect(train.filter((pid) => pid.startsWith('U'))).toHaveLength(2)
    }
  })

  it('have every patient outside the test set in one validation part, evenly in each class', () => {
    const sizes = fc.record({
      benign: fc.integer({ min: 8, max: 60 }),
      malignant: fc.integer({ min: 8, max: 60 }),
      folds: fc.integer({ min: 2, max: 6 }),
      testShare: fc.constantFrom(0, 0.1, 0.2),
      seed: fc.nat(),
    })
    fc.assert(
      fc.property(sizes, ({ benign, malignant, folds, testShare, seed }) => {
        const rows = patients(benign, malignant)
        const made = kFold(rows, { folds, seed, testShare })
        const all = rows.map(({ pid }) => pid).sort()
        expect([...made.test, ...made.folds.flatMap(({ val }) => val)].sort()).toEqual(all)
        for (const { train, val } of made.folds) expect([...made.test, ...train, ...val].sort()).toEqual(all)
        expect(made.test.length).toBe(Math.round(testShare * all.length))
        const share = (pids: readonly string[]) => pids.filter(isMalignant).length
        expect(Math.abs(share(made.test) - testShare * malignant)).toBeLessThan(1)
        expect(spread(made.folds.map(({ val }) => val.length))).toBeLessThanOrEqual(1)
        expect(spread(made.folds.map(({ val }) => share(val)))).toBeLessThanOrEqual(1)
        expect(checkSplits(made, located(rows)).folds.length).toBe(folds)
      }),
      { numRuns: 60 },
    )
  })

  it('depend on the seed and the patients, not on the order of rows', () => {
    const rows = patients(20, 10)
    const made = kFold(rows, { folds: 5, seed: 1 })
    expect(kFold([...rows].reverse(), { folds: 5, seed: 1 })).toEqual(made)
    expect(kFold(rows, { folds: 5, seed: 2 })).not.toEqual(made)
  })

  it('take a patient for malignant where one nodule is, and leave out patients without a label', () => {
    const rows: LabelledRow[] = [
      { pid: 'a', malignant: 0 },
      { pid: 'a', malignant: 1 },
      { pid: 'a', malignant: 0 },
      { pid: 'b', malignant: null },
      { pid: 'b', malignant: 0 },
      { pid: 'c', malignant: null },
    ]
    expect([...patientLabels(rows)]).toEqual([
      ['a', 1],
      ['b', 0],
    ])
  })

  it.each([
    [patients(20, 4), { folds: 5 }, 'training/folds', '5 folds need 5 malignant patients, there are 4'],
    [patients(20, 6), { folds: 5, testShare: 0.5 }, 'training/folds', 'there are 3 outside the test set'],
    [patients(20, 0), { folds: 5 }, 'training/one-class', 'no malignant patient among 20'],
    [[], { folds: 5 }, 'training/one-class', 'no benign patient among 0'],
    [patients(20, 20), { folds: 1 }, 'training/folds', '1 folds: 2 or more'],
    [patients(20, 20), { folds: 2, testShare: 1 }, 'training/share', 'testShare is 1'],
  ])('of too few are refused (case %#)', (rows, options, code, message) => {
    expect(() => kFold(rows, options)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
  })
})

describe('the published shuffles', () => {
  it('are five, 60/40, stratified, each drawn anew', () => {
    const rows = patients(70, 30)
    const { test, folds } = publishedShuffles(rows, { seed: 4 })
    expect(test).toEqual([])
    expect(folds.length).toBe(5)
    for (const { train, val } of folds) {
      expect([train.length, train.filter(isMalignant).length]).toEqual([60, 18])
      expect([...train, ...val].sort()).toEqual(rows.map(({ pid }) => pid).sort())
    }
    expect(new Set(folds.map(({ val }) => val.join())).size).toBe(5)
  })

  it('hold a test set out of all of them', () => {
    const rows = patients(70, 30)
    const splits = publishedShuffles(rows, { seed: 4, testShare: 0.2 })
    expect([splits.test.length, splits.folds[0].train.length]).toEqual([20, 48])
    checkSplits(splits, located(rows))
  })

  it('refuse a class that cannot be on both sides', () => {
    expect(() => publishedShuffles(patients(10, 1))).toThrow('1 malignant patients cannot be on both sides')
  })
})

describe('checking splits', () => {
  const rows = located(patients(6, 6))
  const fold = { train: ['B0', 'B1', 'M0', 'M1'], val: ['B2', 'M2'] }
  const codeOf = (splits: Parameters<typeof checkSplits>[0], of = rows) => {
    try {
      return checkSplits(splits, of).notes.map(({ message }) => message)
    } catch (error) {
      return error
    }
  }

  it('finds a patient on two sides, by line and not by name', () => {
    expect(codeOf({ test: [], folds: [fold, { ...fold, val: ['B1', 'M1', 'M2'] }] })).toMatchObject({
      code: 'training/leakage',
      message: '2 patients are in both training and validation of fold 1 (lines 3, 9 of the cohort)',
    })
    expect(codeOf({ test: ['M2'], folds: [fold] })).toMatchObject({
      code: 'training/leakage',
      message: '1 patient is in both the test set and validation of fold 0 (line 10 of the cohort)',
    })
    expect(codeOf({ test: ['B0'], folds: [fold] })).toMatchObject({ code: 'training/leakage' })
  })

  it.each([
    [
      { train: ['B0', 'B1'], val: ['B2', 'M2'] },
      'training/one-class',
      'training of fold 0 has benign nodules only (2)',
    ],
    [{ train: fold.train, val: ['M2'] }, 'training/one-class', 'validation of fold 0 has malignant nodules only (1)'],
    [{ train: fold.train, val: ['x'] }, 'training/splits', 'validation of fold 0 has no labelled nodule'],
  ])('finds a side without both classes (case %#)', (bad, code, message) => {
    expect(codeOf({ test: [], folds: [bad] })).toMatchObject({ code, message: expect.stringContaining(message) })
  })

  it('counts strangers, forgotten patients and rows without a label', () => {
    const more = [...rows, { pid: '0042', malignant: null, line: 14 }]
    expect(codeOf({ test: ['B3'], folds: [{ ...fold, val: [...fold.val, '42', 'x'] }] }, more)).toEqual([
      '2 patients of the splits not in the cohort; 1 of them but for leading zeros or a ".0": were identifiers read as numbers?',
      '1 row of the cohort without a label (malignant): not counted',
      '5 patients of the cohort in no split (lines 6, 7, 11, 12, 13)',
      'the test set has nodules of one class only: no AUROC can be told from it',
    ])
  })

  it('counts patients and nodules of each class', () => {
    const { folds } = checkSplits({ test: [], folds: [fold] }, [...rows, { pid: 'M0', malignant: 0, line: 20 }])
    expect(folds[0].train).toEqual({ patients: 4, malignantPatients: 2, nodules: 5, malignantNodules: 2 })
  })
})
