import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SpiculaError } from '../error.ts'
import { csvRecords } from '../files/csv.ts'
import { problemOf, withoutIdentifiers } from './problem.ts'
import { errorsCsv, predictionsCsv } from './results.ts'

describe('predictionsCsv', () => {
  it('has the published columns', () => {
    const raw = [0.1, 0.2, 0.3, 0.4, 0.5]
    const one = { pid: '007', noduleId: '1', raw, ensemble: 0.3, calibrated: raw, calibratedEnsemble: 0.3 }
    expect(predictionsCsv([one], { folds: 5, calibrated: true })).toBe(
      'pid,nodule_id,raw_0,raw_1,raw_2,raw_3,raw_4,ensemble,calibrated_0,calibrated_1,calibrated_2,calibrated_3,calibrated_4,calibrated_ensemble\n' +
        '007,1,0.1,0.2,0.3,0.4,0.5,0.3,0.1,0.2,0.3,0.4,0.5,0.3\n',
    )
    expect(predictionsCsv([], { folds: 1 })).toBe('pid,nodule_id,raw_0,ensemble\n')
  })

  it('gives every double and every identifier back', () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), probability, (pid, noduleId, p) => {
        const text = predictionsCsv([{ pid, noduleId, raw: [p], ensemble: p }], { folds: 1 })
        const [, { fields }] = csvRecords(text, ',', 'p.csv')
        expect(fields.slice(0, 2)).toEqual([pid, noduleId])
        expect(fields.slice(2).map(Number)).toEqual([p, p])
      }),
    )
  })

  it('writes identifiers verbatim, formulas too', () => {
    const text = predictionsCsv([{ pid: '=1+1', noduleId: '-2', raw: [0.5], ensemble: 0.5 }], { folds: 1 })
    expect(text).toContain('\n=1+1,-2,0.5,0.5\n')
  })

  it.each([
    [{ raw: [0.5], ensemble: 0.5 }, { folds: 2 }],
    [{ raw: [Number.NaN], ensemble: 0.5 }, { folds: 1 }],
    [
      { raw: [0.5], ensemble: 0.5 },
      { folds: 1, calibrated: true },
    ],
  ])('refuses %j for %j', (numbers, columns) => {
    expect(() => predictionsCsv([{ pid: 'a', noduleId: '1', ...numbers }], columns)).toThrow(SpiculaError)
  })
})

describe('errorsCsv', () => {
  it('has row, code, message with its hint, by row, and no identifier', () => {
    const text = errorsCsv([
      { line: 9, pid: 'SMITH', noduleId: '1', code: 'a/b', message: 'x, y', hint: 'Do z.' },
      { line: 3, pid: 'JONES', noduleId: '1', code: 'c/d', message: 'w' },
    ])
    expect(text).toBe('row,code,message\n3,c/d,w\n9,a/b,"x, y. Do z."\n')
  })
})

describe('problemOf', () => {
  const row = { line: 4, pid: 'LIDC-IDRI-0001', noduleId: '2', imagePath: 'cubes/LIDC-IDRI-0001_2.nii.gz' }

  it('keeps code and hint, without patient and path', () => {
    const error = new SpiculaError('volume/truncated', 'LIDC-IDRI-0001_2.nii.gz: 9 bytes of LIDC-IDRI-0001', {
      hint: 'Copy /data/cubes/LIDC-IDRI-0001_2.nii.gz again.',
    })
    expect(problemOf(row, error)).toEqual({
      line: 4,
      pid: 'LIDC-IDRI-0001',
      noduleId: '2',
      code: 'volume/truncated',
      message: '<image>: 9 bytes of <pid>',
      hint: 'Copy /data/<image> again.',
    })
  })

  it('takes anything that is thrown', () => {
    expect(problemOf(row, new TypeError('x'))).toMatchObject({ code: 'internal/unexpected', message: 'x' })
    expect(problemOf(row, 'y')).toMatchObject({ code: 'internal/unexpected', message: 'y' })
  })

  it('replaces whole words only, whatever signs they hold, and no short numbers', () => {
    expect(withoutIdentifiers('P01 P012 xP01', { pid: 'P01' })).toBe('<pid> P012 xP01')
    expect(withoutIdentifiers('a.c(+ abc', { pid: 'a.c(+' })).toBe('<pid> abc')
    expect(withoutIdentifiers('1 mm', { pid: '1' })).toBe('1 mm')
  })
})
