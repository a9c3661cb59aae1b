/** `spicula phantom`: chest CTs with nodules of known features, computed. */
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type ConvertedRow, cohortCsv } from '../annotations/tables/converted.ts'
import { SpiculaError } from '../error.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import { phantomRow } from '../phantom/cohort.ts'
import { COMPUTED_OUTCOME, COMPUTED_RULE, LABELS, type Label } from '../phantom/label.ts'
import { buildPhantom, drawNodules, type PhantomSpec, phantomSpec, WHOLE_CHEST } from '../phantom/phantom.ts'
import { DOSES, type Dose, KERNELS, type Kernel } from '../phantom/scan/scanner.ts'
import { parsePhantomSpec, phantomSpecJson } from '../phantom/spec-json.ts'
import { membersOnThreads, renderOnThreads } from '../phantom/threads.node.ts'
import { FORMATS, type Format, imagePathOf, writePhantom } from '../phantom/write.node.ts'
import type { Triple } from '../scan/scan.ts'
import { VERSION } from '../version.ts'
import { parseWhole, quietOption } from './shared/options.ts'
import { startProgress } from './shared/progress.node.ts'
import { makeFolder } from './shared/rows.node.ts'

interface PhantomOptions {
  readonly out: string
  readonly seed?: number
  readonly nodules?: number
  readonly spec?: string
  readonly cohort?: number
  readonly label?: Label
  readonly size: number
  readonly spacing?: Triple
  readonly thickness?: number
  readonly matrix?: Triple
  readonly dose?: Dose
  readonly kernel?: Kernel
  readonly format: Format
  readonly threads?: number
  readonly quiet?: boolean
}

export function phantomCommand(): Command {
  return new Command('phantom')
    .summary('chest CTs with nodules of known features, computed')
    .description(
      'Computes a chest CT with nodules whose every feature is known: ct.nii.gz or a DICOM series, cohort.csv with the ' +
        'published columns, and phantom.json, from which the same scan is made again (--spec). With --cohort, many small ' +
        'scans of one nodule each, features drawn independently of each other. With --label computed, each nodule of a ' +
        'cohort gets a 0 or 1 in the column malignant by a stated rule on its features: something to train and ' +
        'evaluate with, which says nothing about cancer.',
    )
    .requiredOption('--out <folder>', 'where the files go')
    .option('--seed <n>', 'seed of anatomy, nodules and noise (default: 1)', parseWhole(0))
    .option('--nodules <n>', 'nodules drawn at random (default: 3)', parseWhole(0))
    .addOption(new Option('--spec <file>', 'JSON: nodules, or a whole phantom.json').conflicts(['nodules', 'cohort']))
    .addOption(
      new Option('--cohort <n>', 'number of small scans of one nodule each')
        .argParser(parseWhole(1))
        .conflicts(['nodules', 'matrix']),
    )
    .addOption(
      new Option(
        '--label <kind>',
        'computed: the members of a cohort get labels by a stated rule, no medicine',
      ).choices([...LABELS]),
    )
    .option('--size <mm>', 'edge of the scans of a cohort', parseMm(40, 200), 72)
    .option('--spacing <mm,mm,mm>', 'spacing of the voxels along L, P, S (default: 0.7,0.7,1.25)', parseSpacing)
    .option('--thickness <mm>', 'thickness of a slice (default: the spacing along S)', parseMm(0.1, 20))
    .option('--matrix <IxJxK>', 'voxels along L, P, S (default: 512x512x280)', parseMatrix)
    .addOption(
      new Option('--dose <dose>', 'standard 120 mAs, low 30, ultralow 7.5, none: no noise (default: low)').choices([
        ...DOSES,
      ]),
    )
    .addOption(
      new Option('--kernel <kernel>', 'kernel of the reconstruction: its sharpness and noise (default: soft)').choices([
        ...KERNELS,
      ]),
    )
    .addOption(new Option('--format <format>', 'format of the scans').choices([...FORMATS]).default('nifti'))
    .option('--threads <n>', 'threads (default: all cores); their number changes no file', parseWhole(1))
    .addOption(quietOption())
    .action(phantom)
}

async function phantom(options: PhantomOptions): Promise<void> {
  if (options.cohort !== undefined) return phantomCohort(options)
  if (options.label !== undefined)
    throw new SpiculaError('cli/usage', '--label is for cohorts', {
      hint: 'Add --cohort N: the nodules of a single phantom have no labels.',
    })
  return onePhantom(options)
}

const numbersOf = (text: string, separator: RegExp): number[] => text.split(separator).map(Number)

function parseSpacing(text: string): Triple {
  const numbers = numbersOf(text, /[,x]/)
  if (numbers.length !== 3 || !numbers.every((mm) => mm > 0 && Number.isFinite(mm)))
    throw new InvalidArgumentError(`'${text}' is not a spacing: write three numbers of mm, e.g. --spacing 0.7,0.7,1.25`)
  return numbers as unknown as Triple
}

function parseMatrix(text: string): Triple {
  const numbers = numbersOf(text, /[x,]/)
  if (numbers.length !== 3 || !numbers.every((count) => Number.isInteger(count) && count > 0))
    throw new InvalidArgumentError(`'${text}' is not a matrix: write three whole numbers, e.g. --matrix 512x512x280`)
  return numbers as unknown as Triple
}

function parseMm(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= low && value <= high))
      throw new InvalidArgumentError(`'${text}' is not a length from ${low} to ${high} mm`)
    return value
  }
}

/** What the command line says goes before what the file says. */
async function specOf(options: PhantomOptions): Promise<PhantomSpec> {
  const given = options.spec === undefined ? {} : parsePhantomSpec(await readSpec(options.spec), options.spec)
  const seed = options.seed ?? given.seed ?? 1
  const spacingMm = options.spacing ?? given.spacingMm ?? WHOLE_CHEST.spacingMm
  // A thickness in the file goes with the spacing in the file.
  const thicknessMm = options.thickness ?? (options.spacing ? undefined : given.thicknessMm) ?? spacingMm[2]
  return phantomSpec({
    seed,
    spacingMm,
    thicknessMm,
    shapeIjk: options.matrix ?? given.shapeIjk ?? WHOLE_CHEST.shapeIjk,
    centreLps: given.centreLps ?? WHOLE_CHEST.centreLps,
    dose: options.dose ?? given.dose ?? WHOLE_CHEST.dose,
    kernel: options.kernel ?? given.kernel ?? WHOLE_CHEST.kernel,
    nodules: given.nodules ?? drawNodules(seed, options.nodules ?? 3),
  })
}

const readSpec = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SpiculaError('datasets/missing', `${path} cannot be read`, { cause, hint: 'Check the path.' })
  })

/** Slices of another scan beside the new ones would be read as one series. */
async function refuseOldSlices(out: string, format: Format): Promise<void> {
  if (format === 'nifti') return
  const old = await readdir(join(out, 'dicom')).catch(() => [])
  if (old.length === 0) return
  throw new SpiculaError(
    'datasets/phantom-exists',
    `${join(out, 'dicom')} holds files already; nothing is overwritten`,
    {
      hint: 'Choose another folder, or remove that one.',
    },
  )
}

const threadsOf = ({ threads }: PhantomOptions): number => threads ?? availableParallelism()

async function onePhantom(options: PhantomOptions): Promise<void> {
  const { out, format, quiet = false } = options
  const spec = await specOf(options)
  await refuseOldSlices(out, format)
  const phantom = buildPhantom(spec)
  await makeFolder(out)
  const progress = startProgress('slices', spec.shapeIjk[2], { quiet })
  const volume = await renderOnThreads(phantom, threadsOf(options), (count) => progress.step(count))
  progress.done()
  const pid = `PHANTOM-${spec.seed}`
  const paths = { nifti: 'ct.nii.gz', dicom: 'dicom' }
  await writePhantom(out, paths, phantom, volume, pid, format)
  const rows = phantom.scene.nodules.map((nodule, n) =>
    phantomRow(nodule, { pid, noduleId: String(n + 1), imagePath: imagePathOf(paths, format) }),
  )
  await writeFileAtomic(join(out, 'phantom.json'), phantomSpecJson(spec))
  await writeFileAtomic(join(out, 'cohort.csv'), cohortCsv(rows))
  if (quiet) return
  console.log(
    `${spec.shapeIjk.join(' x ')} voxels, ${count(rows.length)} -> ${out}  (synthetic, spicula ${VERSION}, for research use)`,
  )
}

async function phantomCohort(options: PhantomOptions): Promise<void> {
  const { out, format, cohort = 1, size, label, quiet = false } = options
  const spacingMm = options.spacing ?? WHOLE_CHEST.spacingMm
  const member = {
    seed: options.seed ?? 1,
    sizeMm: size,
    spacingMm,
    thicknessMm: options.thickness ?? spacingMm[2],
    dose: options.dose ?? WHOLE_CHEST.dose,
    kernel: options.kernel ?? WHOLE_CHEST.kernel,
  }
  await refuseOldSlices(out, format)
  await makeFolder(out)
  if (format !== 'dicom') await mkdir(join(out, 'ct'), { recursive: true })
  const digits = Math.max(4, String(cohort).length)
  const tasks = Array.from({ length: cohort }, (_, index) => {
    // Cohorts of other seeds have other bodies: their patients must not pass for the same.
    const pid = `PHANTOM-${member.seed}-${String(index + 1).padStart(digits, '0')}`
    const paths = { nifti: `ct/${pid}.nii.gz`, dicom: `dicom/${pid}` }
    return { kind: 'member', options: member, index, folder: out, pid, paths, format, label } as const
  })
  const progress = startProgress('nodules', cohort, { quiet })
  const rows: ConvertedRow[] = []
  const specs: Record<string, unknown> = {}
  for await (const { row, spec } of membersOnThreads(tasks, threadsOf(options))) {
    rows.push(row)
    specs[row.pid] = JSON.parse(phantomSpecJson(spec))
    progress.step()
  }
  progress.done()
  const ones = rows.filter(({ malignant }) => malignant === 1).length
  const about = {
    software: `spicula ${VERSION}`,
    use: 'synthetic, for research use',
    cohort,
    ...member,
    ...(label && { labels: { outcome: COMPUTED_OUTCOME, rule: COMPUTED_RULE, ones } }),
    members: specs,
  }
  await writeFileAtomic(join(out, 'phantom.json'), `${JSON.stringify(about, null, 1)}\n`)
  await writeFileAtomic(join(out, 'cohort.csv'), cohortCsv(rows))
  if (label) await writeFileAtomic(join(out, 'cohort.csv.about.json'), aboutLabels(rows.length, ones))
  if (quiet) return
  if (label) console.log(`labels: ${COMPUTED_OUTCOME}; ${COMPUTED_RULE}; ${ones} of ${rows.length} are 1`)
  console.log(`${count(rows.length)} -> ${out}  (synthetic, spicula ${VERSION}, for research use)`)
}

/** What other commands say of the labels: evaluation prints it beside its figures. */
function aboutLabels(nodules: number, ones: number): string {
  const about = {
    software: `spicula ${VERSION}`,
    use: 'synthetic, for research use',
    source: 'computed phantoms, no patients',
    malignant: `${COMPUTED_OUTCOME}: ${COMPUTED_RULE}`,
    nodules,
    ones,
  }
  return `${JSON.stringify(about, null, 2)}\n`
}

const count = (nodules: number): string => (nodules === 1 ? '1 nodule' : `${nodules} nodules`)
