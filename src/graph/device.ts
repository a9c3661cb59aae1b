/** Where graphs run. Apart from the runtime (session.node.ts), so that naming a device does not load it. */
export const DEVICES = ['cpu', 'webgpu', 'cuda'] as const
export type Device = (typeof DEVICES)[number]
