/** For tests: WebGPU without a graphics adapter, on the software driver that Debian's chromium brings along. */
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { writeOnnx } from './onnx.ts'
import { input, relu } from './operations.ts'
import { openSession, type Session } from './session.node.ts'

const CHROMIUM = '/usr/lib/chromium'
const DRIVER = join(CHROMIUM, 'vk_swiftshader_icd.json')

/** Whether the driver is here, and can be told of: what a worker thread calls its environment is a copy. */
export const hasSoftwareWebgpu = existsSync(DRIVER) && isMainThread

/** What a suite that needs the driver says behind its name. */
export const ON_SOFTWARE_WEBGPU = hasSoftwareWebgpu
  ? 'on WebGPU'
  : `on WebGPU (skipped: needs ${DRIVER} of Debian's chromium, and no worker thread)`

/** dlopen(3): the library stays when the handle is closed, as Node.js closes that of what is not an add-on. */
const RTLD_NODELETE = 0x1000

/** Makes the driver, where it is here, the one that Vulkan finds, in this process. */
export function useSoftwareWebgpu(): void {
  if (!hasSoftwareWebgpu) return
  process.env.VK_ICD_FILENAMES = DRIVER
  try {
    // Vulkan's loader: whoever asks for it by its name gets the one that is there already.
    process.dlopen({ exports: {} }, join(CHROMIUM, 'libvulkan.so.1'), constants.dlopen.RTLD_LAZY | RTLD_NODELETE)
  } catch (error) {
    if (!/did not self-register/.test(String(error))) throw error
  }
}

/**
 * Makes it so, and opens a session to be closed at the end: while there is one a device keeps what it compiled for
 * others.
 */
export function holdSoftwareWebgpu(): Promise<Session> {
  useSoftwareWebgpu()
  return openSession(writeOnnx({ y: relu(input('x', [1])) }, new Map()), { device: 'webgpu' })
}

/** For processes that a test starts: their environment must name the loader before they begin. */
export const SOFTWARE_WEBGPU_ENV = hasSoftwareWebgpu ? { VK_ICD_FILENAMES: DRIVER, LD_LIBRARY_PATH: CHROMIUM } : {}
