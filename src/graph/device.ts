/** Where graphs run. Apart from the runtime (session.node.ts), so that naming a device does not load it. */
import type { Dialect } from './onnx.ts'

export const DEVICES = ['cpu', 'webgpu', 'cuda'] as const
export type Device = (typeof DEVICES)[number]

export interface Abilities {
  /** Which operators graphs for it are written in. */
  readonly dialect: Dialect
  /** Whether it has products of whole numbers (int8.ts). */
  readonly int8: boolean
}

/**
 * What each device has kernels for (docs/performance.md). WebGPU lacks the runtime's own product (FusedMatMul), and int64
 * but for shapes and indices.
 */
export const ABILITIES: Readonly<Record<Device, Abilities>> = {
  cpu: { dialect: 'runtime', int8: true },
  webgpu: { dialect: 'standard', int8: false },
  cuda: { dialect: 'runtime', int8: false },
}
