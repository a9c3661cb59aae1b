/** `spicula cohort from table`: any table, by a map of its columns. */
import { basename } from 'node:path'
import { Command } from 'commander'
import { fcsvTable } from '../../annotations/places/markups.ts'
import { type ColumnMap, mappedCohort, parseColumnMap } from '../../annotations/tables/column-map.ts'
import { SpiculaError } from '../../error.ts'
import type { Table } from '../../files/table.ts'
import { quietOption } from '../shared/options.ts'
import { openTable } from '../shared/rows.node.ts'
import { type OutputOptions, readText, writeCohort } from './output.node.ts'

export function cohortTableCommand(): Command {
  return new Command('table')
    .summary('any table, by a map of its columns')
    .description(
      'A home-made table (comma, semicolon or tab), or points of 3D Slicer (.fcsv), and a JSON that says which of its ' +
        'columns is what.',
    )
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
      const { table, columns } = await tableAndMap(file, map, options)
      const converted = mappedCohort(table, columns)
      await writeCohort(
        converted,
        { source: basename(file), frame: 'lps', malignant: map.malignant ?? 'not known' },
        options,
      )
    })
}

/** The table, and the map with the frame that the table says of itself: Slicer's `.fcsv` does. */
async function tableAndMap(
  file: string,
  map: ColumnMap,
  options: OutputOptions,
): Promise<{ table: Table; columns: ColumnMap }> {
  if (/\.json$/i.test(file)) {
    throw new SpiculaError('datasets/columns', `${basename(file)}: JSON is not a table`, {
      hint: 'Markups of 3D Slicer (.mrk.json) go to "cohort from markups", detections to "cohort from monai".',
    })
  }
  if (!/\.fcsv$/i.test(file)) return { table: await openTable(file, options), columns: map }
  const { table, frame } = fcsvTable(await readText(file), basename(file), map.frame)
  if (!options.quiet) for (const { code, message } of table.notes) console.error(`note: ${message} [${code}]`)
  return { table, columns: { ...map, frame } }
}
