/** For tests and benchmarks: series of DICOM files on the disk. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Attributes, dicomFile, type SeriesVolume, sliceAttributes, type WriteOptions } from './dicom.fixture.ts'

export * from './dicom.fixture.ts'

/** Writes a volume as a folder of slices, `1-001.dcm` on. */
export function writeSeries(
  folder: string,
  volume: SeriesVolume,
  {
    change = (attributes) => attributes,
    name = (k) => `1-${String(k + 1).padStart(3, '0')}.dcm`,
    ...options
  }: WriteOptions & {
    change?: (attributes: Attributes, k: number) => Attributes | undefined
    name?: (k: number) => string
  } = {},
): void {
  mkdirSync(folder, { recursive: true })
  for (let k = 0; k < volume.shapeIjk[2]; k++) {
    const attributes = change(sliceAttributes(volume, k), k)
    if (attributes !== undefined) writeFileSync(join(folder, name(k)), dicomFile(attributes, options))
  }
}
