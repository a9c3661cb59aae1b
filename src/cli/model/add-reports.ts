/** `spicula model add-reports`: the texts of the training nodules, for the reports most like a nodule. */
import { Command } from 'commander'
import { readManifest } from '../../cohort/manifest.node.ts'
import { parseWhole, quietOption, threadsOption } from '../shared/options.ts'
import { reportProblems } from '../shared/rows.node.ts'
import { textProgress } from '../shared/text-progress.node.ts'

interface AddReportsOptions {
  readonly cohort: string
  readonly reports?: string
  readonly seed: number
  readonly threads?: number
  readonly quiet?: boolean
}

export function addReportsCommand(): Command {
  return new Command('add-reports')
    .summary("store the training nodules' reports, to show those most like a nodule")
    .description(
      'Lays the distinct texts of the training nodules, and their embeddings by every fold, into a model folder: ' +
        '`spicula predict --html` shows the three most like a nodule. Texts are those that training reads. No ' +
        'identifier is stored; a text that holds a pid of the cohort is left out, and reported.',
    )
    .argument('<folder>', 'model folder with a text side')
    .requiredOption('--cohort <csv>', 'the rows that the model was trained on')
    .option('--reports <folder>', 'reports {pid}_{nodule_id}.txt, as `train --reports` (default: templates)')
    .option('--seed <n>', 'seed of the templates: the one of the training', parseWhole(0), 0)
    .addOption(threadsOption())
    .addOption(quietOption())
    .action(run)
}

async function run(folder: string, options: AddReportsOptions): Promise<void> {
  const { cohort, reports: texts, seed, threads, quiet = false } = options
  const manifest = await readManifest(cohort)
  // Here, so that its sister commands need not load the runtime.
  const { addReports } = await import('../../predict/words/add-reports.node.ts')
  if (!quiet) for (const { message, code } of manifest.notes) console.error(`note: ${message} [${code}]`)
  const { reports, bytes, problems } = await addReports(folder, manifest.rows, {
    reports: texts,
    seed,
    onEmbedded: textProgress(quiet),
    ...(threads === undefined ? {} : { threads }),
  })
  const all = [...manifest.problems, ...problems].sort((a, b) => a.line - b.line)
  await reportProblems(all, undefined)
  const { distinct, trainingNodules } = reports
  console.log(
    `${folder}: ${distinct} distinct texts of ${trainingNodules} training nodules, ${(bytes / 1e6).toFixed(2)} MB  (for research use)`,
  )
}
