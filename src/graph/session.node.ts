/** Runs ONNX models on `onnxruntime-node`. */
import { env, InferenceSession, listSupportedBackends, Tensor as OrtTensor } from 'onnxruntime-node'
import { SpiculaError } from '../error.ts'
import type { Device } from './device.ts'
import { missingKernel } from './missing-kernel.ts'
import type { OnnxModel } from './onnx.ts'
import { showShape, unify } from './shape.ts'
import type { DType, TensorData } from './tensor.ts'

// What the runtime has to say comes back as errors; its own lines would only tear the progress bar.
env.logLevel = 'fatal'

export interface SessionOptions {
  readonly device?: Device
  /** Threads inside an operation; all cores by default. */
  readonly threads?: number
}

/** A model ready to run. */
export interface Session {
  readonly device: Device
  /**
   * Runs the model. The runtime computes on the calling thread: the event loop waits, worker threads go on.
   * @param feeds numbers for every input of the model
   * @throws SpiculaError `graph/feeds` for a missing, extra or mis-shaped input; `graph/run` when the runtime fails
   */
  run(feeds: Readonly<Record<string, TensorData>>): Promise<Record<string, TensorData>>
  close(): Promise<void>
}

/**
 * Opens a model on a device. Nothing falls back in silence: where the device is not there the error says what is
 * missing.
 * @example
 * const session = await openSession(writeOnnx({ y: relu(input('x', ['N', 4])) }, new Map()))
 * const { y } = await session.run({ x: { dtype: 'float32', shape: [1, 4], data: new Float32Array([-1, 0, 1, 2]) } })
 */
export async function openSession(model: OnnxModel, options: SessionOptions = {}): Promise<Session> {
  const { device = 'cpu', threads } = options
  // Only the names are kept: the numbers are the runtime's now, and may be collected here.
  const { inputs: wanted } = model
  const session = await createSession(model, device, threads)
  return {
    device,
    run: async (feeds) => {
      checkFeeds(wanted, feeds)
      const inputs = Object.fromEntries(Object.entries(feeds).map(([name, data]) => [name, toOrt(data)]))
      let results: InferenceSession.ReturnType
      try {
        results = await session.run(inputs)
      } catch (cause) {
        throw new SpiculaError('graph/run', `the runtime failed on ${device}: ${firstLine(cause)}`, { cause })
      }
      return Object.fromEntries(
        Object.entries(results).map(([name, value]) => [name, fromOrt(name, value as OrtTensor)]),
      )
    },
    close: () => session.release(),
  }
}

async function createSession(model: OnnxModel, device: Device, threads: number | undefined) {
  const known = listSupportedBackends().map(({ name }) => name)
  if (!known.includes(device)) {
    const hint = `Use one of: ${known.join(', ')}.`
    throw new SpiculaError('graph/device', `this build of onnxruntime-node has no ${device} on ${platform()}`, { hint })
  }
  if (device === 'webgpu') checkVulkan()
  try {
    return await create(model, device, threads)
  } catch (cause) {
    if (device === 'cpu')
      throw new SpiculaError('graph/model', `the runtime refuses the model: ${firstLine(cause)}`, { cause })
    if (!lacksKernel(cause)) throw unusable(device, firstLine(cause), cause)
    const operator = await missingKernel(model, (beginning) => lacksKernelFor(beginning, device))
    throw new SpiculaError('graph/kernel', `${device} has no kernel for ${operator ?? 'an operator of the model'}`, {
      hint: 'The graphics adapter is not at fault: the runtime lacks it. Use --device cpu.',
      cause,
    })
  }
}

const create = (model: OnnxModel, device: Device, threads?: number) =>
  InferenceSession.create(model.bytes, {
    executionProviders: [device],
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    externalData: [...model.externalData],
    logSeverityLevel: 4,
    // Planning by pattern holds a second copy of all activations: twice the memory for no time (docs/performance.md).
    enableMemPattern: false,
    extra: {
      session: {
        // On an accelerator an operation it lacks would quietly run on the CPU; this makes it an error.
        disable_cpu_ep_fallback: device === 'cpu' ? '0' : '1',
        // After a run the runtime's threads would spin on for a while, on cores that others need.
        force_spinning_stop: '1',
      },
    },
  })

/** What the runtime says where it would have had to fall back, and not which node made it. */
const lacksKernel = (cause: unknown): boolean => /fallback to CPU EP has been explicitly disabled/.test(String(cause))

async function lacksKernelFor(model: OnnxModel, device: Device): Promise<boolean> {
  try {
    await (await create(model, device)).release()
    return false
  } catch (cause) {
    return lacksKernel(cause)
  }
}

/** Asked before the runtime asks: where Vulkan is missing it writes lines of its own past everyone. */
function checkVulkan(): void {
  if (process.platform !== 'linux') return
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1')
  } catch (cause) {
    // A library that is there is loaded, and then refused: it is not an add-on of Node.js.
    if (!/did not self-register/.test(String(cause))) throw unusable('webgpu', firstLine(cause), cause)
  }
}

const unusable = (device: Exclude<Device, 'cpu'>, reason: string | undefined, cause: unknown) =>
  new SpiculaError('graph/device', `the device ${device} cannot be used here: ${reason}`, {
    hint: MISSING[device],
    cause,
  })

const MISSING: Record<Exclude<Device, 'cpu'>, string> = {
  webgpu:
    'WebGPU needs a graphics adapter with a Vulkan, Metal or Direct3D 12 driver (Debian: libvulkan1, and the driver of ' +
    'the adapter). Without one use --device cpu.',
  cuda:
    'CUDA needs an NVIDIA driver, CUDA 12, cuDNN 9 and the CUDA libraries of onnxruntime-node, which no release carries ' +
    '(docs/dependencies.md, "CUDA"). Without them use --device cpu.',
}

const platform = () => `${process.platform} ${process.arch}`
/** The first line of a message, without the place in the runtime's sources that some begin with. */
const firstLine = (cause: unknown) =>
  String(cause instanceof Error ? cause.message : cause)
    .split('\n')[0]
    ?.replace(/^\/.* was false\. /, '')

function checkFeeds(wanted: OnnxModel['inputs'], feeds: Readonly<Record<string, TensorData>>): void {
  const symbols = new Map<string, number>()
  for (const name of Object.keys(feeds))
    if (!wanted[name]) throw new SpiculaError('graph/feeds', `the model has no input '${name}'`)
  for (const [name, { dtype, shape }] of Object.entries(wanted)) {
    const data = feeds[name]
    if (!data) throw new SpiculaError('graph/feeds', `the input '${name}' ${showShape(shape)} is missing`)
    const fits = shape.length === data.shape.length && shape.every((dim, i) => unify(dim, data.shape[i], symbols))
    const size = data.shape.reduce((product, n) => product * n, 1)
    if (data.dtype !== dtype || !fits || data.data.length !== size)
      throw new SpiculaError(
        'graph/feeds',
        `the input '${name}' is ${data.dtype} ${showShape(data.shape)} of ${data.data.length} numbers, ` +
          `the model wants ${dtype} ${showShape(shape)}`,
      )
  }
}

function toOrt({ dtype, shape, data }: TensorData): OrtTensor {
  return new OrtTensor(dtype, data as never, shape)
}

function fromOrt(name: string, tensor: OrtTensor): TensorData {
  const dtype = tensor.type as DType
  if (!['float32', 'int64', 'int32', 'bool'].includes(dtype))
    throw new SpiculaError('graph/run', `the output '${name}' is ${tensor.type}, which nothing here reads`)
  return { dtype, shape: tensor.dims, data: tensor.data } as TensorData
}
