/** What PyTorch's pickles ask for (torch/_utils.py, torch/_tensor.py, torch/csrc/jit/serialization): inert builders. */
import { numpyType } from '../pickle/numpy.ts'
import { plainType } from '../pickle/plain.ts'
import { type Allowed, damagedPickle, inertType, isGlobal, type PickleType, type PickleValue } from '../pickle/value.ts'
import { makeTensor, type TorchDtype } from './tensor.ts'

/** `torch.FloatStorage` and its like. */
const STORAGES: Readonly<Record<string, TorchDtype>> = {
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  DoubleStorage: 'float64',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
}

/** The typed lists of compiled modules, and the tag that tells their type: the list itself. */
const LIST_BUILDERS = new Set(['build_intlist', 'build_doublelist', 'build_boollist', 'build_tensorlist'])

const first: PickleType = { call: ([value]) => value ?? null }

const TYPES: Readonly<Record<string, PickleType>> = {
  'torch._utils._rebuild_tensor_v2': { call: makeTensor },
  'torch._utils._rebuild_tensor': { call: makeTensor },
  // (data, requires_grad, hooks): the tensor itself.
  'torch._utils._rebuild_parameter': first,
  'torch._utils._rebuild_parameter_with_state': first,
  'torch._tensor._rebuild_from_type_v2': { call: rebuildFromType },
  'torch.nn.parameter.Parameter': {},
  // MONAI's crops: a tensor with a description of where it was.
  'monai.data.meta_tensor.MetaTensor': {},
  'torch.Size': { call: ([sizes]) => (Array.isArray(sizes) ? sizes : []) },
  'torch.device': inertType('torch.device'),
  'torch.jit._pickle.restore_type_tag': first,
}

/** `torch.float32` and its like, by name alone. */
const DTYPE = /^(b?float\d*|u?int\d*|half|double|bool|bfloat16)$/

/**
 * The allow-list of a file written by torch.save, or with `script` by torch.jit.save: there every class that was
 * compiled is an inert record, its code is another member of the archive and is never read.
 * @example readPickle(bytes, { allowed: torchTypes({ script: false }), name: 'best_both.pt' })
 */
export const torchTypes =
  ({ script }: { readonly script: boolean }): Allowed =>
  (module, name) => {
    const known = TYPES[`${module}.${name}`] ?? numpyType(module, name) ?? plainType(module, name)
    if (known) return known
    if (module === 'torch' || module === 'torch.storage') {
      if (STORAGES[name]) return { tag: STORAGES[name] }
      if (module === 'torch' && DTYPE.test(name)) return {}
    }
    if (module === 'torch.jit._pickle' && LIST_BUILDERS.has(name)) return first
    // The module is '__torch__.multimodal.model', or '__torch__' where the class was defined at the top.
    if (script && /^__torch__(\.|$)/.test(module)) return inertType(`${module}.${name}`)
    return undefined
  }

/** (function, type, arguments, state): a tensor of a subclass, whose state is not part of its numbers. */
function rebuildFromType([make, , args]: readonly PickleValue[]): PickleValue {
  if (!isGlobal(make) || make.type.call !== makeTensor || !Array.isArray(args))
    throw damagedPickle('a tensor of a subclass that is made in an unknown way')
  return makeTensor(args)
}

/** What `torch.FloatStorage` stands for. */
export function storageDtype(value: PickleValue | undefined): TorchDtype | undefined {
  const tag = isGlobal(value) ? value.type.tag : undefined
  return Object.values(STORAGES).find((dtype) => dtype === tag)
}
