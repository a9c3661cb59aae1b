/** For tests: zip archives written from scratch. */
import { join8 } from '../scan/dicom/dicom.fixture.ts'

export interface ZipEntry {
  readonly path: string
  readonly bytes: Uint8Array
  /** What the directory says of its size, where that shall be a lie. */
  readonly claimed?: number
}

/** An archive of entries; stored as they are unless `deflate` is given. Checksums are left at 0: nothing reads them. */
export function zipFile(
  entries: readonly ZipEntry[],
  deflate?: (bytes: Uint8Array) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let at = 0
  for (const { path, bytes, claimed = bytes.length } of entries) {
    const name = new TextEncoder().encode(path)
    const data = deflate ? deflate(bytes) : bytes
    const fields = (view: DataView, from: number): void => {
      view.setUint16(from, 20, true)
      view.setUint16(from + 2, 0x800, true)
      view.setUint16(from + 4, deflate ? 8 : 0, true)
      view.setUint32(from + 14, data.length, true)
      view.setUint32(from + 18, claimed, true)
      view.setUint16(from + 22, name.length, true)
    }
    const local = new DataView(new ArrayBuffer(30))
    local.setUint32(0, 0x04034b50, true)
    fields(local, 4)
    const central = new DataView(new ArrayBuffer(46))
    central.setUint32(0, 0x02014b50, true)
    fields(central, 6)
    central.setUint32(42, at, true)
    parts.push(new Uint8Array(local.buffer), name, data)
    directory.push(new Uint8Array(central.buffer), name)
    at += 30 + name.length + data.length
  }
  const listing = join8(directory)
  const end = new DataView(new ArrayBuffer(22))
  end.setUint32(0, 0x06054b50, true)
  end.setUint16(8, entries.length, true)
  end.setUint16(10, entries.length, true)
  end.setUint32(12, listing.length, true)
  end.setUint32(16, at, true)
  return join8([...parts, listing, new Uint8Array(end.buffer)])
}
