/** Beta calibrations as the betacal package leaves them. */
import { SpiculaError } from '../error.ts'
import { isArray, numbersOf } from '../files/pickle/numpy.ts'
import { isRecord, type PickleRecord, type PickleValue } from '../files/pickle/value.ts'
import type { BetaCalibration } from '../model/config.ts'
import { readJoblib } from './joblib.ts'

/** Wherever their packages have had them. */
const CLASSES =
  /^(betacal(\.\w+)*\.(BetaCalibration|_BetaCal|_BetaAMCal|_BetaABCal)|sklearn\.linear_model(\.\w+)*\.LogisticRegression)$/

/**
 * Reads `cal_k.pkl`: a BetaCalibration whose `calibrator_` has `map_` = [a, b, m], m being the midpoint, and `lr_`,
 * whose intercept is c (docs/method.md M13.4).
 * @param bytes of the file, not compressed
 * @throws SpiculaError `inference/import-calibration` where it holds something else, `pickle/*`
 * @example parseBetacal(await readFile('cal_0.pkl'), 'cal_0.pkl') // { a: 0.42, b: 1.66, c: -0.1 }
 */
export function parseBetacal(bytes: Uint8Array, name: string): BetaCalibration {
  const refuse = (what: string): never => {
    throw new SpiculaError('inference/import-calibration', `${name}: ${what}`, {
      hint: "A BetaCalibration of the package betacal with three parameters ('abm') is meant, as joblib saves it.",
    })
  }
  const value = readJoblib(bytes, { name, classes: CLASSES })
  if (!isRecord(value) || !value.type.endsWith('.BetaCalibration')) return refuse('it holds no BetaCalibration')
  const inner = attribute(value, 'calibrator_')
  if (!isRecord(inner)) return refuse('its calibration was never fitted')
  if (!inner.type.endsWith('._BetaCal')) return refuse(`its calibration is a ${inner.type.split('.').at(-1)}`)
  const [a, b, m] = numbers(attribute(inner, 'map_'))
  const lr = attribute(inner, 'lr_')
  const [c] = isRecord(lr) ? numbers(attribute(lr, 'intercept_')) : []
  if (![a, b, m, c].every((x) => typeof x === 'number' && Number.isFinite(x)))
    return refuse('its coefficients are not finite numbers')
  // betacal never leaves a negative slope: it fits again without it.
  if (a < 0 || b < 0) return refuse(`its slopes ${a} and ${b} fall`)
  return { a, b, c }
}

const attribute = ({ state }: PickleRecord, name: string): PickleValue | undefined =>
  state instanceof Map ? state.get(name) : undefined

function numbers(value: PickleValue | undefined): number[] {
  if (isArray(value)) return numbersOf(value)
  return Array.isArray(value) ? value.map((x) => (typeof x === 'number' ? x : Number.NaN)) : []
}
