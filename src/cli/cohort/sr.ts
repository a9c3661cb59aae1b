/** `spicula cohort from sr`: measurement groups of DICOM structured reports. */
import { Command } from 'commander'
import { kindOf, readObject } from '../../annotations/places/dicom-object.node.ts'
import { framesOfReport, placesOfReport } from '../../annotations/places/sr.ts'
import { SpiculaError } from '../../error.ts'
import { applyAffine } from '../../scan/affine.ts'
import { text } from '../../scan/dicom/values.ts'
import type { Scan, Triple } from '../../scan/scan.ts'
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
      'Every measurement group with coordinates becomes a nodule: a point, or the middle of its line, ellipse or ' +
        'polygon, with its lengths. Coordinates in images need the DICOM series itself as --image.',
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
  const found = placesOfReport(dataset, name, (uid, column, row) => imagePoint(scan, uid, column, row))
  return { ...found, patientId: text(dataset, 'PatientID'), frames: framesOfReport(dataset) }
}

/** A pixel of one of the series' slices, in LPS mm. */
export function imagePoint(scan: Scan, sopInstanceUid: string, column: number, row: number): Triple | undefined {
  const k = sliceOf(scan, sopInstanceUid)
  return k === undefined ? undefined : applyAffine(scan.affineLps, [column, row, k])
}

/** The k of an image of a DICOM series; scans of other formats do not say. */
export const sliceOf = (scan: Scan, sopInstanceUid: string): number | undefined =>
  'kOfSopInstance' in scan && scan.kOfSopInstance instanceof Map ? scan.kOfSopInstance.get(sopInstanceUid) : undefined
