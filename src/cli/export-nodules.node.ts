/** What `spicula crop`, `views` and `check` make of one scan: files on disk. Runs in worker threads. */
import { join } from 'node:path'
import { writeFileAtomic } from '../cohort/atomic.node.ts'
import { type Frame, toPointLps } from '../cohort/frame.ts'
import { encodeNpy } from '../cohort/npy.ts'
import { contactSheetSvg } from '../drawing/contact-sheet.ts'
import { orthogonalSvg } from '../drawing/orthogonal.ts'
import { rasterise } from '../drawing/rasterise.node.ts'
import { cropNodule } from '../nodule/crop.ts'
import type { Geometry } from '../nodule/geometry.ts'
import { prepareViews } from '../nodule/prepare.ts'
import { failure } from '../nodule/prepare-scan.node.ts'
import type { ViewSet } from '../nodule/views.ts'
import { VERSION } from '../version.ts'
import { openScan } from '../volume/open.node.ts'
import type { Note, Scan, Triple } from '../volume/volume.ts'

/** What to make of each nodule. */
export type Product =
  | { readonly kind: 'crop'; readonly geometry: Geometry; readonly sizeMm: number }
  | { readonly kind: 'views'; readonly geometry: Geometry; readonly views: ViewSet }
  | { readonly kind: 'check'; readonly geometry: Geometry }

export interface ExportTask {
  readonly imageFile: string
  readonly frame: Frame
  readonly nodules: readonly { readonly stem: string; readonly line: number; readonly point: Triple }[]
  readonly product: Product
  /** Folder for the files. */
  readonly out: string
}

export type ExportOutcome = { readonly notes: readonly Note[] } | ReturnType<typeof failure>

/** Makes the files of every nodule of a scan; one that fails never loses the others. */
export async function exportNodules(task: ExportTask): Promise<ExportOutcome[]> {
  const outcomes: ExportOutcome[] = []
  let scan: Scan
  try {
    scan = await openScan(task.imageFile)
  } catch (error) {
    return task.nodules.map(() => failure(error))
  }
  for (const { stem, line, point } of task.nodules) {
    try {
      const pointLps = toPointLps(point, task.frame, scan.affineLps)
      const place = { scan, pointLps, path: join(task.out, stem), title: `${stem}`, line }
      const notes = await PRODUCTS[task.product.kind](place, task.product as never)
      outcomes.push({ notes: [...scan.notes, ...notes] })
    } catch (error) {
      outcomes.push(failure(error))
    }
  }
  return outcomes
}

interface Place {
  readonly scan: Scan
  readonly pointLps: Triple
  /** Of the files, without ending. */
  readonly path: string
  readonly title: string
  readonly line: number
}

type Of<K extends Product['kind']> = Extract<Product, { kind: K }>

const PRODUCTS = {
  crop: async ({ scan, pointLps, path }: Place, { geometry, sizeMm }: Of<'crop'>) => {
    const { hu, shapeZyx, notes } = await cropNodule(scan, pointLps, { geometry, sizeMm })
    await writeFileAtomic(`${path}.npy`, encodeNpy(hu, shapeZyx))
    return notes
  },
  views: async ({ scan, pointLps, path, title }: Place, { geometry, views: set }: Of<'views'>) => {
    const { pixels, shape, views, notes } = await prepareViews(scan, pointLps, { geometry, views: set })
    await writeFileAtomic(`${path}.npy`, encodeNpy(pixels, shape))
    const labels = views.map(({ label }) => label)
    const footer = `${geometry} geometry · centre ${showPoint(pointLps)} · ${software}`
    await writeFileAtomic(`${path}.png`, rasterise(contactSheetSvg({ views: pixels, labels, title, footer })))
    return notes
  },
  check: async ({ scan, pointLps, path, title, line }: Place, { geometry }: Of<'check'>) => {
    const { hu, shapeZyx, notes } = await cropNodule(scan, pointLps, { geometry })
    const footer = `row ${line} · centre ${showPoint(pointLps)} · ${software}`
    await writeFileAtomic(`${path}.png`, rasterise(orthogonalSvg({ cube: hu, size: shapeZyx[1], title, footer })))
    return notes
  },
}

const software = `spicula ${VERSION}`
const showPoint = (point: Triple) => `(${point.map((x) => x.toFixed(1)).join(', ')}) mm LPS`
