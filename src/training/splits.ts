/** Which patients train, which validate, which are held out: drawn by patient, so that no patient is on both sides. */
import { SpiculaError } from '../error.ts'
import { type Random, seededRandom, shuffle } from '../random.ts'

/** One nodule of a cohort, as far as splitting looks at it. */
export interface LabelledRow {
  readonly pid: string
  /** null where not known. */
  readonly malignant: 0 | 1 | null
}

export interface Fold {
  /** Identifiers of patients. */
  readonly train: readonly string[]
  readonly val: readonly string[]
}

export interface Splits {
  /** Patients that no fold sees; empty where none are held out. */
  readonly test: readonly string[]
  readonly folds: readonly Fold[]
}

/**
 * Stratified k folds by patient: every patient outside the test set validates exactly once. Classes are as even as
 * whole patients allow, within each fold and over them; patients without a label are dealt out after them. The order
 * of the rows changes nothing.
 * @param folds how many, from 2
 * @param testShare share of the patients held out, of each class alike
 * @throws SpiculaError `training/folds` where a class has fewer patients than folds, `training/one-class` for a cohort
 *   of one class
 * @example
 * const { test, folds } = kFold(manifest.rows, { folds: 5, seed: 0, testShare: 0.2 })
 * folds[0].val // ['P-003', 'P-011', ...]
 */
export function kFold(
  rows: readonly LabelledRow[],
  { folds, seed = 0, testShare = 0 }: { folds: number; seed?: number; testShare?: number },
): Splits {
  if (!Number.isInteger(folds) || folds < 2)
    throw new SpiculaError('training/folds', `${folds} folds: 2 or more are needed`)
  const { test, rest } = holdOut(rows, testShare, seededRandom(seed, 'splits'))
  const val: string[][] = Array.from({ length: folds }, () => [])
  let at = 0
  for (const [name, pids] of classes(rest)) {
    if (pids.length < folds) {
      const outside = test.length > 0 ? ' outside the test set' : ''
      throw new SpiculaError(
        'training/folds',
        `${folds} folds need ${folds} ${name} patients, there are ${pids.length}${outside}`,
        {
          hint: `Ask for fewer folds${test.length > 0 ? ', a smaller test set,' : ''} or bring more ${name} patients.`,
        },
      )
    }
    // The second class is dealt on from where the first ended, so that the folds' sizes differ by at most one.
    for (const pid of pids) val[at++ % folds].push(pid)
  }
  const unlabelled = unlabelledPatients(rows)
  for (const pid of unlabelled) val[at++ % folds].push(pid)
  const all = [...rest.benign, ...rest.malignant, ...unlabelled].sort(byCodeUnits)
  return {
    test,
    folds: val.map((part) => {
      const held = new Set(part)
      return { train: all.filter((pid) => !held.has(pid)), val: part.sort(byCodeUnits) }
    }),
  }
}

/**
 * The published way: stratified shuffles by patient, each drawn anew, so a patient may validate in several folds or in
 * none (docs/method.md M12: five, 60/40).
 * @throws SpiculaError `training/one-class` where a class cannot be on both sides
 * @example publishedShuffles(manifest.rows, { seed: 0 }).folds.length // 5
 */
export function publishedShuffles(
  rows: readonly LabelledRow[],
  {
    seed = 0,
    count = 5,
    trainShare = 0.6,
    testShare = 0,
  }: { seed?: number; count?: number; trainShare?: number; testShare?: number } = {},
): Splits {
  if (!(trainShare > 0 && trainShare < 1)) throw shareError('trainShare', trainShare)
  const random = seededRandom(seed, 'splits')
  const { test, rest } = holdOut(rows, testShare, random)
  const folds = Array.from({ length: count }, (_, k) => {
    const drawn = shuffled(rest, random.fork(`shuffle ${k}`))
    const { benign, malignant } = shares(drawn, trainShare)
    for (const [name, pids] of classes(drawn)) {
      const kept = name === 'benign' ? benign : malignant
      if (kept === 0 || kept === pids.length)
        throw new SpiculaError(
          'training/one-class',
          `${pids.length} ${name} patients cannot be on both sides of a fold`,
        )
    }
    return {
      train: [...drawn.benign.slice(0, benign), ...drawn.malignant.slice(0, malignant)].sort(byCodeUnits),
      val: [...drawn.benign.slice(benign), ...drawn.malignant.slice(malignant)].sort(byCodeUnits),
    }
  })
  return { test, folds }
}

interface Classes {
  readonly benign: readonly string[]
  readonly malignant: readonly string[]
}

const classes = ({ benign, malignant }: Classes) =>
  [
    ['benign', benign],
    ['malignant', malignant],
  ] as const

/**
 * The label of each patient: 1 where any nodule is malignant. Patients without a labelled nodule are left out.
 * @example patientLabels([{ pid: 'a', malignant: 0 }, { pid: 'a', malignant: 1 }]).get('a') // 1
 */
export function patientLabels(rows: readonly LabelledRow[]): Map<string, 0 | 1> {
  const labels = new Map<string, 0 | 1>()
  for (const { pid, malignant } of rows)
    if (malignant !== null) labels.set(pid, malignant === 1 || labels.get(pid) === 1 ? 1 : 0)
  return labels
}

/** Patients none of whose nodules has a label: they train the alignment with words, where that is asked for. */
function unlabelledPatients(rows: readonly LabelledRow[]): string[] {
  const labels = patientLabels(rows)
  return [...new Set(rows.map(({ pid }) => pid))].filter((pid) => !labels.has(pid)).sort(byCodeUnits)
}

/** Takes the test set off, and leaves the other patients shuffled within their class. */
function holdOut(rows: readonly LabelledRow[], testShare: number, random: Random): { test: string[]; rest: Classes } {
  if (!(testShare >= 0 && testShare < 1)) throw shareError('testShare', testShare)
  const labels = patientLabels(rows)
  const pids = [...labels.keys()].sort(byCodeUnits)
  const all = shuffled(
    { benign: pids.filter((pid) => labels.get(pid) === 0), malignant: pids.filter((pid) => labels.get(pid) === 1) },
    random,
  )
  for (const [name, those] of classes(all))
    if (those.length === 0)
      throw new SpiculaError(
        'training/one-class',
        `the cohort has no ${name} patient among ${pids.length} with a label`,
        {
          hint: 'Training needs both classes: check the column malignant (1 cancer, 0 none).',
        },
      )
  const { benign, malignant } = shares(all, testShare)
  return {
    test: [...all.benign.slice(0, benign), ...all.malignant.slice(0, malignant)].sort(byCodeUnits),
    rest: { benign: all.benign.slice(benign), malignant: all.malignant.slice(malignant) },
  }
}

const shareError = (name: string, value: number) =>
  new SpiculaError('training/share', `${name} is ${value}: it must be a share below 1`)

/** How many of each class make a share of all, the total rounded first, so that small classes do not add up wrong. */
function shares({ benign, malignant }: Classes, share: number): { benign: number; malignant: number } {
  const total = Math.round(share * (benign.length + malignant.length))
  const ofMalignant = Math.min(Math.round(share * malignant.length), total)
  return { benign: Math.min(total - ofMalignant, benign.length), malignant: ofMalignant }
}

/** Shuffles each class by a stream of its own. */
function shuffled({ benign, malignant }: Classes, random: Random): Classes {
  return { benign: shuffle(benign, random.fork('benign')), malignant: shuffle(malignant, random.fork('malignant')) }
}

/** The same on every machine, which a locale's order is not. */
const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
