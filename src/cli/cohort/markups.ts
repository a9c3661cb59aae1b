/** `spicula cohort from markups`: points, lines, curves and boxes placed in 3D Slicer. */
import { readFile, stat } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { placesOfMarkups } from '../../annotations/places/markups.ts'
import { type WorldFrame, worldFrames } from '../../cohort/frame.ts'
import { SpiculaError } from '../../error.ts'
import {
  type Annotation,
  type PlacesOptions,
  type ReadAnnotation,
  withPlacesOptions,
  writePlaces,
} from './places.node.ts'

interface MarkupsCommandOptions extends PlacesOptions {
  readonly frame?: WorldFrame
}

const MOST_BYTES = 64 << 20

export function cohortMarkupsCommand(): Command {
  const command = new Command('markups')
    .summary("3D Slicer's markups (.mrk.json, .fcsv)")
    .description(
      'Every placed point of a point list becomes a nodule; the middle of a line, the centre of a closed curve and of a ' +
        'box (ROI) do too. Files say whether they are LPS or RAS; those that do not need --frame.',
    )
    .argument('<files...>', '.mrk.json or .fcsv files')
    .addOption(new Option('--frame <frame>', 'the world of files that do not say').choices([...worldFrames]))
  return withPlacesOptions(command).action((files: string[], options: MarkupsCommandOptions) => {
    const annotations = files.map((path, n) => ({ path, name: files.length === 1 ? 'the markups' : `file ${n + 1}` }))
    return writePlaces(annotations, options, (one) => readMarkups(one, options))
  })
}

async function readMarkups({ path, name }: Annotation, options: MarkupsCommandOptions): Promise<ReadAnnotation> {
  const text = await readFileText(path, name)
  return placesOfMarkups(text, name, options)
}

async function readFileText(path: string, name: string): Promise<string> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw new SpiculaError('datasets/missing', `${name}: there is no such file`, { cause })
  })
  if (!stats.isFile() || stats.size > MOST_BYTES) {
    throw new SpiculaError('datasets/markups', `${name}: no file of markups`)
  }
  return readFile(path, 'utf8')
}
