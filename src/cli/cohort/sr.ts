/** `spicula cohort from sr`: measurement groups of DICOM structured reports. */
import { Command } from 'commander'
import { kindOf, readObject } from '../../annotations/places/dicom-object.node.ts'
import { placesOfReport } from '../../annotations/places/sr.ts'
import { SpiculaError } from '../../error.ts'
import { text } from '../../scan/dicom/values.ts'
import type { Scan } from '../../scan/scan.ts'
import { imagePoint } from './image-slices.ts'
import {
  type Annotation,
  type PlacesOptions,
  type ReadAnnotation,
  withPlacesOptions,
  writePlaces,
} from './places.node.ts'

export function cohortSrCommand(): Command {
  const command = new Command('sr')
    .summary('DICOM structured reports (TID 1500)')
    .description(
      'Every measurement group with coordinates becomes a nodule: a point, the centre of what its circle, ellipse, ' +
        'polygon or outlines enclose, or the middle of its line, with its lengths. Coordinates in images (and frames of ' +
        'them) need the DICOM series itself as --image.',
    )
    .argument('<files...>', 'structured reports')
  return withPlacesOptions(command).action((files: string[], options: PlacesOptions) => {
    const annotations = files.map((path, n) => ({ path, name: files.length === 1 ? 'the report' : `file ${n + 1}` }))
    return writePlaces(annotations, options, readReport)
  })
}

async function readReport({ path, name }: Annotation, scan: Scan): Promise<ReadAnnotation> {
  const object = await readObject(path, name)
  if (kindOf(object) !== 'sr')
    throw new SpiculaError('datasets/sr', `${name}: no structured report that holds measurements`)
  const { dataset } = object.header
  const found = placesOfReport(dataset, name, (image, column, row) => imagePoint(scan, image, column, row))
  return { ...found, patientId: text(dataset, 'PatientID') }
}
