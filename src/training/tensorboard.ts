/** Scalars for TensorBoard: event files that `tensorboard --logdir` reads while a run goes on. */
import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { SpiculaError } from '../error.ts'

/** An event file that is open. */
export interface EventWriter {
  readonly path: string
  /** Appends the scalars of a step, by tag ("validation/auroc"); what is not finite is drawn by TensorBoard as a gap. */
  scalars(step: number, values: Readonly<Record<string, number>>): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a new event file in a folder. TensorBoard reads all files of the folder as one run, in the order of their names.
 * @param purgeStep of a run that resumes: what earlier files hold from this step on is void
 * @throws SpiculaError `training/events` where a file cannot be written
 * @example
 * const events = await openEvents('runs/a/events')
 * await events.scalars(100, { 'train/total': 1.25 })
 */
export async function openEvents(folder: string, { purgeStep }: { purgeStep?: number } = {}): Promise<EventWriter> {
  const { path, file } = await guarded(folder, () => createFile(folder))
  const append = (event: Uint8Array) => guarded(path, () => file.appendFile(frame(event)))
  await append(encodeEvent({ fileVersion: 'brain.Event:2' }))
  if (purgeStep !== undefined) await append(encodeEvent({ step: purgeStep, sessionStart: true }))
  return {
    path,
    scalars: (step, values) => append(encodeEvent({ step, scalars: values })),
    close: () => file.close(),
  }
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new SpiculaError('training/events', `${path}: cannot be written (${code})`, { cause })
  }
}

/** Names sort as they were opened, also within one second and when the clock was set back. */
async function createFile(folder: string): Promise<{ path: string; file: FileHandle }> {
  await mkdir(folder, { recursive: true })
  const seconds = (await readdir(folder)).map((name) => Number(/^events\.out\.tfevents\.(\d+)\./.exec(name)?.[1] ?? 0))
  const next = Math.max(Math.floor(Date.now() / 1000), ...seconds.map((s) => s + 1))
  const path = join(folder, `events.out.tfevents.${String(next).padStart(10, '0')}.spicula`)
  return { path, file: await open(path, 'wx') }
}

interface EventFields {
  readonly step?: number
  readonly fileVersion?: string
  readonly sessionStart?: boolean
  readonly scalars?: Readonly<Record<string, number>>
}

/**
 * A message `Event` of tensorboard/compat/proto/event.proto and summary.proto, whose field numbers stand below. Five
 * fields do not warrant generated code: the wire format is the protobuf package's own.
 * @param wallTime seconds since 1970
 */
export function encodeEvent(
  { step = 0, fileVersion, sessionStart = false, scalars }: EventFields,
  wallTime = Date.now() / 1000,
): Uint8Array {
  const event = new BinaryWriter().tag(1, WireType.Bit64).double(wallTime) // wall_time
  if (step !== 0) event.tag(2, WireType.Varint).int64(step) // step
  if (fileVersion !== undefined) event.tag(3, WireType.LengthDelimited).string(fileVersion) // file_version
  if (scalars !== undefined) {
    event.tag(5, WireType.LengthDelimited).fork() // summary
    for (const [tag, value] of Object.entries(scalars)) {
      event.tag(1, WireType.LengthDelimited).fork() // Summary.value
      event.tag(1, WireType.LengthDelimited).string(tag) // Value.tag
      event.tag(2, WireType.Bit32).float(value) // Value.simple_value
      event.join()
    }
    event.join()
  }
  // session_log with status START: the step is where the run begins anew.
  if (sessionStart) event.tag(7, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int32(1).join()
  return event.finish()
}

/**
 * One record of TensorFlow's format (tensorflow/core/lib/io/record_writer.h): uint64 length, the masked checksum of
 * those eight bytes, the data, its masked checksum.
 */
export function frame(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(16 + data.length)
  const view = new DataView(out.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, maskedCrc32c(out.subarray(0, 8)), true)
  out.set(data, 12)
  view.setUint32(12 + data.length, maskedCrc32c(data), true)
  return out
}

const maskedCrc32c = (data: Uint8Array): number => {
  const crc = crc32c(data)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

/** CRC-32C (Castagnoli; RFC 3720, B.4). Node's zlib has only the other polynomial. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of data) crc = crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8)
  return ~crc >>> 0
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0x82f63b78 ^ (crc >>> 1) : crc >>> 1
  return crc
})
