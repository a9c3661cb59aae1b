import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../random.ts'
import type { Triple } from '../../scan/scan.ts'
import { chestOf, noduleWith, type Scanned, scanNodule, someNodules } from '../phantom.fixture.ts'
import { along, distance, unit } from '../vector.ts'
import { placeNodule } from './nodule.ts'
import { spreadDirections } from './outline.ts'
import { drawNodule } from './spec.ts'

const rays = spreadDirections(60, seededRandom(1), 0)
const steps = (mm: number): number[] => Array.from({ length: Math.round(mm / 0.25) }, (_, n) => 0.25 * n)

/** Voxels of at least `hu` that hang together with the one nearest to `from`; their world points. */
function grown({ volume: { voxels, shapeIjk, affineLps: a } }: Scanned, from: Triple, hu: number): Triple[] {
  const [ni, nj, nk] = shapeIjk
  const start = [0, 1, 2].map((axis) => Math.round((from[axis] - a[4 * axis + 3]) / a[5 * axis]))
  const seen = new Uint8Array(voxels.length)
  const queue = [start]
  const points: Triple[] = []
  for (let next = queue.pop(); next; next = queue.pop()) {
    const [i, j, k] = next
    if (i < 0 || j < 0 || k < 0 || i >= ni || j >= nj || k >= nk) continue
    const v = i + ni * (j + nj * k)
    if (seen[v] || voxels[v] < hu) continue
    seen[v] = 1
    points.push([a[3] + i * a[0], a[7] + j * a[5], a[11] + k * a[10]])
    queue.push([i + 1, j, k], [i - 1, j, k], [i, j + 1, k], [i, j - 1, k], [i, j, k + 1], [i, j, k - 1])
  }
  return points
}

const middle = (points: readonly Triple[]): Triple =>
  [0, 1, 2].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length) as unknown as Triple

/** Points near the body: vessels that touch it are not it. */
const near = (scan: Scanned, hu: number): Triple[] =>
  grown(scan, scan.nodule.pointLps, hu).filter((point) => distance(point, scan.nodule.pointLps) < 0.62 * mm(scan))
const mm = ({ nodule }: Scanned): number => nodule.features['longest_axial_diameter_(mm)'] ?? 0

describe('the size and the place of a nodule', () => {
  it.each(['Round', 'Ovoid', 'Polygonal', 'Complex/Irregular'] as const)('%s: as they are told', (nodule_shape) => {
    const scan = scanNodule(noduleWith({ nodule_shape }), { vessels: false })
    expect(mm(scan)).toBe(18)
    // Half way between lung and nodule.
    const body = near(scan, -415)
    expect(distance(middle(body), scan.nodule.pointLps)).toBeLessThan(0.6)
    const planes = new Map<number, Triple[]>()
    for (const point of body) planes.set(point[2], [...(planes.get(point[2]) ?? []), point])
    let longest = 0
    for (const points of planes.values())
      for (const p of points) for (const q of points) longest = Math.max(longest, Math.hypot(p[0] - q[0], p[1] - q[1]))
    expect(Math.abs(longest - 18)).toBeLessThan(1.6) // a voxel of 0.8 mm at each end
    expect(scan.nodule.features['short_diameter_(mm)']).toBeLessThanOrEqual(18)
  })

  it('is seen by half maximum along a line, with either kernel', () => {
    for (const kernel of ['soft', 'lung'] as const) {
      const scan = scanNodule(noduleWith({ 'longest_axial_diameter_(mm)': 12 }), { kernel, vessels: false })
      const { outline } = scan.nodule.body
      for (const [x, y, z] of rays.slice(0, 20)) {
        const wanted = outline.radius(x, y, z)
        const half = (scan.at(scan.nodule.centre) - 866) / 2
        const outside = steps(14).find((r) => scan.at(along(scan.nodule.centre, [x, y, z], r)) < half)
        expect(Math.abs((outside ?? 0) - wanted)).toBeLessThan(0.8)
      }
    }
  })
})

describe('consistency', () => {
  const inner = (scan: Scanned): number[] =>
    rays.flatMap((ray) => [0.2, 0.4].map((share) => scan.at(along(scan.nodule.pointLps, ray, share * mm(scan) * 0.45))))
  const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]

  it('solid: soft tissue', () => {
    const hu = median(inner(scanNodule(noduleWith())))
    expect(hu).toBeGreaterThan(15)
    expect(hu).toBeLessThan(65)
  })

  it('pure ground glass: between lung and tissue', () => {
    for (const seed of [1, 2, 3]) {
      const hu = median(inner(scanNodule(noduleWith({ nodule_consistency: 'Pure ground glass' }, 'none', seed))))
      expect(hu).toBeGreaterThan(-680)
      expect(hu).toBeLessThan(-360)
    }
  })

  it('part-solid: a solid core of the size that is told, in ground glass', () => {
    const scan = scanNodule(noduleWith({ nodule_consistency: 'Part-solid', psn_longest_diameter_solid_component: 9 }))
    expect(scan.nodule.features.psn_longest_diameter_solid_component).toBe(9)
    const { core, outline } = scan.nodule.body
    if (typeof core === 'string') throw new Error('no core')
    expect(scan.at(along(scan.nodule.centre, core.centre, 1))).toBeGreaterThan(-10)
    const glass = rays
      .map((ray) => along(scan.nodule.centre, ray, 0.85 * outline.radius(...ray)))
      .filter((point) => distance(point, along(scan.nodule.centre, core.centre, 1)) > 1.3 * core.outline.most)
      .map(scan.at)
    expect(glass.length).toBeGreaterThan(10)
    expect(median(glass)).toBeLessThan(-330)
    expect(median(glass)).toBeGreaterThan(-680)
  })
})

describe('margin', () => {
  /** Mean distance over which the attenuation falls from nine tenths to one tenth, along free rays. */
  const fall = (scan: Scanned): number => {
    const { outline } = scan.nodule.body
    const widths = rays.flatMap((ray) => {
      const r = outline.radius(...ray)
      const profile = steps(r + 7).map((at) => scan.at(along(scan.nodule.centre, ray, at)))
      const [high, low] = [profile[4], -860]
      const [from, to] = [0.9, 0.1].map((share) => profile.findIndex((hu) => hu < low + share * (high - low)))
      return from > 0 && to > 0 ? [(to - from) * 0.25] : []
    })
    return widths.reduce((sum, width) => sum + width, 0) / widths.length
  }

  it('poorly marginated ones fade over millimetres, well marginated ones do not', () => {
    const well = fall(scanNodule(noduleWith()))
    const poor = fall(scanNodule(noduleWith({ nodule_margin_conspicuity: 'Poorly marginated' })))
    expect(well).toBeLessThan(1.9)
    expect(poor).toBeGreaterThan(well + 1)
  })

  it('spiculated ones have strands outside their outline, of different lengths', () => {
    const spiculated = placeNodule(chestOf(3), noduleWith({ nodule_margins: 'Spiculated/Serrated' }))
    const reach = spiculated.strands.strand.map(
      ({ to }) => distance(to, spiculated.centre) - spiculated.body.outline.most,
    )
    expect(spiculated.strands.strand.length).toBeGreaterThan(100)
    expect(Math.max(...reach)).toBeGreaterThan(5)
    expect(Math.max(...reach)).toBeLessThan(20)
    expect(placeNodule(chestOf(3), noduleWith()).strands.strand).toEqual([])
    // Seen: more of the shell just outside is denser than lung.
    const dense = (scan: Scanned): number => {
      const shell = rays.flatMap((ray) =>
        [1.5, 2.5, 3.5].map((mm) =>
          scan.at(along(scan.nodule.centre, ray, scan.nodule.body.outline.radius(...ray) + mm)),
        ),
      )
      return shell.filter((hu) => hu > -750).length / shell.length
    }
    expect(dense(scanNodule(noduleWith({ nodule_margins: 'Spiculated/Serrated' })))).toBeGreaterThan(
      dense(scanNodule(noduleWith())) + 0.1,
    )
  })

  it('lobulated ones have notches: their surface is less convex', () => {
    const chest = chestOf(3)
    const notches = (margins: 'Smooth' | 'Lobulated'): number => {
      const { radius } = placeNodule(chest, noduleWith({ nodule_margins: margins })).body.outline
      let sum = 0
      for (const [a, ray] of rays.entries())
        for (const other of rays.slice(a + 1)) {
          if (ray[0] * other[0] + ray[1] * other[1] + ray[2] * other[2] < 0.6) continue
          // Middle of the chord between two points of the surface, and the surface there.
          const [p, q] = [along([0, 0, 0], ray, radius(...ray)), along([0, 0, 0], other, radius(...other))]
          const m: Triple = [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2, (p[2] + q[2]) / 2]
          sum += Math.max(0, Math.hypot(...m) - radius(...unit(m)))
        }
      return sum
    }
    expect(notches('Lobulated')).toBeGreaterThan(3 * notches('Smooth') + 5)
  })
})

describe('what is inside', () => {
  it('a cavity is air with a wall all round', () => {
    for (const seed of [1, 2, 3]) {
      for (const pleural_attachment of ['Absent', 'Present'] as const) {
        const scan = scanNodule(noduleWith({ cavitation: 'Present', pleural_attachment }, 'none', seed))
        const { cavity } = scan.nodule.body
        if (!cavity) throw new Error('no cavity')
        const centre = along(scan.nodule.centre, cavity.centre, 1)
        // The hole may lie beside its own centre: what matters is that a hole is there, and closed.
        const air = rays.flatMap((ray) => [0, 1, 2].map((mm) => scan.at(along(centre, ray, mm))))
        expect(Math.min(...air)).toBeLessThan(-800)
        // Of its own: the chest wall behind it does not count.
        const walls = rays.map((ray) => {
          const inLung = steps(12)
            .map((mm) => along(centre, ray, mm))
            .filter((point) => chestOf(3).lung(...point) < -1)
          return Math.max(...inLung.map(scan.at))
        })
        expect(Math.min(...walls)).toBeGreaterThan(-250)
      }
    }
  })

  it.each([
    ['central', 200, (off: number) => off < 0.25],
    ['eccentric', 150, (off: number) => off > 0.4],
  ] as const)('%s calcium', (pattern, threshold, where) => {
    for (const seed of [1, 2, 3]) {
      const scan = scanNodule(noduleWith({}, pattern, seed))
      expect(scan.nodule.features.nodule_calcification).toBe('Present')
      expect(scan.nodule.features.eccentric_calcification).toBe(pattern === 'eccentric' ? 'Present' : 'Absent')
      const { voxels, shapeIjk, affineLps: a } = scan.volume
      const bright: Triple[] = []
      voxels.forEach((hu, n) => {
        const ijk = [
          n % shapeIjk[0],
          Math.floor(n / shapeIjk[0]) % shapeIjk[1],
          Math.floor(n / (shapeIjk[0] * shapeIjk[1])),
        ]
        const point = ijk.map((index, axis) => a[5 * axis] * index + a[4 * axis + 3]) as unknown as Triple
        if (hu > threshold && distance(point, scan.nodule.centre) < 9) bright.push(point)
      })
      expect(bright.length).toBeGreaterThan(5)
      expect(where(distance(middle(bright), scan.nodule.centre) / 9)).toBe(true)
    }
  })

  it('diffuse and popcorn calcium fill more of it', () => {
    const share = (pattern: 'diffuse' | 'popcorn' | 'none'): number => {
      const scan = scanNodule(noduleWith({}, pattern))
      const inside = rays.flatMap((ray) => [1, 3, 5, 7].map((mm) => scan.at(along(scan.nodule.centre, ray, mm))))
      return inside.filter((hu) => hu > 130).length / inside.length
    }
    expect(share('none')).toBe(0)
    expect(share('popcorn')).toBeGreaterThan(0.08)
    expect(share('diffuse')).toBeGreaterThan(0.8)
  })

  it('necrosis is darker tissue, bubbles and bronchi are air', () => {
    const inside = (features: Parameters<typeof noduleWith>[0]): number[] => {
      const scan = scanNodule(noduleWith(features))
      return rays.flatMap((ray) => [0, 2, 4, 5.5].map((mm) => scan.at(along(scan.nodule.centre, ray, mm))))
    }
    const least = (features: Parameters<typeof noduleWith>[0]): number => Math.min(...inside(features))
    const mean = (features: Parameters<typeof noduleWith>[0]): number => {
      const list = inside(features)
      return list.reduce((sum, hu) => sum + hu, 0) / list.length
    }
    expect(mean({ necrosis: 'Present' })).toBeLessThan(mean({}) - 12)
    expect(least({})).toBeGreaterThan(0)
    expect(least({ 'cyst-like_spaces': 'Present' })).toBeLessThan(-200)
    expect(least({ 'intra-nodular_bronchiectasis': 'Present' })).toBeLessThan(-300)
  })
})

describe('what is round it', () => {
  it('attached nodules go over into the chest wall, others have lung all round', () => {
    for (const seed of [1, 2, 3]) {
      const touching = scanNodule(noduleWith({ pleural_attachment: 'Present' }, 'none', seed), { sizeMm: 60 })
      const bridged = rays.filter((ray) =>
        steps(16).every((mm) => touching.at(along(touching.nodule.pointLps, ray, mm)) > -300),
      )
      expect(bridged.length).toBeGreaterThan(2)
      // Its size is that of what is seen.
      expect(Math.abs((touching.nodule.features['longest_axial_diameter_(mm)'] ?? 0) - 18)).toBeLessThan(0.6)

      const free = scanNodule(noduleWith({}, 'none', seed), { sizeMm: 60 })
      const open = rays.filter((ray) =>
        steps(5).some(
          (mm) => free.at(along(free.nodule.centre, ray, free.nodule.body.outline.radius(...ray) + mm)) < -780,
        ),
      )
      expect(open.length).toBeGreaterThan(50)
    }
  })

  it('tags reach the pleura, vessels run to the nodule, a bronchus ends at it, emphysema is darker than lung', () => {
    const chest = chestOf(3)
    const with_ = (sign: string) => placeNodule(chest, noduleWith({ [sign]: 'Present' }))
    const tags = with_('pleural_retraction').strands.strand
    expect(tags.filter(({ to }) => Math.abs(chest.lung(...to)) < 2.5).length).toBeGreaterThan(0)
    const converging = with_('vascular_convergence')
    expect(converging.strands.vessel.length).toBeGreaterThan(20)
    const bronchus = with_('airway_cut-off')
    expect(bronchus.strands.lumen.length).toBe(bronchus.strands.wall.length)
    const [first] = bronchus.strands.lumen
    expect(distance(first.from, bronchus.centre)).toBeLessThan(bronchus.body.outline.most)
    const scan = scanNodule(noduleWith({ paracicatricial_emphysema: 'Present' }))
    const hole = scan.nodule.body.holes.reduce((a, b) => (a.radius > b.radius ? a : b))
    expect(scan.at(along(scan.nodule.centre, hole.centre, 1))).toBeLessThan(-940)
  })

  it('a point that contradicts the features is refused', () => {
    const chest = chestOf(3)
    const { pointLps } = placeNodule(chest, noduleWith())
    const refused = expect.objectContaining({ code: 'datasets/phantom-place' })
    expect(() => placeNodule(chest, { ...noduleWith({ pleural_attachment: 'Present' }), pointLps })).toThrow(refused)
    expect(placeNodule(chest, { ...noduleWith(), pointLps }).pointLps.map((mm) => mm.toFixed(6))).toEqual(
      pointLps.map((mm) => mm.toFixed(6)),
    )
    expect(() => placeNodule(chest, noduleWith({ 'longest_axial_diameter_(mm)': 90 }))).toThrow(
      expect.objectContaining({ code: 'datasets/phantom-size' }),
    )
  })
})

describe('drawNodule', () => {
  it('draws features independently: no two are correlated', () => {
    const nodules = Array.from({ length: 4000 }, (_, n) => drawNodule(seededRandom(n)))
    const signs: Record<string, (n: (typeof nodules)[number]) => number> = {
      large: ({ features }) => features['longest_axial_diameter_(mm)'] ?? 0,
      solid: ({ features }) => Number(features.nodule_consistency === 'Solid'),
      poor: ({ features }) => Number(features.nodule_margin_conspicuity === 'Poorly marginated'),
      spiculated: ({ features }) => Number(features.nodule_margins === 'Spiculated/Serrated'),
      attached: ({ features }) => Number(features.pleural_attachment === 'Present'),
      hollow: ({ features }) => Number(features.cavitation === 'Present'),
      calcified: ({ calcification }) => Number(calcification !== 'none'),
      round: ({ features }) => Number(features.nodule_shape === 'Round'),
    }
    const columns = Object.values(signs).map((sign) => {
      const values = nodules.map(sign)
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
      return values.map((value) => (value - mean) / deviation)
    })
    for (const [a, left] of columns.entries())
      for (const right of columns.slice(a + 1)) {
        const r = left.reduce((sum, value, n) => sum + value * right[n], 0) / left.length
        // 3.9 standard errors of a correlation of none.
        expect(Math.abs(r)).toBeLessThan(3.9 / Math.sqrt(4000))
      }
  })

  it('is placed with the features that were drawn, whatever they are', () => {
    const chest = chestOf(8)
    for (const spec of someNodules(25)) {
      const placed = placeNodule(chest, spec)
      for (const [name, value] of Object.entries(spec.features)) {
        if (typeof value === 'number') continue
        expect([name, placed.features[name as keyof typeof placed.features]]).toEqual([name, value])
      }
      const longest = placed.features['longest_axial_diameter_(mm)'] ?? 0
      expect(Math.abs(longest - (spec.features['longest_axial_diameter_(mm)'] ?? 0))).toBeLessThan(0.06 * longest)
    }
  })
})
