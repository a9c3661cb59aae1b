/** `spicula cohort from table`: any table, by a map of its columns. */
import { basename } from 'node:path'
import { Command } from 'commander'
import { mappedCohort, parseColumnMap } from '../../annotations/tables/column-map.ts'
import { quietOption } from '../shared/options.ts'
import { openTable } from '../shared/rows.node.ts'
import { type OutputOptions, readText, writeCohort } from './output.node.ts'

export function cohortTableCommand(): Command {
  return new Command('table')
    .summary('any table, by a map of its columns')
    .description('A home-made table (comma, semicolon or tab) and a JSON that says which of its columns is what.')
    .argument('<table>', 'the table')
    .requiredOption('--map <json>', 'the column map')
    .requiredOption('--out <csv>', 'the cohort to write')
    .addOption(quietOption())
    .addHelpText(
      'after',
      `
A map, all but pid may be left out:
  {
    "pid": "MRN", "nodule_id": "Nodule #", "image_path": {"pattern": "ct/{Accession}.nii.gz"},
    "coordX": "X", "coordY": "Y", "coordZ": "Z", "frame": "ras",
    "malignant": {"column": "Pathology", "one": ["adenocarcinoma", "squamous"], "zero": ["benign", "stable 2 y"]},
    "rename": {"age": "Age (y)", "sex": "Sex"}, "drop": ["Name", "Date of birth"]
  }`,
    )
    .action(async (file: string, options: OutputOptions & { map: string }) => {
      const map = parseColumnMap(await readText(options.map), basename(options.map))
      const converted = mappedCohort(await openTable(file, options), map)
      await writeCohort(
        converted,
        { source: basename(file), frame: 'lps', malignant: map.malignant ?? 'not known' },
        options,
      )
    })
}
