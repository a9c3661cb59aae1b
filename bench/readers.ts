/**
 * `npm run bench -- bench/readers.ts [--all] [--peers FILE] [FOLDER...]`: this project's reading of every file, and of every folder that
 * holds several DICOM files, beside pydicom's, SimpleITK's, nibabel's and dcm2niix's (bench/peers/read_scans.py, run by
 * PYTHON). Folders: ../shared/cases, ../shared/data and the test files that pydicom and nibabel ship, unless others are
 * given. Lists every difference by kind, with who is right and why (docs/formats.md, "Beside other readers"); --all names
 * every file of a kind, --peers takes what read_scans.py printed for `--list`. A difference that no kind explains makes the
 * exit status 1.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { SpiculaError } from '../src/error.ts'
import { applyAffine } from '../src/scan/affine.ts'
import { openScan } from '../src/scan/open.node.ts'
import type { Triple } from '../src/scan/scan.ts'

/** A volume in numbers that do not depend on how its axes are stored. */
interface Summary {
  readonly voxels: number
  readonly min: number
  readonly max: number
  readonly mean: number
  /** Corners of the box of voxel centres, LPS mm. */
  readonly low: readonly number[]
  readonly high: readonly number[]
  /** Mean place weighted by HU above the least. */
  readonly centre: readonly number[]
}
type Answer = Summary | { readonly error: string }

const python = process.env.PYTHON ?? 'python3'
const peer = fileURLToPath(new URL('peers/read_scans.py', import.meta.url))
const shared = fileURLToPath(new URL('../../shared/', import.meta.url))
const { values: asked, positionals: roots } = parseArgs({
  allowPositionals: true,
  options: { all: { type: 'boolean' }, list: { type: 'boolean' }, peers: { type: 'string' } },
})
const showsAll = asked.all ?? false

/** Folders of test files in the packages. */
function shippedFiles(): string[] {
  const script =
    'import os, pydicom, nibabel; print(os.path.dirname(pydicom.__file__)); print(os.path.dirname(nibabel.__file__))'
  const { stdout } = spawnSync(python, ['-c', script], { encoding: 'utf8' })
  const [pydicom, nibabel] = stdout.trim().split('\n')
  return [join(pydicom, 'data'), join(nibabel, 'tests/data'), join(nibabel, 'nicom/tests/data')].filter(existsSync)
}

const isDicom = (path: string): boolean => {
  const head = readFileSync(path).subarray(128, 132)
  return head.toString('latin1') === 'DICM'
}

function pathsOf(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((one) => one.isFile() && !/\.(pyc?|md|txt)$/.test(one.name))
    .map((one) => join(one.parentPath, one.name))
  const folders = new Map<string, number>()
  for (const path of files) if (isDicom(path)) folders.set(join(path, '..'), (folders.get(join(path, '..')) ?? 0) + 1)
  const several = [...folders].filter(([folder, count]) => count > 1 && !/test_files|syntaxes|charset/.test(folder))
  return [...files.sort(), ...several.map(([folder]) => folder).sort()]
}

async function ours(path: string): Promise<Answer> {
  try {
    const scan = await openScan(path)
    const [ni, nj, nk] = scan.shapeIjk
    const sums = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, total: 0, i: 0, j: 0, k: 0 }
    for (let k = 0; k < nk; k++) {
      const hu = await scan.readHu({ startIjk: [0, 0, k], sizeIjk: [ni, nj, 1] })
      for (let n = 0; n < hu.length; n++) {
        if (!Number.isFinite(hu[n])) hu[n] = 0 // as the peers' script does
        sums.min = Math.min(sums.min, hu[n])
        sums.max = Math.max(sums.max, hu[n])
        sums.total += hu[n]
        sums.i += hu[n] * (n % ni)
        sums.j += hu[n] * Math.floor(n / ni)
        sums.k += hu[n] * k
      }
    }
    const voxels = ni * nj * nk
    const weight = sums.total - voxels * sums.min
    // The least is taken off every voxel: the sums of all indices are known.
    const mean = (sum: number, size: number) => (sum - (sums.min * voxels * (size - 1)) / 2) / weight
    const index: Triple = [mean(sums.i, ni), mean(sums.j, nj), mean(sums.k, nk)]
    const corners = [0, 1].flatMap((i) =>
      [0, 1].flatMap((j) => [0, 1].map((k) => applyAffine(scan.affineLps, [i * (ni - 1), j * (nj - 1), k * (nk - 1)]))),
    )
    const of = (pick: (...numbers: number[]) => number) =>
      [0, 1, 2].map((axis) => pick(...corners.map((one) => one[axis])))
    return {
      voxels,
      min: sums.min,
      max: sums.max,
      mean: sums.total / voxels,
      low: of(Math.min),
      high: of(Math.max),
      centre: weight > 0 ? applyAffine(scan.affineLps, index) : [0, 0, 0],
    }
  } catch (error) {
    if (!(error instanceof SpiculaError)) throw error
    return { error: `${error.code}: ${error.message}` }
  }
}

/** What differs between two volumes, in one word each; nothing where they are the same. */
function differences(a: Summary, b: Summary): string[] {
  const near = (x: readonly number[], y: readonly number[], mm: number) =>
    x.every((value, n) => Math.abs(value - y[n]) <= mm)
  const hu = 1e-3 * Math.max(1, a.max - a.min)
  return [
    ...(a.voxels === b.voxels ? [] : ['count']),
    ...(near([a.min, a.max, a.mean], [b.min, b.max, b.mean], hu) ? [] : ['values']),
    ...(near([...a.low, ...a.high], [...b.low, ...b.high], 0.05) ? [] : ['place']),
    ...(near(a.centre, b.centre, 0.05) ? [] : ['order']),
  ]
}

interface Difference {
  readonly path: string
  readonly peer: string
  /** `count values place order`, `only here` or `only there`. */
  readonly what: string
  readonly mine: Answer
  readonly theirs: Answer
}

/** Kinds of differences: who is right, and why. The first that fits counts. */
interface Kind {
  readonly fits: (d: Difference) => boolean
  readonly who: 'here' | 'there' | 'both'
  readonly why: string
}

const refused = ({ mine }: Difference): string => ('error' in mine ? mine.error : '')
const failed = ({ theirs }: Difference): string => ('error' in theirs ? theirs.error : '')
const within = (d: Difference, ...parts: string[]): boolean => parts.some((part) => d.path.includes(part))

const KINDS: readonly Kind[] = [
  {
    fits: (d) => /no CT slices among/.test(refused(d)),
    who: 'here',
    why: 'MR, US, dose, segmentations and pictures have pixels but no HU: refused by name, read by the others as numbers',
  },
  {
    fits: (d) => /Analyze 7.5/.test(refused(d)) && isDicom(d.path),
    who: 'there',
    why: 'MR whose free preamble begins like a NIfTI header (nibabel makes such files): DICOM all the same, here taken for Analyze',
  },
  {
    fits: (d) => /only localisers/.test(refused(d)),
    who: 'here',
    why: 'scouts are no volume; the others stack them',
  },
  {
    fits: (d) => /DICOMDIR/.test(d.path) && d.what === 'only here',
    who: 'both',
    why: 'a DICOMDIR given as a file: the others take its folder',
  },
  {
    fits: (d) => d.peer !== 'nibabel' && /decode|decompress|transfer syntax|fragments/i.test(failed(d)),
    who: 'here',
    why: 'transfer syntaxes that they have no decoder for: 12-bit, progressive and lossless JPEG, deflated, fragments without table',
  },
  {
    fits: (d) => d.peer === 'dcm2niix' && /\.4\.57\./.test(d.path) && d.what.startsWith('values'),
    who: 'here',
    why: 'dcm2niix decodes JPEG Lossless of process 14 to other numbers (-33784 to 23225 HU), SimpleITK as here',
  },
  {
    fits: (d) => d.peer === 'dcm2niix' && within(d, 'J2K_pixelrep_mismatch'),
    who: 'here',
    why: 'a codestream whose sign is not that of the header: pydicom and SimpleITK have its HU as here, dcm2niix stored numbers',
  },
  {
    fits: (d) => within(d, 'tilted') && d.what === 'place order',
    who: 'here',
    why: 'a tilted gantry: their affines have no shear, so SimpleITK and dcm2niix (its uncorrected file) are off by up to 13 mm',
  },
  {
    fits: (d) => within(d, 'scans-02', 'scans-08') && d.what === 'only here',
    who: 'here',
    why: 'a folder with a CT and its annotations: the CT is taken, the others take what has most frames',
  },
  {
    fits: (d) => d.peer === 'SimpleITK' && within(d, 'tilted') && /itkNiftiImageIO/.test(failed(d)),
    who: 'here',
    why: 'a NIfTI mask of a tilted scan: ITK refuses affines that are sheared',
  },
  {
    fits: (d) => /\.(mnc|BRIK|HEAD|v)$/.test(d.path) && d.what === 'only there',
    who: 'both',
    why: 'MINC, AFNI and ECAT are no formats of chest CT, and not read here',
  },
  {
    fits: (d) => d.peer === 'nibabel' && /\.mhd$/.test(d.path),
    who: 'here',
    why: 'nibabel reads no MetaImage',
  },
]

async function main(folders: readonly string[]): Promise<void> {
  const paths = folders.flatMap(pathsOf)
  if (asked.list) {
    console.log(JSON.stringify(paths))
    return
  }
  const found: Difference[] = []
  const tally = new Map<string, { same: number; neither: number; differ: number }>()
  for await (const line of createInterface({
    input: asked.peers === undefined ? askPeers(paths) : createReadStream(asked.peers),
  })) {
    const { path, answers } = JSON.parse(line) as { path: string; answers: Record<string, Answer> }
    const mine = await ours(path)
    for (const [name, theirs] of Object.entries(answers)) {
      const count = tally.get(name) ?? { same: 0, neither: 0, differ: 0 }
      tally.set(name, count)
      const what = compare(mine, theirs)
      if (what === '') {
        if ('error' in mine) count.neither++
        else count.same++
        continue
      }
      count.differ++
      found.push({ path, peer: name, what, mine, theirs })
    }
  }
  report(found)
  for (const [name, { same, neither, differ }] of tally)
    console.log(`${name}: ${same} the same, ${neither} read by neither, ${differ} differ`)
}

function askPeers(paths: readonly string[]): Readable {
  const child = spawn(python, [peer], { stdio: ['pipe', 'pipe', 'ignore'] })
  child.stdin.end(JSON.stringify(paths))
  return child.stdout
}

function compare(mine: Answer, theirs: Answer): string {
  if ('error' in mine) return 'error' in theirs ? '' : 'only there'
  if ('error' in theirs) return 'only here'
  return differences(mine, theirs).join(' ')
}

function report(found: readonly Difference[]): void {
  const left = new Set(found)
  for (const { fits, who, why } of KINDS) {
    const those = [...left].filter(fits)
    for (const one of those) left.delete(one)
    if (those.length === 0) continue
    console.log(`${String(those.length).padStart(5)} ${who}: ${why}`)
    for (const one of showsAll ? those : []) console.log(`        ${shown(one)}`)
  }
  if (left.size === 0) return
  console.log(`${left.size} differences that no kind explains:`)
  for (const one of left) console.log(`  ${shown(one)}`)
  process.exitCode = 1
}

const shown = ({ path, peer, what, mine, theirs }: Difference): string => {
  const short = (answer: Answer) =>
    'error' in answer
      ? answer.error
      : JSON.stringify(answer, (_, x) => (typeof x === 'number' ? Number(x.toFixed(2)) : x)) // prettier-ignore
  return `${basename(join(path, '..'))}/${basename(path)} [${peer}: ${what}]\n      here:  ${short(mine)}\n      there: ${short(theirs)}`
}

await main(roots.length > 0 ? roots : [join(shared, 'cases'), join(shared, 'data'), ...shippedFiles()])
