/** `spicula split`: who trains, who validates, who is held out. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { readManifest } from '../cohort/manifest.node.ts'
import { SpiculaError } from '../error.ts'
import { checkSplits, type PartCount, type SplitCheck } from '../training/check-splits.ts'
import { writeSplits } from '../training/splits.node.ts'
import { kFold, publishedShuffles } from '../training/splits.ts'
import { VERSION } from '../version.ts'
import { parseWhole, quietOption } from './shared/options.ts'
import { printNotes, reportProblems } from './shared/rows.node.ts'

interface SplitOptions {
  readonly out: string
  readonly folds: number
  readonly published?: boolean
  readonly test: number
  readonly seed: number
  readonly quiet?: boolean
}

export function splitCommand(): Command {
  return new Command('split')
    .summary('divide a cohort into folds by patient')
    .description(
      'Divides the patients of a cohort into folds for `spicula train`, stratified by whether any of their nodules is ' +
        'malignant; writes fold_k/train_pid.csv and val_pid.csv, and test_pid.csv for a test set.',
    )
    .argument('<cohort>', 'CSV with pid, nodule_id, image_path, coordX, coordY, coordZ, malignant')
    .requiredOption('--out <folder>', 'folder for the lists; new or empty')
    .option('--folds <n>', 'number of folds; each patient validates once', parseWhole(2), 5)
    .addOption(
      new Option('--published', 'five shuffles, 60 % for training, as the published method').conflicts('folds'),
    )
    .option('--test <share>', 'share of the patients to hold out as a test set', parseShare, 0)
    .option('--seed <n>', 'seed of the shuffling: the same seed gives the same splits', parseWhole(0), 0)
    .addOption(quietOption())
    .action(split)
}

function parseShare(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value < 1))
    throw new InvalidArgumentError(`'${text}' is not a share from 0 to below 1, e.g. 0.2`)
  return value
}

async function split(cohort: string, options: SplitOptions): Promise<void> {
  const { out, folds, published = false, test: testShare, seed, quiet = false } = options
  const manifest = await readManifest(cohort)
  const { rows } = manifest
  if (rows.every(({ malignant }) => malignant === null))
    throw new SpiculaError('training/label', `${manifest.name}: no row has a label`, {
      hint: 'Splits are stratified by the column malignant (1 cancer, 0 none).',
    })
  const splits = published ? publishedShuffles(rows, { seed, testShare }) : kFold(rows, { folds, seed, testShare })
  const checked = checkSplits(splits, rows)
  const method = published ? 'five stratified shuffles, 60 % for training' : `${folds} stratified folds`
  const { folds: counts, test } = checked
  const about = {
    software: `spicula ${VERSION}`,
    use: 'for research use',
    cohort: manifest.name,
    method,
    seed,
    testShare,
  }
  await writeSplits(out, splits, { ...about, folds: counts, test })
  if (!quiet) printNotes([...manifest.notes, ...checked.notes].map((note) => ({ line: 1, note })))
  console.log(countTable(checked))
  console.log(`${method}, by patient, seed ${seed} -> ${out}  (spicula, for research use)`)
  await reportProblems(manifest.problems, undefined)
}

/** Counts a fold and class, in columns. */
function countTable({ folds, test }: SplitCheck): string {
  const line = (name: string, part: string, { patients, malignantPatients, nodules, malignantNodules }: PartCount) => [
    ...[name, part],
    ...[patients, malignantPatients, patients - malignantPatients].map(String),
    ...[nodules, malignantNodules, nodules - malignantNodules].map(String),
  ]
  const lines = [
    ['fold', '', 'patients', 'malignant', 'benign', 'nodules', 'malignant', 'benign'],
    ...folds.flatMap(({ train, val }, k) => [line(String(k), 'training', train), line('', 'validation', val)]),
    ...(test.patients > 0 ? [line('test', '', test)] : []),
  ]
  const widths = lines[0].map((_, column) => Math.max(...lines.map((fields) => fields[column].length)))
  const text = (fields: readonly string[]) =>
    fields.map((field, i) => (i < 2 ? field.padEnd(widths[i]) : field.padStart(widths[i]))).join('  ')
  return lines.map((fields) => text(fields).trimEnd()).join('\n')
}
