/** `spicula cohort to`: a cohort as others have it, to look at its nodules in the viewer that one has. */
import { basename, dirname, join, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { type MarkedPoint, markupsFcsv, markupsJson } from '../../annotations/places/markups-write.ts'
import { imageName } from '../../annotations/tables/converted.ts'
import {
  diameterOf,
  type Exported,
  luna16Csv,
  monaiJson,
  type PlacedCohortRow,
} from '../../annotations/tables/to-others.ts'
import { type Frame, toPointLps } from '../../cohort/frame.ts'
import { type LocatedRow, readManifest } from '../../cohort/manifest.node.ts'
import { problemOf, type RowProblem } from '../../cohort/problem.ts'
import { SpiculaError } from '../../error.ts'
import { writeFileAtomic } from '../../files/atomic.node.ts'
import { openScan } from '../../scan/open.node.ts'
import type { Affine } from '../../scan/scan.ts'
import { VERSION } from '../../version.ts'
import { frameOption, quietOption } from '../shared/options.ts'
import { makeFolder, reportProblems } from '../shared/rows.node.ts'

interface ToOptions {
  readonly out: string
  readonly frame: Frame
  readonly quiet?: boolean
}

export function cohortToCommand(): Command {
  const to = new Command('to').description("Writes a cohort as a viewer's points or as another tool's list, in LPS mm.")
  to.addCommand(
    target('markups', "3D Slicer's markups, a file a scan", 'a .mrk.json or .fcsv file, or a folder for a file a scan')
      .addOption(new Option('--format <format>', 'what is written into a folder').choices(FORMATS).default('mrk.json'))
      .action(toMarkups),
  )
  to.addCommand(
    target('luna16', "LUNA16's annotations.csv", 'the table to write').action((cohort: string, options: ToOptions) =>
      toOne(cohort, options, luna16Csv),
    ),
  )
  to.addCommand(
    target('monai', "MONAI's list of boxes for nodule detection", 'the JSON to write').action(
      (cohort: string, options: ToOptions) => toOne(cohort, options, monaiJson),
    ),
  )
  return to
}

const target = (name: string, summary: string, out: string): Command =>
  new Command(name)
    .summary(summary)
    .description(`A cohort as ${summary}.`)
    .argument('<cohort>', 'manifest (CSV)')
    .requiredOption('--out <path>', out)
    .addOption(frameOption())
    .addOption(quietOption())

/** Rows with their points in LPS mm; scans are opened for voxel indices only. */
async function placedRows(cohort: string, frame: Frame): Promise<{ rows: PlacedCohortRow[]; problems: RowProblem[] }> {
  const manifest = await readManifest(cohort, { frame })
  const problems = [...manifest.problems]
  const affines = new Map<string, Promise<Affine>>()
  const rows: PlacedCohortRow[] = []
  for (const row of manifest.rows) {
    try {
      rows.push({ ...row, pointLps: toPointLps(row.point, frame, await affineOf(row, frame, affines)) })
    } catch (error) {
      problems.push(problemOf(row, error))
    }
  }
  return { rows, problems }
}

function affineOf({ imageFile }: LocatedRow, frame: Frame, known: Map<string, Promise<Affine>>): Promise<Affine> {
  if (frame !== 'voxel') return Promise.resolve([])
  const found = known.get(imageFile) ?? openScan(imageFile).then(({ affineLps }) => affineLps)
  known.set(imageFile, found)
  return found
}

async function toOne(
  cohort: string,
  { out, frame, quiet = false }: ToOptions,
  write: (rows: readonly PlacedCohortRow[]) => Exported,
): Promise<void> {
  const { rows, problems } = await placedRows(cohort, frame)
  const made = write(rows)
  await finish({ out, quiet, cohort, count: made.rows, problems: [...problems, ...made.problems] }, [[out, made.text]])
}

const FORMATS = ['mrk.json', 'fcsv'] as const
type MarkupsFormat = (typeof FORMATS)[number]

async function toMarkups(
  cohort: string,
  { out, frame, quiet = false, format }: ToOptions & { readonly format: MarkupsFormat },
): Promise<void> {
  const { rows, problems } = await placedRows(cohort, frame)
  const scans = new Map<string, PlacedCohortRow[]>()
  for (const row of rows) scans.set(row.imagePath, [...(scans.get(row.imagePath) ?? []), row])
  const told = FORMATS.find((ending) => out.toLowerCase().endsWith(`.${ending}`))
  if (told !== undefined && scans.size > 1) {
    throw new SpiculaError('cli/usage', `${scans.size} scans in one file of markups`, {
      hint: 'Points of several scans lie in several worlds: give a folder as --out.',
    })
  }
  const text = (told ?? format) === 'fcsv' ? markupsFcsv : markupsJson
  const names = fileNames([...scans.keys()])
  const files = [...scans].map(([image, those], n): [string, string] => [
    told === undefined ? join(out, `${names[n]}.${format}`) : out,
    text(those.map((row) => marked(row, those, image))),
  ])
  await finish({ out, quiet, cohort, count: rows.length, problems }, files)
}

/** A nodule's point: its number, or patient and number where the scan is several patients'. */
function marked(row: PlacedCohortRow, all: readonly PlacedCohortRow[], image: string): MarkedPoint {
  const isOnePatient = all.every(({ pid }) => pid === row.pid)
  const diameter = diameterOf(row)
  const said = [row.values.finding?.trim(), diameter === undefined ? undefined : `${diameter} mm`, imageName(image)]
  return {
    label: isOnePatient ? row.noduleId : `${row.pid} ${row.noduleId}`,
    description: said.filter(Boolean).join(', '),
    pointLps: row.pointLps,
  }
}

/** Names of files after their scans: safe on every disk, and each its own whatever its case. */
function fileNames(images: readonly string[]): string[] {
  const used = new Set<string>()
  return images.map((image) => {
    const plain =
      imageName(image)
        .replaceAll(/[^\w.-]+/g, '_')
        .replace(/^\.+/, '') || 'scan'
    let name = plain
    for (let n = 2; used.has(name.toLowerCase()); n++) name = `${plain}-${n}`
    used.add(name.toLowerCase())
    return name
  })
}

/** Writes the files, what they are beside them, and the rows that are not in them. */
async function finish(
  made: { out: string; quiet: boolean; cohort: string; count: number; problems: readonly RowProblem[] },
  files: readonly (readonly [path: string, text: string])[],
): Promise<void> {
  const { out, quiet, cohort, count, problems } = made
  if (count === 0 && problems.length === 0) throw new SpiculaError('datasets/empty', 'no nodule in the cohort')
  const folder = files.length === 1 && files[0][0] === out ? dirname(resolve(out)) : resolve(out)
  await makeFolder(folder)
  for (const [path, text] of files) await writeFileAtomic(path, text)
  const about = {
    software: `spicula ${VERSION}`,
    use: 'for research use',
    source: basename(cohort),
    frame: 'lps',
    nodules: count,
  }
  const beside = folder === resolve(out) ? join(folder, 'about.json') : `${out}.about.json`
  await writeFileAtomic(beside, `${JSON.stringify(about, null, 2)}\n`)
  await reportProblems(problems, folder)
  if (!quiet) console.error(`${count} nodules -> ${out}  (spicula, for research use)`)
}
