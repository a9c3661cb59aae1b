/** Calibrations that betacal fitted and joblib or pickle saved (fixtures/make_joblib.py), and files that hold none. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ops, u64 } from '../files/pickle/pickle.fixture.ts'
import { calibrate } from '../model/calibration.ts'
import { parseBetacal } from './calibration.ts'

interface Stored {
  readonly versions: { readonly joblib: string; readonly numpy: string }
  readonly at: readonly number[]
  readonly sound: Readonly<Record<string, { file: string; calibrated: readonly number[] }>>
  readonly others: Readonly<Record<string, string>>
}

const fixtures = new URL('./fixtures/', import.meta.url)
const versions = readdirSync(fixtures)
  .filter((name) => /^joblib-.*\.json$/.test(name))
  .map((name): Stored => JSON.parse(readFileSync(new URL(name, fixtures), 'utf8')))
const bytesOf = (file: string): Uint8Array => new Uint8Array(Buffer.from(file, 'base64'))

it('knows NumPy before and since 2', () => {
  expect(versions.map(({ versions: { numpy } }) => numpy.split('.')[0])).toEqual(['1', '2'])
})

describe.each(versions.map((stored) => [stored.versions.joblib, stored] as const))(
  'joblib %s',
  (_, { at, sound, others }) => {
    it.each(Object.entries(sound))('%s gives the numbers of betacal', (_name, { file, calibrated }) => {
      const calibration = parseBetacal(bytesOf(file), 'cal_0.pkl')
      for (const [n, p] of at.entries()) expect(Math.abs(calibrate(p, calibration) - calibrated[n])).toBeLessThan(1e-14)
    })

    it.each([
      ['two parameters', 'inference/import-calibration'],
      ['not fitted', 'inference/import-calibration'],
      ['another model', 'pickle/global'],
      ['an array', 'inference/import-calibration'],
      ['an array of objects', 'pickle/array'],
    ])('%s is refused', (name, code) => {
      expect(() => parseBetacal(bytesOf(others[name]), 'cal_0.pkl')).toThrow(expect.objectContaining({ code }))
    })

    it('cut anywhere or continued, it is refused', () => {
      const bytes = bytesOf(sound.full.file)
      for (let length = 0; length < bytes.length; length++)
        expect(() => parseBetacal(bytes.subarray(0, length), 'cal_0.pkl')).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^pickle\//) }),
        )
      expect(() => parseBetacal(ops(bytes, 'N.'), 'cal_0.pkl')).toThrow(
        expect.objectContaining({ code: 'pickle/damaged' }),
      )
    })
  },
)

it('an array of joblib that claims more than the file has is refused', () => {
  const wrapper = (shape: Uint8Array) =>
    ops(
      'cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(',
      'X\x05\0\0\0shape',
      shape,
      'X\x05\0\0\0dtypecnumpy\ndtype\n(X\x02\0\0\0f8\x89\x88tR',
      'ub12345678.',
    )
  for (const shape of ['\x8a\x06\xff\xff\xff\xff\xff\x0f\x85', 'K\x02\x85', 'J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86'])
    expect(() => parseBetacal(wrapper(ops(shape)), 'x')).toThrow(expect.objectContaining({ code: 'pickle/truncated' }))
  expect(() => parseBetacal(wrapper(ops('K\x01\x85')), 'x')).toThrow(
    expect.objectContaining({ code: 'inference/import-calibration' }),
  )
  expect(() => parseBetacal(ops('\x80\x04\x95', u64(5n), 'cos\nsystem\n)R.'), 'x')).toThrow(/os\.system/)
})
