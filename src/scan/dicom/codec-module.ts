/**
 * The compiled codecs of dcmjs-codecs (IJG's JPEG of 8, 12 and 16 bits, CharLS, OpenJPEG, OpenJPH), driven directly.
 */
import type { PixelCoding } from './syntax.ts'

/** What a decoder has to know of a frame. */
export interface CodedFrame {
  readonly columns: number
  readonly rows: number
  readonly bitsAllocated: number
  readonly bitsStored: number
  readonly signed: boolean
}

/** Turns a compressed frame into its samples, little endian, of `bitsAllocated` bits. */
export type DecodeFrame = (coding: CompressedCoding, coded: Uint8Array, frame: CodedFrame) => Uint8Array

export type CompressedCoding = Exclude<PixelCoding, 'native' | 'rle' | 'unread'>

// A browser and Node have this object alike; the library's own types come with a DOM that the rooms do without.
interface WasmExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly [name: string]: unknown
}
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ module: object; instance: { exports: WasmExports } }>
  instantiate(module: object, imports: object): Promise<{ exports: WasmExports }>
  compile(bytes: Uint8Array): Promise<object>
}

const DECODERS: Readonly<Record<CompressedCoding, string>> = {
  jpeg: 'DecodeJpeg',
  'jpeg-ls': 'DecodeJpegLs',
  'jpeg-2000': 'DecodeJpeg2000',
  htj2k: 'DecodeHtJpeg2000',
}

/** Place of MONOCHROME2 in the module's list of photometric interpretations. */
const MONOCHROME2 = 1
/** An instance whose memory has grown beyond this is not used again: WebAssembly never gives memory back. */
const MOST_MEMORY = 1 << 28

/**
 * A decoder on the compiled module. An instance that has failed is thrown away: what it was doing is left undone
 * inside it.
 * @param wasm bytes of `dcmjs-codecs/build/dcmjs-native-codecs.wasm`
 * @returns decodes a frame; throws what the codec says, as an Error, for damaged data
 * @example const decode = await loadCodecs(wasm)
 */
export async function loadCodecs(
  wasm: Uint8Array,
): Promise<(coding: CompressedCoding, coded: Uint8Array, frame: CodedFrame) => Promise<Uint8Array<ArrayBuffer>>> {
  const module = await WebAssembly.compile(wasm)
  let instance: Promise<WasmExports> | undefined
  return async (coding, coded, frame) => {
    instance ??= instantiate(module)
    const mine = instance
    const exports = await mine
    try {
      return decode(exports, coding, coded, frame)
    } catch (error) {
      if (instance === mine) instance = undefined
      throw error
    } finally {
      if (exports.memory.buffer.byteLength > MOST_MEMORY && instance === mine) instance = undefined
    }
  }
}

/** One call of the module's C interface; synchronous, so that calls do not mix. */
function decode(exports: WasmExports, coding: CompressedCoding, coded: Uint8Array, frame: CodedFrame) {
  const call = (name: string, ...args: number[]): number => {
    const found = exports[name]
    if (typeof found !== 'function') throw new Error(`the codecs have no ${name}`)
    return Number(found(...args))
  }
  const parameters = call('CreateDecoderParameters')
  call('SetConvertColorspaceToRgb', parameters, 0)
  const context = call('CreateCodecsContext')
  call('SetColumns', context, frame.columns)
  call('SetRows', context, frame.rows)
  call('SetBitsAllocated', context, frame.bitsAllocated)
  call('SetBitsStored', context, frame.bitsStored)
  call('SetSamplesPerPixel', context, 1)
  call('SetPixelRepresentation', context, frame.signed ? 1 : 0)
  call('SetPlanarConfiguration', context, 0)
  call('SetPhotometricInterpretation', context, MONOCHROME2)
  call('SetEncodedBufferSize', context, coded.length)
  new Uint8Array(exports.memory.buffer).set(coded, call('GetEncodedBuffer', context))
  call(DECODERS[coding], context, parameters)
  const at = call('GetDecodedBuffer', context) >>> 0
  const size = call('GetDecodedBufferSize', context) >>> 0
  const decoded = new Uint8Array(exports.memory.buffer, at, size).slice()
  call('ReleaseDecoderParameters', parameters)
  call('ReleaseCodecsContext', context)
  return decoded
}

async function instantiate(module: object): Promise<WasmExports> {
  let memory: WasmExports['memory'] | undefined
  const textAt = (at: number, length: number): string =>
    memory ? new TextDecoder('latin1').decode(new Uint8Array(memory.buffer, at, length).slice()) : ''
  const zero = (): number => 0
  const imports = {
    wasi_snapshot_preview1: {
      environ_get: zero,
      environ_sizes_get: (count: number, size: number): number => {
        const view = memory && new DataView(memory.buffer)
        view?.setUint32(count, 0, true)
        view?.setUint32(size, 0, true)
        return 0
      },
      proc_exit: (status: number): never => {
        throw new Error(`the codecs stopped with ${status}`)
      },
      clock_time_get: zero,
      // Nobody would read what a codec writes to its terminal: it is told that everything was written.
      fd_write: (_file: number, vectors: number, count: number, written: number): number => {
        if (!memory) return 0
        const view = new DataView(memory.buffer)
        let total = 0
        for (let n = 0; n < count; n++) total += view.getUint32(vectors + 8 * n + 4, true)
        view.setUint32(written, total, true)
        return 0
      },
      fd_seek: zero,
      fd_close: zero,
    },
    env: {
      emscripten_notify_memory_growth: zero,
      onCodecsInfo: zero,
      onCodecsTrace: zero,
      onCodecsException: (at: number, length: number): never => {
        throw new Error(textAt(at, length))
      },
    },
  }
  const { exports } = await WebAssembly.instantiate(module, imports)
  memory = exports.memory
  const initialise = exports._initialize
  if (typeof initialise === 'function') initialise()
  return exports
}
