/** `spicula cohort from lidc`: LIDC-IDRI's readings as a cohort. */
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { type Lesion, lidcCsv, lidcLesions, lidcNotes } from '../../annotations/lidc/cohort.ts'
import { type SeriesGeometry, scanGeometry, tableGeometry } from '../../annotations/lidc/geometry.ts'
import { AGGREGATES, type Aggregate, TARGETS, type Target } from '../../annotations/lidc/ratings.ts'
import { tableLesions } from '../../annotations/lidc/ratings-table.ts'
import { collectReadings } from '../../annotations/lidc/readings.ts'
import { listXml, patientsOf, readMessages, SERIES_TABLE } from '../../annotations/lidc/source.ts'
import type { RowProblem } from '../../cohort/problem.ts'
import { SpiculaError } from '../../error.ts'
import { writeFileAtomic } from '../../files/atomic.node.ts'
import { readTable } from '../../files/table.node.ts'
import type { Table } from '../../files/table.ts'
import type { Note } from '../../scan/scan.ts'
import { VERSION } from '../../version.ts'
import { parseWhole, quietOption } from '../shared/options.ts'
import { startProgress } from '../shared/progress.node.ts'
import { makeFolder, reportProblems } from '../shared/rows.node.ts'

interface LidcOptions {
  readonly out: string
  readonly aggregate: Aggregate
  readonly malignancy: Target
  readonly minReaders: number
  readonly series?: string
  readonly geometry?: string
  readonly scans?: string
  readonly only?: string
  readonly quiet?: boolean
}

export function cohortLidcCommand(): Command {
  const rules = Object.entries(TARGETS).map(([name, rule]) => `${name} (${rule})`)
  return new Command('lidc')
    .summary("LIDC-IDRI's XML readings, or a table of their ratings")
    .description(
      'Reads the XML of LIDC-IDRI (a folder) or a table of ratings (a CSV), joins the readings of one lesion, and ' +
        'writes a row a lesion: readers, ratings, semantic features, a label of suspicion, and the centroid in LPS mm ' +
        "where the scan's geometry is known.",
    )
    .argument('<source>', 'folder of XML files, or a table such as slices.csv')
    .requiredOption('--out <csv>', 'the cohort to write')
    .addOption(
      new Option('--aggregate <how>', "how the readers' ratings become one")
        .choices([...AGGREGATES])
        .default('median' as const),
    )
    .addOption(
      new Option('--malignancy <rule>', rules.join('; ')).choices(Object.keys(TARGETS)).default('leave-3' as const),
    )
    .option('--min-readers <n>', 'leave out lesions that fewer readers marked', parseWhole(1), 1)
    .option('--series <csv>', `patients of the series (default: ${SERIES_TABLE} in the folder or beside it)`)
    .option(
      '--geometry <csv>',
      'series_uid, pixel_spacing_mm, where known originX, originY (LPS mm), orientation, image_path',
    )
    .option(
      '--scans <folder>',
      'scans named by their series (a DICOM folder, .mhd, NIfTI with its .json): gives millimetres',
    )
    .option('--only <csv>', 'keep patients of this table (column pid) and no others')
    .addOption(quietOption())
    .action(convert)
}

async function convert(source: string, options: LidcOptions): Promise<void> {
  const { out, quiet = false, minReaders } = options
  await makeFolder(dirname(out))
  const isTable = await stat(source)
    .then((one) => one.isFile())
    .catch(() => false)
  const made = isTable ? await fromTable(source, options) : await fromXml(source, options)
  const kept = options.only === undefined ? undefined : pidsOf(await readTable(options.only))
  const lesions = made.lesions.filter(
    ({ pid, readers }) => (minReaders === 1 || readers.length >= minReaders) && (kept?.has(pid) ?? true),
  )
  await writeFileAtomic(out, lidcCsv(lesions, options.malignancy))
  const about = {
    software: `spicula ${VERSION}`,
    use: 'for research use',
    source: 'LIDC-IDRI (Armato et al. 2011), CC BY 3.0',
    aggregate: options.aggregate,
    malignancy: TARGETS[options.malignancy],
    minReaders,
    ...made.counts,
    lesions: lesions.length,
    notes: made.notes.map(({ message }) => message),
  }
  await writeFileAtomic(`${out}.about.json`, `${JSON.stringify(about, null, 2)}\n`)
  if (!quiet) for (const { code, message } of made.notes) console.error(`note: ${message} [${code}]`)
  await reportProblems(made.problems, dirname(out))
  if (quiet) return
  const counts = Object.entries(made.counts).map(([what, count]) => `${count} ${what}`)
  console.error([...counts, `${lesions.length} lesions -> ${out}  (spicula, for research use)`].join(', '))
}

/** Patients of a table. */
function pidsOf({ name, columns, records }: Table): ReadonlySet<string> {
  if (columns.includes('pid')) return new Set(records.map(({ values }) => values.pid.trim()))
  throw new SpiculaError('datasets/columns', `${name}: there is no column pid`)
}

interface Made {
  readonly lesions: readonly Lesion[]
  readonly counts: Readonly<Record<string, number>>
  readonly notes: readonly Note[]
  readonly problems: readonly RowProblem[]
}

/** A path that was relative to a folder, relative to the manifest that is written: it still finds its scan. */
const moved = (path: string, from: string, out: string): string =>
  path.includes('/') ? relative(dirname(resolve(out)), resolve(from, path)) : path

async function fromTable(source: string, { aggregate, out }: LidcOptions): Promise<Made> {
  const table = await readTable(source)
  const { lesions: read, problems } = tableLesions(table, aggregate)
  const lesions = read.map((lesion) => ({ ...lesion, imagePath: moved(lesion.imagePath, dirname(source), out) }))
  const geometry = new Map(lesions.map(({ seriesUid, pid }) => [seriesUid || pid, { spacingMm: 1 }]))
  const notes = lidcNotes(lesions, geometry).filter(({ code }) => code !== 'datasets/spacing')
  return { lesions, counts: { rows: table.records.length }, notes, problems }
}

async function fromXml(
  source: string,
  { aggregate, series, geometry, scans, out, quiet = false }: LidcOptions,
): Promise<Made> {
  const files = await listXml(source)
  const problems: RowProblem[] = []
  const progress = startProgress('files', files.length, { quiet })
  const messages = await readMessages(
    files,
    // Numbered as sorted: `errors.csv` counts in rows, and a file's name may bear anything.
    ({ file, error: { code, message } }) => problems.push({ line: files.indexOf(file) + 1, code, message }),
    () => progress.step(),
  ).finally(() => progress.done())
  const readings = collectReadings(messages)
  const patients = await readPatients(source, series)
  const known = new Map(geometry === undefined ? [] : tableGeometry(await readTable(geometry)))
  for (const [uid, one] of known)
    if (one.imagePath) known.set(uid, { ...one, imagePath: moved(one.imagePath, dirname(geometry ?? ''), out) })
  const unread = scans === undefined ? [] : await addScans(known, scans, [...readings.bySeries.keys()], out)
  const lesions = lidcLesions(readings, { aggregate, patients, geometry: known })
  const notes = [...lidcNotes(lesions, known), ...unread]
  const strangers = [...readings.bySeries.keys()].filter((uid) => !patients.has(uid)).length
  if (strangers > 0) {
    const message = `the patients of ${strangers} series are not known, their series stand for them (--series ${SERIES_TABLE})`
    notes.push({ code: 'datasets/patients', message })
  }
  const all = [...readings.bySeries.values()].flat().length
  const { duplicates, small, incomplete } = readings
  const counts = {
    'CT series': readings.bySeries.size,
    readings: all,
    'repeated readings': duplicates,
    'marks under 3 mm': small,
    'outlined without ratings': incomplete,
  }
  return { lesions, counts, notes, problems }
}

async function readPatients(source: string, series: string | undefined): Promise<ReadonlyMap<string, string>> {
  const places = [source, dirname(source)].map((folder) => join(folder, SERIES_TABLE))
  const path = series ?? places.find((one) => existsSync(one))
  return path === undefined ? new Map() : patientsOf(await readTable(path))
}

/** A scan that cannot be read leaves its lesions without millimetres, which is noted; it stops nothing. */
async function addScans(
  known: Map<string, SeriesGeometry>,
  folder: string,
  series: readonly string[],
  out: string,
): Promise<Note[]> {
  if (!existsSync(folder)) throw new SpiculaError('datasets/missing', `${folder}: no such folder of scans`)
  const unread: string[] = []
  for (const uid of series) {
    try {
      const found = await scanGeometry(folder, uid)
      if (found) known.set(uid, { ...found, imagePath: moved(`${found.imagePath}`, '', out) })
    } catch (error) {
      if (!(error instanceof SpiculaError)) throw error
      unread.push(error.message)
    }
  }
  if (unread.length === 0) return []
  const message = `the scans of ${unread.length} series cannot be used: ${unread.slice(0, 3).join('; ')}`
  return [{ code: 'datasets/lidc-scan', message }]
}
