/** Tissues and their attenuation: what a plane of samples holds before noise and blur. */

import { CAVITY, type Chest, DOME, FIELDS, HEART, LUNG, MUSCLE, SKIN, type TubeKind } from '../anatomy/chest.ts'
import { columnPart } from '../anatomy/skeleton.ts'
import { cover } from '../distance.ts'
import type { PlacedNodule } from '../nodule/nodule.ts'
import { bodyReach, paintBody, paintHoles } from '../nodule/paint.ts'
import type { Strands } from '../nodule/strands.ts'
import { byPlane, drawTube, flush, type Raster, type Tube } from '../tubes.ts'
import { mix, rowHash, STRIDE } from './hash-noise.ts'
import { buildLattice, type Cells, cellsOf, planeOf, type Region } from './lattice.ts'

/** HU at 120 kV, without contrast agent. */
export const HU = {
  air: -1000,
  lung: -866,
  fat: -104,
  skin: 15,
  muscle: 52,
  blood: 42,
  liver: 58,
  organ: 46,
  oesophagus: 34,
  bronchus: 25,
  lumen: -985,
  cartilage: 95,
  cortex: 820,
  marrow: 190,
  vertebra: 165,
  plate: 430,
  disc: 85,
  canal: 22,
  strand: 20,
  /** Of a nodule that is ground glass. */
  faintStrand: -380,
} as const

/** Steps of the lattices, mm: outlines, and the two sizes of mottle. */
const OUTLINE_STEP = 4
const COARSE_STEP = 9
const FINE_STEP = 2.3

/**
 * Draws planes of one chest: HU of every sample, [y][x].
 * @param nodules those that touch the region
 * @param region holds every sample that will be asked for
 */
export function tissuePlanes(
  chest: Chest,
  nodules: readonly PlacedNodule[],
  raster: Raster,
  region: Region,
): (z: number, hu: Float32Array) => void {
  const { xs, ys, soft } = raster
  const outline = buildLattice(region, OUTLINE_STEP, FIELDS, chest.fieldsAt)
  const coarse = buildLattice(region, COARSE_STEP, 1, mottle(chest.seed, COARSE_STEP))
  const fine = buildLattice(region, FINE_STEP, 1, mottle(chest.seed + 1, FINE_STEP))
  const [outlinePlane, coarsePlane, finePlane] = [outline, coarse, fine].map(planeOf)
  const cells = [outline, coarse, fine].map((lattice) => cellsOf(lattice, xs))
  const near = (tubes: readonly Tube[]) => byPlane(tubes, region.min[2], region.max[2], soft)
  const tubes = chest.tubesIn(region, 1.5 * soft)
  const ofNodules = (kind: keyof Strands): Tube[] => nodules.flatMap(({ strands }) => strands[kind])
  const kinds = PAINTED.map(([kind, paint, over]) => ({
    at: near(
      kind === 'vessel' || kind === 'wall' || kind === 'lumen' ? [...tubes[kind], ...ofNodules(kind)] : tubes[kind],
    ),
    paint,
    over,
  }))
  const strands = nodules.map(({ strands, body }) => ({
    at: near(strands.strand),
    value: body.core === 'none' ? HU.faintStrand : HU.strand,
  }))
  const innerLumens = near(ofNodules('innerLumen'))
  const table = tableTop(chest)

  const fineRow = new Float32Array(xs.length)
  return (z, hu) => {
    for (const plane of [outlinePlane, coarsePlane, finePlane]) plane.moveTo(z)
    for (let j = 0; j < ys.length; j++) {
      const y = ys[j]
      interpolate(finePlane.rows(y)[0], cells[2], fineRow)
      const [coarseLine] = coarsePlane.rows(y)
      baseRow(outlinePlane.rows(y), cells[0], coarseLine, cells[1], fineRow, xs, y, soft, hu.subarray(j * xs.length))
      if (y > table.from) table.draw(xs, y, soft, hu.subarray(j * xs.length))
    }
    const part = columnPart(chest.level(z))
    for (const { at, paint, over } of kinds) paintTubes(raster, z, at(z), paint(part), hu, over)
    if (nodules.length === 0) return
    const rows = (from: PlacedNodule, paint: Painter) => paintNodule(from, raster, z, outlinePlane, cells[0], hu, paint)
    for (const nodule of nodules) rows(nodule, paintHoles)
    // Strands are seen in the lung, not in the chest wall that they reach.
    for (const { at, value } of strands) paintTubes(raster, z, at(z), value, hu, (there) => there < value)
    for (const nodule of nodules) rows(nodule, paintBody)
    paintTubes(raster, z, innerLumens(z), HU.lumen, hu)
  }
}

/**
 * Paints tubes over what is there.
 * @param over attenuations that are painted over; all unless given
 */
function paintTubes(
  raster: Raster,
  z: number,
  tubes: readonly Tube[],
  value: number,
  hu: Float32Array,
  over: (hu: number) => boolean = () => true,
): void {
  if (tubes.length === 0) return
  for (const tube of tubes) drawTube(raster, z, tube)
  flush(raster, (sample, share) => {
    if (over(hu[sample])) hu[sample] += share * (value - hu[sample])
  })
}

type Painter = typeof paintBody

/** Paints one nodule into a plane, where the plane meets it. */
function paintNodule(
  { body, centre }: PlacedNodule,
  { xs, ys, soft }: Raster,
  z: number,
  outlines: ReturnType<typeof planeOf>,
  { cell, share }: Cells,
  hu: Float32Array,
  paint: Painter,
): void {
  const reach = bodyReach(body)
  const dz = z - centre[2]
  if (Math.abs(dz) > reach) return
  for (let j = 0; j < ys.length; j++) {
    const dy = ys[j] - centre[1]
    const across = reach * reach - dz * dz - dy * dy
    if (across <= 0) continue
    const half = Math.sqrt(across)
    const step = xs[1] - xs[0]
    const first = Math.max(0, Math.ceil((centre[0] - half - xs[0]) / step))
    const last = Math.min(xs.length - 1, Math.floor((centre[0] + half - xs[0]) / step))
    const lung = outlines.row(LUNG, ys[j])
    for (let i = first; i <= last; i++) {
      const deep = -(lung[cell[i]] + share[i] * (lung[cell[i] + 1] - lung[cell[i]]))
      if (deep < -soft) continue
      const at = j * xs.length + i
      hu[at] = paint(body, xs[i] - centre[0], dy, dz, hu[at], deep, soft)
    }
  }
}

/** In the order in which they are painted: later ones lie over earlier ones. */
const PAINTED: readonly (readonly [
  kind: TubeKind,
  value: (part: ReturnType<typeof columnPart>) => number,
  over?: (hu: number) => boolean,
])[] = [
  // Organs lie under the diaphragm: never in the lung.
  ['organ', () => HU.organ, (hu) => hu > -300],
  ['gas', () => HU.lumen, (hu) => hu > -300],
  ['blood', () => HU.blood],
  ['oesophagus', () => HU.oesophagus],
  ['cartilage', () => HU.cartilage],
  ['cortex', () => HU.cortex],
  ['marrow', () => HU.marrow],
  ['column', (part) => (part === 'body' ? HU.cortex * 0.7 : part === 'plate' ? HU.plate : HU.disc)],
  ['columnMarrow', (part) => (part === 'body' ? HU.vertebra : part === 'plate' ? HU.plate : HU.disc)],
  ['canal', () => HU.canal],
  ['vessel', () => HU.blood],
  ['wall', () => HU.bronchus],
  ['lumen', () => HU.lumen],
]

/** Random words in [-1, 1] on the nodes of a lattice. */
const mottle = (seed: number, step: number) => (x: number, y: number, z: number, out: Float64Array) => {
  const row = rowHash(seed, Math.round(y / step), Math.round(z / step))
  out[0] = mix(row + Math.imul(Math.round(x / step), STRIDE)) * 2 ** -31
}

function interpolate(line: Float32Array, { cell, share }: Cells, out: Float32Array): void {
  for (let i = 0; i < cell.length; i++) {
    const a = line[cell[i]]
    out[i] = a + share[i] * (line[cell[i] + 1] - a)
  }
}

/** One row of everything that fields describe. */
function baseRow(
  lines: readonly Float32Array[],
  { cell, share }: Cells,
  coarseLine: Float32Array,
  coarseCells: Cells,
  fine: Float32Array,
  xs: Float64Array,
  y: number,
  soft: number,
  hu: Float32Array,
): void {
  const [skinLine, muscleLine, cavityLine, domeLine, heartLine, lungLine] = [
    lines[SKIN],
    lines[MUSCLE],
    lines[CAVITY],
    lines[DOME],
    lines[HEART],
    lines[LUNG],
  ]
  // Lungs are denser where the body lies on them.
  const lungBase = HU.lung + 0.17 * y
  for (let i = 0; i < cell.length; i++) {
    const c = cell[i]
    const t = share[i]
    if (skinLine[c] > soft && skinLine[c + 1] > soft) {
      hu[i] = HU.air
      continue
    }
    const cc = coarseCells.cell[i]
    const big = coarseLine[cc] + coarseCells.share[i] * (coarseLine[cc + 1] - coarseLine[cc])
    const small = fine[i]
    const lungHu = lungBase + 14 * big + 30 * small
    if (lungLine[c] < -soft && lungLine[c + 1] < -soft) {
      hu[i] = lungHu
      continue
    }
    const skin = skinLine[c] + t * (skinLine[c + 1] - skinLine[c])
    const muscle = muscleLine[c] + t * (muscleLine[c + 1] - muscleLine[c])
    const cavity = cavityLine[c] + t * (cavityLine[c + 1] - cavityLine[c])
    const fat = HU.fat + 10 * small
    let value = fat + cover(-skin - 2, 1.2) * (HU.skin - fat)
    if (muscle < soft) {
      // Sheets of fat between the bundles.
      const sheet = 0.4 * Math.max(0, 1 - Math.abs(big) / 0.07)
      const meat = HU.muscle + 12 * small + sheet * (HU.fat - HU.muscle)
      value += cover(muscle, soft) * (meat - value)
    }
    if (cavity < soft) {
      const dome = domeLine[c] + t * (domeLine[c + 1] - domeLine[c])
      const heart = heartLine[c] + t * (heartLine[c + 1] - heartLine[c])
      const lung = lungLine[c] + t * (lungLine[c + 1] - lungLine[c])
      let inside = fat
      if (dome < soft) {
        // The liver, with its left lobe in front; left of it fat, in which the other organs are drawn.
        const liver = cover(xs[i] - 14 + 0.5 * y + 0.004 * y * y, 2 * soft)
        const below = fat + liver * (HU.liver + 8 * small - fat)
        const muscled = below + cover(-dome - 3, 1.5) * (HU.muscle - below)
        inside += cover(dome, soft) * (muscled - inside)
      }
      if (heart < soft) inside += cover(heart, soft) * (HU.blood + 5 * small - inside)
      value += cover(cavity, soft) * (inside - value)
      if (lung < soft) value += cover(lung, soft) * (lungHu - value)
    }
    hu[i] = HU.air + cover(skin, soft) * (value - HU.air)
  }
}

/** The table: two thin shells with foam between, under the back. */
function tableTop(chest: Chest): {
  readonly from: number
  readonly draw: (xs: Float64Array, y: number, soft: number, hu: Float32Array) => void
} {
  const fields = new Float64Array(FIELDS)
  let back = 60
  do chest.fieldsAt(0, ++back, 0, fields)
  while (fields[SKIN] < 0)
  const top = back + 3
  return {
    from: top - 62,
    draw: (xs, y, soft, hu) => {
      for (let i = 0; i < xs.length; i++) {
        const side = Math.abs(xs[i])
        if (side > 215 || hu[i] > -990) continue
        const upper = y - (top - (side * side) / 800)
        const lower = y - (top + 42 - (side * side) / 480)
        if (upper < -2 || lower > 2) continue
        if (upper > 0 && lower < 0) hu[i] = -960
        const shell = Math.max(cover(Math.abs(upper) - 1, soft), cover(Math.abs(lower) - 1, soft))
        hu[i] += shell * (-60 - hu[i])
      }
    },
  }
}
