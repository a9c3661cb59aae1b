/** How the pickles of PyTorch refer to storages, and what is said of files whose storages do not fit. */
import { SpiculaError } from '../../error.ts'
import { damagedPickle, isCount, type PickleValue } from '../pickle/value.ts'
import type { TorchStorage } from './tensor.ts'
import { storageDtype } from './types.ts'

/** ('storage', type, key, location, count): the location is the device that it was on. */
export function storageOf(id: PickleValue): TorchStorage {
  const [what, type, key, , count] = Array.isArray(id) ? id : []
  const dtype = storageDtype(type)
  if (what !== 'storage' || !dtype || !isCount(count))
    throw damagedPickle('it refers to what is not a storage of numbers')
  if (typeof key !== 'string' || !/^[\w.-]{1,64}$/.test(key)) throw damagedPickle('a storage without a plain name')
  return { kind: 'storage', key, dtype, count }
}

export const unsoundTorch = (name: string, what: string): SpiculaError =>
  new SpiculaError('torch/storage', `${name}: not a sound file of PyTorch: ${what}`, {
    hint: 'The file was cut short or changed: copy or download it again, from where you trust.',
  })

export const bigEndian = (name: string): SpiculaError =>
  new SpiculaError('torch/byte-order', `${name}: its numbers are big-endian, which is not read`, {
    hint: 'Load it in Python on an ordinary machine and save it again.',
  })
