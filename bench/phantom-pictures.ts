/**
 * Draws docs/images/phantom-chest.png and docs/images/phantom-nodules.png:
 * `npm run bench -- bench/phantom-pictures.ts`
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Markup } from '../src/drawing/markup.ts'
import { rasterise } from '../src/drawing/rasterise.node.ts'
import { buildChest } from '../src/phantom/anatomy/chest.ts'
import { placeNodule } from '../src/phantom/nodule/nodule.ts'
import type { Calcification, DrawnFeatures } from '../src/phantom/nodule/spec.ts'
import { assemble, buildPhantom, phantomSpec, renderPhantom } from '../src/phantom/phantom.ts'
import { axial, coronal, type Plane, sagittal } from '../src/pictures/planes.ts'
import { pageSvg } from '../src/pictures/sheet.ts'
import type { Triple } from '../src/scan/scan.ts'
import { VERSION } from '../src/version.ts'

/** A lung window, HU. */
const WINDOW = [-1350, 350] as const
/** In few steps, one pixel a voxel: small files. */
const LEVELS = 34
const gray = (hu: number): number =>
  Math.round(Math.min(1, Math.max(0, (hu - WINDOW[0]) / (WINDOW[1] - WINDOW[0]))) * LEVELS) / LEVELS
const footer = (text: string): string[] => [
  text,
  `synthetic · window ${WINDOW[0]}..${WINDOW[1]} HU · spicula ${VERSION}, for research use`,
]
const write = (name: string, svg: Markup): void =>
  writeFileSync(fileURLToPath(new URL(`../docs/images/${name}`, import.meta.url)), rasterise(svg))

/** A cube of 210 voxels of 1.6 mm, so that every plane is a square. */
function chestPicture(): void {
  const side = 210
  const mm = 1.6
  const { voxels, affineLps } = renderPhantom(
    buildPhantom(
      phantomSpec({ seed: 1, shapeIjk: [side, side, side], spacingMm: [mm, mm, mm], dose: 'standard', nodules: [] }),
    ),
  )
  const index = (lps: number, axis: 0 | 1 | 2): number => Math.round((lps - affineLps[4 * axis + 3]) / mm)
  const panel = (label: string, plane: Plane, voxel: (row: number, column: number) => number) => ({
    label,
    plane,
    gray: Float32Array.from({ length: side * side }, (_, n) => gray(voxels[voxel(Math.floor(n / side), n % side)])),
    pixels: side,
    pixelMm: mm,
    pointRowColumn: [side / 2, side / 2] as const,
    mark: 'ticks' as const,
    barMm: 50,
  })
  const across = (z: number) =>
    panel(`axial, z = ${z} mm`, axial, (row, column) => column + side * (row + side * index(z, 2)))
  const panels = [
    across(66),
    across(22),
    across(-40),
    panel('coronal, y = 16 mm', coronal, (row, column) => column + side * (index(16, 1) + side * row)),
    panel('coronal, y = -30 mm', coronal, (row, column) => column + side * (index(-30, 1) + side * row)),
    panel('sagittal, x = -70 mm', sagittal, (row, column) => index(-70, 0) + side * (column + side * row)),
  ]
  const text = footer('spicula phantom --seed 1 --nodules 0 --spacing 1.6,1.6,1.6 --matrix 210x210x210 --dose standard')
  write('phantom-chest.png', pageSvg({ panels, columns: 3, edge: side, title: 'A phantom chest', footer: text }))
}

const NODULES: readonly (readonly [label: string, features: DrawnFeatures, calcification?: Calcification])[] = [
  ['solid, smooth', {}],
  ['lobulated', { nodule_margins: 'Lobulated' }],
  ['spiculated', { nodule_margins: 'Spiculated/Serrated', nodule_shape: 'Complex/Irregular' }],
  ['poorly marginated', { nodule_margin_conspicuity: 'Poorly marginated' }],
  ['pure ground glass', { nodule_consistency: 'Pure ground glass', nodule_shape: 'Ovoid' }],
  ['part-solid, spiculated', { nodule_consistency: 'Part-solid', nodule_margins: 'Spiculated/Serrated' }],
  ['cavitation', { cavitation: 'Present', nodule_margins: 'Lobulated' }],
  ['pleural attachment', { pleural_attachment: 'Present' }],
  ['pleural retraction', { pleural_retraction: 'Present', nodule_margins: 'Spiculated/Serrated' }],
  ['popcorn calcification', { nodule_margins: 'Lobulated' }, 'popcorn'],
  ['eccentric calcification', { nodule_shape: 'Polygonal' }, 'eccentric'],
  ['cysts, bronchiectasis', { 'cyst-like_spaces': 'Present', 'intra-nodular_bronchiectasis': 'Present' }],
]

function nodulePicture(): void {
  const side = 144
  const mm = 50 / side
  const panels = NODULES.map(([label, features, calcification], n) => {
    const chest = buildChest(30 + n)
    const spec = {
      seed: n + 21,
      features: { 'longest_axial_diameter_(mm)': 20, ...features },
      ...(calcification && { calcification }),
    }
    const placed = placeNodule(chest, spec)
    // Calcium is shown in its own slice.
    const [x, y, z] = placed.pointLps
    const [calcium] = placed.body.calcium
    const scan = phantomSpec({
      seed: 30 + n,
      shapeIjk: [side, side, 1] as Triple,
      spacingMm: [mm, mm, 1.25] as Triple,
      centreLps: [x, y, calcium ? placed.centre[2] + calcium.centre[2] : z] as Triple,
      dose: 'standard',
      nodules: [spec],
    })
    const { voxels } = renderPhantom(assemble(scan, chest, [placed]))
    return {
      label,
      plane: axial,
      gray: Float32Array.from(voxels, gray),
      pixels: side,
      pixelMm: mm,
      pointRowColumn: [(side - 1) / 2, (side - 1) / 2] as const,
      mark: 'ticks' as const,
    }
  })
  const text = footer('one slice of 1.25 mm each · 50 mm a panel')
  write('phantom-nodules.png', pageSvg({ panels, columns: 4, edge: side, title: 'Nodules of 20 mm', footer: text }))
}

chestPicture()
nodulePicture()
