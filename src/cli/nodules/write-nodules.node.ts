/** What `spicula crop`, `views` and `check` make of one scan: files on disk. Runs in worker threads. */
import { join } from 'node:path'
import type { Frame } from '../../cohort/frame.ts'
import { rasterise } from '../../drawing/rasterise.node.ts'
import { writeFileAtomic } from '../../files/atomic.node.ts'
import { encodeNpy } from '../../files/npy.ts'
import { cropNodule } from '../../nodule/crop.ts'
import type { Failed } from '../../nodule/failure.ts'
import type { Geometry } from '../../nodule/geometry.ts'
import { type Preprocessing, prepareViews } from '../../nodule/prepare.ts'
import { forEachPlace } from '../../nodule/prepare-scan.node.ts'
import { contactSheetSvg } from '../../pictures/contact-sheet.ts'
import { orthogonalSvg } from '../../pictures/orthogonal.ts'
import type { Note, Scan, Triple } from '../../scan/scan.ts'
import { VERSION } from '../../version.ts'

/** What to make of each nodule. */
export type Product =
  | { readonly kind: 'crop'; readonly geometry: Geometry; readonly sizeMm: number }
  | ({ readonly kind: 'views' /** Whose views they are. */; readonly model?: string } & Preprocessing)
  | { readonly kind: 'check'; readonly geometry: Geometry }

export interface WriteTask {
  readonly imageFile: string
  readonly frame: Frame
  readonly nodules: readonly { readonly stem: string; readonly line: number; readonly point: Triple }[]
  readonly product: Product
  /** Folder for the files. */
  readonly out: string
}

export type WriteOutcome = { readonly notes: readonly Note[] } | Failed

/** Makes the files of every nodule of a scan. */
export function writeNodules({ imageFile, frame, nodules, product, out }: WriteTask): Promise<WriteOutcome[]> {
  const points = nodules.map(({ point }) => point)
  return forEachPlace(imageFile, { frame, points }, async (scan, pointLps, index) => {
    const { stem, line } = nodules[index]
    const notes = await make({ scan, pointLps, path: join(out, stem), title: stem, line }, product)
    return { notes: [...scan.notes, ...notes] }
  })
}

interface Place {
  readonly scan: Scan
  readonly pointLps: Triple
  /** Of the files, without ending. */
  readonly path: string
  readonly title: string
  readonly line: number
}

function make(place: Place, product: Product): Promise<readonly Note[]> {
  switch (product.kind) {
    case 'crop':
      return makeCrop(place, product)
    case 'views':
      return makeViews(place, product)
    case 'check':
      return makeCheck(place, product)
  }
}

type Of<Kind extends Product['kind']> = Extract<Product, { kind: Kind }>

async function makeCrop({ scan, pointLps, path }: Place, { geometry, sizeMm }: Of<'crop'>) {
  const { hu, shapeZyx, notes } = await cropNodule(scan, pointLps, { geometry, sizeMm })
  await writeFileAtomic(`${path}.npy`, encodeNpy(hu, shapeZyx))
  return notes
}

async function makeViews({ scan, pointLps, path, title }: Place, product: Of<'views'>) {
  const { pixels, count, views, notes } = await prepareViews(scan, pointLps, product)
  const { resolution, geometry } = product
  await writeFileAtomic(`${path}.npy`, encodeNpy(pixels, [count, resolution, resolution]))
  const footer = `${geometry} geometry · centre ${showPoint(pointLps)} · ${software}`
  await writeFileAtomic(`${path}.png`, rasterise(contactSheetSvg({ pixels, views, title, footer })))
  return notes
}

async function makeCheck({ scan, pointLps, path, title, line }: Place, { geometry }: Of<'check'>) {
  const { hu, shapeZyx, notes } = await cropNodule(scan, pointLps, { geometry })
  const footer = `row ${line} · centre ${showPoint(pointLps)} · ${software}`
  await writeFileAtomic(`${path}.png`, rasterise(orthogonalSvg({ hu, shapeZyx, title, footer })))
  return notes
}

const software = `spicula ${VERSION}`
const showPoint = (point: Triple) => `(${point.map((x) => x.toFixed(1)).join(', ')}) mm LPS`
