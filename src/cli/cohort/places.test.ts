/** Segmentations, reports and structure sets as highdicom and pydicom write them (`fixtures/make_places.py`). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { placesOfSeg } from '../../annotations/places/dicom-seg.ts'
import type { FoundPlaces } from '../../annotations/places/place.ts'
import { placesOfStructures } from '../../annotations/places/rtstruct.ts'
import { placesOfReport } from '../../annotations/places/sr.ts'
import { memorySource } from '../../files/bytes.ts'
import { decompress, inflateRaw, openDicom } from '../../scan/dicom/dicom.node.ts'
import { readDicomHeader } from '../../scan/dicom/file.ts'
import type { Scan, Triple } from '../../scan/scan.ts'
import { framePlane, imagePoint, sliceDistanceMm } from './image-slices.ts'

interface Case {
  readonly kind: 'seg' | 'sr' | 'rtstruct'
  readonly name: string
  readonly file: string
  readonly scan: string
  readonly expected: readonly Triple[]
  readonly refused: string | null
  readonly roi: string | null
}

const stored = JSON.parse(
  gunzipSync(readFileSync(new URL('../../annotations/places/fixtures/places.json.gz', import.meta.url))).toString(),
) as { scans: Record<string, string[]>; cases: Case[] }

const folder = mkdtempSync(join(tmpdir(), 'spicula-places-'))
const scans = new Map<string, Scan>()
beforeAll(async () => {
  for (const [name, files] of Object.entries(stored.scans)) {
    const paths = files.map((file, n) => {
      const path = join(folder, `${name} ${n}.dcm`)
      writeFileSync(path, Buffer.from(file, 'base64'))
      return path
    })
    scans.set(name, await openDicom(paths))
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

async function read({ kind, file, scan: name, roi }: Case): Promise<FoundPlaces> {
  const header = await readDicomHeader(memorySource('a.dcm', Buffer.from(file, 'base64')), inflateRaw)
  const scan = scans.get(name)
  if (kind === 'seg')
    return placesOfSeg(header, decompress, { sourcePlane: (image) => scan && framePlane(scan, image) })
  if (scan === undefined) throw new Error(`no scan ${name}`)
  if (kind === 'sr') return placesOfReport(header.dataset, 'a.dcm', (...at) => imagePoint(scan, ...at))
  const isWanted = roi === null ? {} : { isWanted: (label: string) => label.toLowerCase() === roi }
  return placesOfStructures(header.dataset, 'a.dcm', { ...isWanted, sliceMm: sliceDistanceMm(scan) })
}

describe.each(['seg', 'sr', 'rtstruct'] as const)('%s', (kind) => {
  it.each(stored.cases.filter((one) => one.kind === kind))('$name', async (one) => {
    if (one.refused !== null) {
      await expect(read(one)).rejects.toMatchObject({ code: one.refused })
      return
    }
    const { places } = await read(one)
    const far = one.expected.map((right) =>
      Math.min(...places.map(({ pointLps }) => Math.hypot(...right.map((x, axis) => x - pointLps[axis])))),
    )
    // A raster of a fortieth of a pixel stands behind freehand outlines, everything else is exact.
    expect(Math.max(...far), JSON.stringify([places.map((place) => place.pointLps), one.expected])).toBeLessThan(0.06)
    expect(places).toHaveLength(one.expected.length)
    expect(new Set(places.map(({ noduleId }) => noduleId)).size).toBe(places.length)
  })
})
