/** Names of Python's own library that pickles of weights ask for. */
import { damagedPickle, inertType, isGlobal, type PickleType, type PickleValue } from './value.ts'

/**
 * Names that plain Python objects are made with in old protocols: harmless, whatever they are given.
 * @example plainType('collections', 'OrderedDict')
 */
export function plainType(module: string, name: string): PickleType | undefined {
  switch (`${module.replace(/^copy_reg$/, 'copyreg').replace(/^__builtin__$/, 'builtins')}.${name}`) {
    case 'collections.OrderedDict':
      return { call: ([pairs]) => orderedDict(pairs) }
    case 'argparse.Namespace':
      return inertType('argparse.Namespace')
    case 'builtins.object':
      return {}
    case 'copyreg._reconstructor':
      return { call: ([type]) => reconstructed(type) }
    default:
      return undefined
  }
}

/** Protocols 0 and 1: _reconstructor(type, object, None) makes an empty object of a type that may be called. */
function reconstructed(type: PickleValue | undefined): PickleValue {
  const made = isGlobal(type) ? type.type.call : undefined
  if (!made) throw damagedPickle('an object without a type')
  return made([])
}

function orderedDict(pairs: PickleValue | undefined): Map<PickleValue, PickleValue> {
  if (pairs === undefined) return new Map()
  if (!Array.isArray(pairs)) throw damagedPickle('an OrderedDict of what are not pairs')
  return new Map(
    pairs.map((pair) => {
      if (!Array.isArray(pair) || pair.length !== 2) throw damagedPickle('an OrderedDict of what are not pairs')
      return [pair[0], pair[1]] as const
    }),
  )
}
