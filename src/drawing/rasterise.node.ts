import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Resvg } from '@resvg/resvg-js'
import { SpiculaError } from '../error.ts'
import type { Markup } from './markup.ts'

/** The fonts travel with the package and the system's are not looked at, so every machine draws the same bytes. */
const fontFolder = join(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json'), '..', 'ttf')

/** What the rasteriser sets text in. */
export const fontOptions = {
  loadSystemFonts: false,
  fontFiles: ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((file) => join(fontFolder, file)),
  defaultFontFamily: 'DejaVu Sans',
  sansSerifFamily: 'DejaVu Sans',
}

/**
 * Renders an SVG document to a PNG.
 * @param svg as `contactSheetSvg` and `orthogonalSvg` draw it; it reaches no file and no network
 * @param zoom pixels for each px of the document
 * @throws SpiculaError `drawing/svg` for a document that is not SVG
 * @example await writeFileAtomic('007_1.png', rasterise(contactSheetSvg(sheet)))
 */
export function rasterise(svg: string | Markup, { zoom = 1 }: { zoom?: number } = {}): Uint8Array {
  try {
    const image = new Resvg(svg.toString(), {
      font: fontOptions,
      fitTo: zoom === 1 ? { mode: 'original' } : { mode: 'zoom', value: zoom },
    }).render()
    return image.asPng()
  } catch (cause) {
    throw new SpiculaError('drawing/svg', `the drawing cannot be rendered: ${String(cause)}`, { cause })
  }
}
