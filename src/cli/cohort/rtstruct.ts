/** `spicula cohort from rtstruct`: outlines of a radiotherapy structure set. */
import { Command } from 'commander'
import { kindOf, readObject } from '../../annotations/places/dicom-object.node.ts'
import { LESION_NAMES, placesOfStructures } from '../../annotations/places/rtstruct.ts'
import { SpiculaError } from '../../error.ts'
import { items, text } from '../../scan/dicom/values.ts'
import {
  type Annotation,
  type PlacesOptions,
  type ReadAnnotation,
  withPlacesOptions,
  writePlaces,
} from './places.node.ts'

interface StructureOptions extends PlacesOptions {
  readonly roi?: readonly string[]
}

export function cohortRtstructCommand(): Command {
  const command = new Command('rtstruct')
    .summary('DICOM RT Structure Sets')
    .description(
      'Every region whose name speaks of a lesion (nodule, tumour, GTV, mass ...) becomes a nodule: the centroid of its ' +
        'outlines in LPS mm, its volume and diameters. Regions of other names need --roi.',
    )
    .argument('<files...>', 'RTSTRUCT files')
    .option('--roi <name...>', 'regions to take, by their names; "all" for all')
  return withPlacesOptions(command).action((files: string[], options: StructureOptions) => {
    const annotations = files.map((path, n) => ({
      path,
      name: files.length === 1 ? 'the structure set' : `file ${n + 1}`,
    }))
    return writePlaces(annotations, options, (one) => readStructures(one, wantedNames(options.roi)))
  })
}

function wantedNames(roi: readonly string[] | undefined): RegExp {
  if (roi === undefined) return LESION_NAMES
  if (roi.includes('all')) return /^/
  const escaped = roi.map((name) => name.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&'))
  return new RegExp(`^(${escaped.join('|')})$`, 'i')
}

async function readStructures({ path, name }: Annotation, wanted: RegExp): Promise<ReadAnnotation> {
  const object = await readObject(path, name)
  if (kindOf(object) !== 'rtstruct') throw new SpiculaError('datasets/rtstruct', `${name}: no RT Structure Set`)
  const { dataset } = object.header
  const frames = items(dataset, 'StructureSetROISequence').flatMap(
    (one) => text(one, 'ReferencedFrameOfReferenceUID') ?? [],
  )
  return {
    ...placesOfStructures(dataset, name, wanted),
    patientId: text(dataset, 'PatientID'),
    frames: [...new Set(frames)],
  }
}
