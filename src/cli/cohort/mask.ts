/** `spicula cohort from mask`: label masks and DICOM segmentations, each connected part a nodule. */
import { Command, InvalidArgumentError } from 'commander'
import { isDicomFile, kindOf, readObject } from '../../annotations/places/dicom-object.node.ts'
import { placesOfSeg } from '../../annotations/places/dicom-seg.ts'
import type { ImageReference } from '../../annotations/places/image-reference.ts'
import { placesOfMask } from '../../annotations/places/mask.ts'
import { checkMaskGrid } from '../../annotations/places/mask-grid.ts'
import { SpiculaError } from '../../error.ts'
import { decompress } from '../../scan/dicom/dicom.node.ts'
import { text } from '../../scan/dicom/values.ts'
import { openLabels } from '../../scan/open.node.ts'
import type { Scan } from '../../scan/scan.ts'
import { framePlane } from './image-slices.ts'
import {
  type Annotation,
  type PlacesOptions,
  type ReadAnnotation,
  withPlacesOptions,
  writePlaces,
} from './places.node.ts'

interface MaskCommandOptions extends PlacesOptions {
  readonly minDiameter: number
}

export function cohortMaskCommand(): Command {
  const command = new Command('mask')
    .summary('label masks in any format of scans, and DICOM segmentations')
    .description(
      'Every connected part of every label becomes a nodule: its centroid in LPS mm, its volume, the diameter of the ' +
        'sphere of equal volume, and its longest axial diameter.',
    )
    .argument('<masks...>', 'mask files')
    .option('--min-diameter <mm>', 'leave out parts with a smaller diameter', millimetres, 0)
  return withPlacesOptions(command).action((masks: string[], options: MaskCommandOptions) => {
    const annotations = masks.map((path, n) => ({ path, name: masks.length === 1 ? 'the mask' : `mask ${n + 1}` }))
    return writePlaces(annotations, options, (one, scan) => readMask(one, scan, options.minDiameter))
  })
}

function millimetres(value: string): number {
  const mm = Number(value)
  if (!(mm >= 0 && mm < 1000)) throw new InvalidArgumentError(`'${value}' is not a number of millimetres`)
  return mm
}

async function readMask({ path, name }: Annotation, scan: Scan, minDiameterMm: number): Promise<ReadAnnotation> {
  if (await isDicomFile(path)) {
    const object = await readObject(path, name)
    const kind = kindOf(object)
    const { dataset } = object.header
    if (kind !== 'seg' && kind !== 'labelmap') {
      throw new SpiculaError('datasets/seg', `${name}: a DICOM object, but no segmentation`, {
        hint: 'Structures go to "cohort from rtstruct", reports to "cohort from sr".',
      })
    }
    const sourcePlane = (image: ImageReference) => framePlane(scan, image)
    const found = await placesOfSeg(object.header, decompress, { minDiameterMm, sourcePlane })
    return { ...found, patientId: text(dataset, 'PatientID') }
  }
  const labels = await openLabels(path)
  const moved = checkMaskGrid(labels.layers[0], scan)
  const { places, notes } = await placesOfMask(labels, { minDiameterMm })
  return { places, notes: [...moved, ...notes] }
}
