/** Every reading of LIDC-IDRI against what is published and what others made of it. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeShared } from '../../../test/shared.ts'
import { groupByScan } from '../../cohort/group.ts'
import { readTable } from '../../files/table.node.ts'
import { parseTable } from '../../files/table.ts'
import { CHARACTERISTICS } from './ratings.ts'

/** Of the paper: lesions of LIDC-IDRI. It does not say by which rule its readings were joined. */
const PUBLISHED_LESIONS = 2625

/** Runs the command in a process of its own, and tells time and memory. */
const MEASURE = `
import { cohortLidcCommand } from ${JSON.stringify(new URL('../../cli/cohort/lidc.ts', import.meta.url).href)}
const started = performance.now()
await cohortLidcCommand().parseAsync(process.argv)
console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, kB: process.resourceUsage().maxRSS }))`

describeShared(['data/lidc-annotations', 'data/lidc'], (annotations, lidc) => {
  let place = ''
  let used = { seconds: 0, kB: 0 }
  let about: Record<string, unknown> = {}
  let rows: Record<string, string>[] = []
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), 'lidc-'))
    execFileSync('tar', ['xJf', join(annotations(), 'tcia-lidc-xml.tar.xz'), '-C', place])
    const out = join(place, 'cohort.csv')
    const options = [
      '--series',
      join(annotations(), 'LIDC-IDRI_MetaData.csv'),
      '--geometry',
      join(lidc(), 'slices.csv'),
    ]
    const run = [
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      MEASURE,
      '--',
      'lidc',
      place,
      '--out',
      out,
      ...options,
      '--quiet',
    ]
    const { stdout } = await promisify(execFile)(process.execPath, run, {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    })
    used = JSON.parse(stdout)
    about = JSON.parse(await readFile(`${out}.about.json`, 'utf8'))
    rows = parseTable(await readFile(out, 'utf8'), 'cohort.csv').records.map(({ values }) => values)
  })
  afterAll(() => rm(place, { recursive: true, force: true }))

  it('holds 1,018 CT series and 6,860 readings of nodules of 3 mm or more', () => {
    expect(about).toMatchObject({ 'CT series': 1018, readings: 6860, 'repeated readings': 170 })
    expect(rows.reduce((sum, { readers }) => sum + Number(readers), 0)).toBe(6860)
  })

  it('has 2,654 lesions, 1.1 % from the published 2,625', () => {
    expect(rows).toHaveLength(2654)
    expect(Math.abs(rows.length / PUBLISHED_LESIONS - 1)).toBeLessThan(0.02)
    expect(new Set(rows.map(({ pid, nodule_id }) => `${pid} ${nodule_id}`)).size).toBe(2654)
  })

  it('takes less than 60 s and 1 GB', () => {
    console.log(`LIDC-IDRI: ${used.seconds.toFixed(1)} s, ${Math.round(used.kB / 1024)} MiB`)
    expect(used.seconds).toBeLessThan(60)
    expect(used.kB).toBeLessThan(1e9 / 1024)
  })

  it("has the nodules of another's table: nine ratings of every reader", async () => {
    const { records } = await readTable(join(lidc(), 'slices.csv'))
    const key = (values: Readonly<Record<string, string>>) => {
      const columns = CHARACTERISTICS.map((name) => values[`${name}_readers`].split('|'))
      const readers = columns[0].map((_, reader) => columns.map((column) => column[reader]).join(''))
      return `${values.series_uid} ${readers.sort().join(' ')}`
    }
    const ours = new Set(rows.map(key))
    const found = records.filter(({ values }) => ours.has(key(values))).length
    console.log(`slices.csv: ${found} of ${records.length} nodules have the same readers with the same ratings`)
    // The others are joined otherwise there: a nodule of four readers as three and one, say.
    expect(found / records.length).toBeGreaterThan(0.9)
  })

  it("lies where another's world coordinates say: distances between nodules of a series", async () => {
    const { records } = await readTable(join(lidc(), 'vois.csv'))
    const slices = await readTable(join(lidc(), 'slices.csv'))
    const spacing = new Map(slices.records.map(({ values }) => [values.series_uid, Number(values.pixel_spacing_mm)]))
    // Where pixel (0, 0) lies is not in the XML: it is what turns our pixels into their millimetres, the same for all
    // nodules of a series. z needs nothing.
    const errors: number[] = []
    for (const theirs of groupByScan(records, ({ values }) => values.series_uid)) {
      const series = theirs[0].values.series_uid
      const mm = spacing.get(series)
      const ours = rows.filter(({ series_uid }) => series_uid === series)
      if (mm === undefined || theirs.length < 2) continue
      const origins = theirs.flatMap(({ values }) => {
        const near = ours.filter(({ sliceZ_mm }) => Math.abs(Number(sliceZ_mm) - Number(values.coordZ)) < 4)
        if (near.length !== 1) return []
        return [
          [Number(values.coordX) - mm * Number(near[0].pixelX), Number(values.coordY) - mm * Number(near[0].pixelY)],
        ]
      })
      for (const origin of origins.slice(1))
        errors.push(Math.hypot(origin[0] - origins[0][0], origin[1] - origins[0][1]))
    }
    errors.sort((a, b) => a - b)
    const middle = errors[errors.length >> 1]
    console.log(`vois.csv: ${errors.length} pairs of nodules, median difference ${middle.toFixed(2)} mm`)
    expect(errors.length).toBeGreaterThan(50)
    expect(middle).toBeLessThan(0.5)
  })
})
