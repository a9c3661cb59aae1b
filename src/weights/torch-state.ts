/** The weights in what a file of PyTorch holds: a state dictionary, a checkpoint round one, a compiled module. */
import { SpiculaError } from '../error.ts'
import { isRecord, type PickleValue } from '../files/pickle/value.ts'
import { isTensor, type TorchTensor } from '../files/torch/tensor.ts'

export interface TorchState {
  readonly tensors: ReadonlyMap<string, TorchTensor>
  /** Numbers that stand beside tensors, such as `num_heads` of a compiled attention. */
  readonly values: ReadonlyMap<string, number>
  /** What the file holds beside the weights, by key: an optimiser's state, the epoch. */
  readonly beside: readonly string[]
}

/** Keys under which checkpoints keep their weights. */
const KEYS = ['state_dict', 'model_state_dict', 'model', 'module', 'net', 'weights']
/** Written round a model by DataParallel and torch.compile. */
const WRAPPERS = ['module.', '_orig_mod.']
/** Objects within objects: a module is not deeper than its names are long. */
const DEEPEST = 64
const MOST_OBJECTS = 200_000

/**
 * Finds the weights.
 * @param value of {@link openTorch}
 * @throws SpiculaError `clip/state-dict` saying what the file holds instead
 * @example torchState(file.value, 'best_both.pt').tensors.get('logit_scale')
 */
export function torchState(value: PickleValue, name: string): TorchState {
  const refuse = (what: string): never => {
    throw new SpiculaError('clip/state-dict', `${name}: ${what}`, {
      hint: 'Save the model as torch.save(model.state_dict(), FILE), or as safetensors.',
    })
  }
  if (isRecord(value)) return moduleState(value, refuse)
  if (!(value instanceof Map)) return refuse('it holds no state dictionary')
  const outer = namedEntries(value)
  const key = KEYS.find((one) => hasTensors(outer.get(one)))
  const inner = key === undefined ? undefined : outer.get(key)
  const entries = inner instanceof Map ? namedEntries(inner) : outer
  const tensors = new Map<string, TorchTensor>()
  const values = new Map<string, number>()
  const others: string[] = []
  for (const [entry, one] of entries)
    if (isTensor(one)) tensors.set(entry, one)
    else if (typeof one === 'number') values.set(entry, one)
    else others.push(entry)
  if (tensors.size === 0) {
    const keys = [...outer.keys()].slice(0, 6).join(', ')
    return refuse(`there are no tensors by name in it${keys === '' ? '' : `, but ${keys}`}`)
  }
  const around = key === undefined ? [] : [...outer.keys()].filter((one) => one !== key)
  return { ...unwrapped(tensors, values), beside: [...around, ...others] }
}

const hasTensors = (value: PickleValue | undefined): boolean =>
  value instanceof Map && [...value.values()].some(isTensor)

const namedEntries = (map: ReadonlyMap<PickleValue, PickleValue>): Map<string, PickleValue> =>
  new Map([...map].flatMap(([key, value]) => (typeof key === 'string' ? [[key, value] as const] : [])))

/** Names without what a wrapper puts before all of them. */
function unwrapped(
  tensors: Map<string, TorchTensor>,
  values: Map<string, number>,
): Pick<TorchState, 'tensors' | 'values'> {
  const wrapper = WRAPPERS.find((prefix) => [...tensors.keys()].every((name) => name.startsWith(prefix)))
  if (wrapper === undefined) return { tensors, values }
  const bare = <T>(map: ReadonlyMap<string, T>) =>
    new Map([...map].map(([name, value]) => [name.startsWith(wrapper) ? name.slice(wrapper.length) : name, value]))
  return { tensors: bare(tensors), values: bare(values) }
}

/** A compiled module is an object whose attributes are tensors, numbers and further modules. */
function moduleState(root: PickleValue, refuse: (what: string) => never): TorchState {
  const tensors = new Map<string, TorchTensor>()
  const values = new Map<string, number>()
  const open: { value: PickleValue; path: readonly string[] }[] = [{ value: root, path: [] }]
  let seen = 0
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path } = next
    if (++seen > MOST_OBJECTS || path.length > DEEPEST) return refuse('its objects lie within each other without end')
    if (isTensor(value)) tensors.set(path.join('.'), value)
    else if (typeof value === 'number') values.set(path.join('.'), value)
    else if (isRecord(value) && value.state instanceof Map)
      for (const [name, inner] of namedEntries(value.state)) open.push({ value: inner, path: [...path, name] })
  }
  if (tensors.size === 0) return refuse('the compiled module has no tensors')
  return { tensors, values, beside: [] }
}
