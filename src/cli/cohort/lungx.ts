/** `spicula cohort from lungx`: the SPIE-AAPM LUNGx challenge. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { lungxCohort, workbookNodules } from '../../annotations/tables/lungx.ts'
import { SpiculaError } from '../../error.ts'
import { readWorkbook } from '../../files/workbook.node.ts'
import { quietOption } from '../shared/options.ts'
import { openTable } from '../shared/rows.node.ts'
import { imagesOption, type OutputOptions, writeCohort } from './output.node.ts'

export function cohortLungxCommand(): Command {
  return new Command('lungx')
    .summary("LUNGx's two workbooks and the table of world points")
    .description(
      'Joins the nodules of the workbooks (.xlsx; pixel positions and diagnoses) with the table of world points (.csv), ' +
        'and lists where they disagree.',
    )
    .argument('<sources...>', 'folder with the files, or the files')
    .requiredOption('--out <csv>', 'the cohort to write')
    .addOption(imagesOption('{pid}'))
    .addOption(quietOption())
    .action(convert)
}

async function convert(sources: readonly string[], options: OutputOptions & { images: string }): Promise<void> {
  const files = (await Promise.all(sources.map(filesOf))).flat()
  const nodules = []
  for (const file of files.filter((one) => /\.xlsx$/i.test(one))) {
    const sheets = await readWorkbook(file)
    nodules.push(...sheets.flatMap((sheet) => workbookNodules(sheet) ?? []))
  }
  const tables = files.filter((one) => /\.csv$/i.test(one))
  if (tables.length > 1) throw new SpiculaError('cli/usage', `${tables.length} tables of world points: give one`)
  const table = tables[0] === undefined ? undefined : await openTable(tables[0], options)
  const converted = lungxCohort(nodules, table, options)
  const about = {
    source: 'SPIE-AAPM LUNGx Challenge (Armato et al. 2016), CC BY 3.0',
    workbookNodules: nodules.length,
    frame: 'lps',
    malignant: 'diagnosis: primary lung cancer, malignant, suspicious malignant 1; benign 0',
  }
  await writeCohort(converted, about, options)
}

async function filesOf(source: string): Promise<string[]> {
  const found = await stat(source).catch((cause: unknown) => {
    throw new SpiculaError('datasets/missing', `${source}: no such file or folder`, { cause })
  })
  if (!found.isDirectory()) return [source]
  // "~$..." is what Excel leaves beside an open workbook.
  return (await readdir(source))
    .filter((name) => !name.startsWith('~$'))
    .sort()
    .map((name) => join(source, name))
}
