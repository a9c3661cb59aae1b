/** `spicula risk`: the clinic's own models, on one nodule or on a table. */
import { dirname } from 'node:path'
import { Command } from 'commander'
import { SpiculaError } from '../error.ts'
import { needColumns, refuseMisfits } from '../evaluation/labels.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import { csvText } from '../files/csv.ts'
import { NUMBERS, type NumberInput } from '../risk/inputs.ts'
import { RISK_COLUMNS, RISK_MODELS } from '../risk/table.ts'
import { VERSION } from '../version.ts'
import { quietOption } from './shared/options.ts'
import { makeFolder, openTable } from './shared/rows.node.ts'

interface RiskOptions {
  readonly out?: string
  readonly quiet?: boolean
  readonly [input: string]: string | boolean | undefined
}

/** Inputs of one nodule as options: their table's column is what they are called. */
const INPUTS: readonly (readonly [flag: string, column: string, description: string])[] = [
  ['--age <years>', 'age', 'age'],
  ['--sex <sex>', 'sex', 'female or male'],
  ['--diameter <mm>', 'diameter_mm', 'diameter: longest for Brock, Mayo and VA'],
  ['--mean-diameter <mm>', 'mean_diameter', 'mean diameter, for Lung-RADS (default: --diameter)'],
  ['--consistency <what>', 'consistency', 'solid, part-solid or non-solid'],
  ['--lobe <lobe>', 'lobe', 'RUL, RML, RLL, LUL, LLL or lingula'],
  ['--count <n>', 'nodule_count', 'nodules in the scan, this one too'],
  ['--spiculation <yes|no>', 'spiculation', 'spiculated or not'],
  ['--family-history <yes|no>', 'family_history', 'family history of lung cancer'],
  ['--emphysema <yes|no>', 'emphysema', 'emphysema on CT'],
  ['--smoker <yes|no>', 'ever_smoker', 'ever smoked'],
  ['--years-since-quitting <years>', 'years_since_quitting', '0 for a current smoker'],
  ['--extrathoracic-cancer <yes|no>', 'extrathoracic_cancer', 'cancer outside the chest more than five years ago'],
  ['--solid-diameter <mm>', 'solid_diameter_mm', 'mean diameter of the solid component'],
  ['--new <yes|no>', 'is_new', 'nodule first seen on a later scan'],
  ['--growing <yes|no>', 'growing', 'growth of more than 1.5 mm within 12 months'],
  ['--stable <yes|no>', 'stable', 'unchanged since an earlier scan'],
  ['--juxtapleural-benign <yes|no>', 'juxtapleural_benign', 'nodule at the pleura, smooth, oval or lentiform'],
  ['--suspicious <yes|no>', 'suspicious', 'features that raise suspicion (Lung-RADS 4X)'],
]

export function riskCommand(): Command {
  const command = new Command('risk')
    .summary('Brock 2a and 2b, Mayo, VA, Lung-RADS')
    .description(
      "The clinic's own models on one nodule (its inputs as options) or on every row of a table: Brock 2a and 2b " +
        '(McWilliams 2013), Mayo (Swensen 1997), VA (Gould 2007), Lung-RADS v2022 (compiled from secondary sources). ' +
        'A model without its inputs says which is missing. For research use.',
    )
    .argument('[table]', 'CSV with pid, nodule_id and the columns of the inputs')
    .option('--out <csv>', 'where the table of risks goes')
  for (const [flag, , description] of INPUTS) command.option(flag, description)
  const ranges = Object.values(NUMBERS).map(
    ({ label, unit, from, to }: NumberInput) => `  ${label}: ${from} to ${to} ${unit}`,
  )
  const columns = Object.values(RISK_COLUMNS).map((names) => `  ${names.join(', ')}`)
  return command
    .addOption(quietOption())
    .addHelpText(
      'after',
      `
What makes sense (anything else is refused):
${ranges.join('\n')}

Columns of a table, any of the names of a line:
${columns.join('\n')}

Examples:
  spicula risk --age 68 --sex female --diameter 10 --consistency solid --lobe RUL --count 2 --spiculation no \\
    --family-history yes --emphysema no
  spicula risk cohort.csv --out risk.csv`,
    )
    .action(run)
}

async function run(file: string | undefined, options: RiskOptions): Promise<void> {
  const given = INPUTS.flatMap(([flag, column]) => {
    const value = options[optionName(flag)]
    return typeof value === 'string' ? [[column, value] as const] : []
  })
  if (file === undefined) return one(given)
  if (given.length > 0) throw new SpiculaError('cli/usage', 'a table goes without the inputs of one nodule')
  await many(file, options)
}

/** `--years-since-quitting <years>` is `yearsSinceQuitting`. */
const optionName = (flag: string): string =>
  flag.replace(/^--(\S+).*/, '$1').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

function one(given: readonly (readonly [string, string])[]): void {
  if (given.length === 0) {
    throw new SpiculaError('cli/usage', 'nothing to judge', {
      hint: 'Give a table, or inputs such as --age 68 --diameter 10.',
    })
  }
  const row = Object.fromEntries(given)
  let answers = 0
  for (const { label, scale, answer } of RISK_MODELS) {
    const said = answer(row)
    if (said.kind === 'blank') {
      console.log(`${label}: none (${said.why})`)
      continue
    }
    answers++
    console.log(`${label}: ${scale === 'probability' ? `${(100 * said.value).toPrecision(4)} %` : said.shown}`)
    for (const note of said.notes) console.log(`  ${note}`)
  }
  console.log(`spicula ${VERSION}, for research use`)
  if (answers === 0) process.exitCode = 1
}

async function many(file: string, { out, quiet = false }: RiskOptions): Promise<void> {
  const table = await openTable(file, { quiet })
  needColumns(table, ['pid', 'nodule_id'], 'a table of nodules')
  refuseMisfits(table)
  const keys = RISK_MODELS.map(({ key }) => key)
  const reasons = new Map<string, number>()
  const rows = table.records.map(({ values }) => {
    const answers = RISK_MODELS.map(({ answer }) => answer(values))
    for (const [m, said] of answers.entries()) {
      if (said.kind === 'answer') continue
      const reason = `${RISK_MODELS[m].label}: ${said.why}`
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    }
    const why = answers.flatMap((said, m) => (said.kind === 'blank' ? [`${keys[m]}: ${said.why}`] : []))
    const notes = answers.flatMap((said) => (said.kind === 'answer' ? said.notes : []))
    const shown = answers.map((said) => (said.kind === 'answer' ? said.shown : ''))
    return [values.pid.trim(), values.nodule_id.trim(), ...shown, why.join('; '), [...new Set(notes)].join('; ')]
  })
  const text = csvText([['pid', 'nodule_id', ...keys, 'missing', 'notes'], ...rows])
  if (out === undefined) process.stdout.write(text)
  else {
    await makeFolder(dirname(out))
    await writeFileAtomic(out, text)
    const about = {
      software: `spicula ${VERSION}`,
      use: 'for research use',
      models: RISK_MODELS.map(({ label }) => label),
    }
    await writeFileAtomic(`${out}.about.json`, `${JSON.stringify({ ...about, nodules: rows.length }, null, 2)}\n`)
  }
  if (quiet) return
  for (const [reason, n] of [...reasons].sort((a, b) => b[1] - a[1]).slice(0, 10)) {
    console.error(`note: ${n} of ${rows.length} nodules without ${reason}`)
  }
  if (out !== undefined) console.error(`${rows.length} nodules -> ${out}  (spicula, for research use)`)
}
