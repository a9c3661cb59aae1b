/** `spicula cohort from rtstruct`: outlines of a radiotherapy structure set. */
import { Command } from 'commander'
import { kindOf, readObject } from '../../annotations/places/dicom-object.node.ts'
import { placesOfStructures, type StructureOptions } from '../../annotations/places/rtstruct.ts'
import { SpiculaError } from '../../error.ts'
import { text } from '../../scan/dicom/values.ts'
import type { Scan } from '../../scan/scan.ts'
import { sliceDistanceMm } from './image-slices.ts'
import {
  type Annotation,
  type PlacesOptions,
  type ReadAnnotation,
  withPlacesOptions,
  writePlaces,
} from './places.node.ts'

interface RtstructOptions extends PlacesOptions {
  readonly roi?: readonly string[]
}

export function cohortRtstructCommand(): Command {
  const command = new Command('rtstruct')
    .summary('DICOM RT Structure Sets')
    .description(
      'Every region whose name says that it is a lesion (nodule, tumour, GTV, mass ...; by TG-263, so Lungs-GTV is not one) ' +
        'becomes a nodule, or several where its outlines or points lie apart: the centre of what they enclose in LPS mm, ' +
        'volume and diameters. What is left out is listed; --roi takes it.',
    )
    .argument('<files...>', 'RTSTRUCT files')
    .option('--roi <name...>', 'regions to take, by their names; "all" for all')
  return withPlacesOptions(command).action((files: string[], options: RtstructOptions) => {
    const annotations = files.map((path, n) => ({
      path,
      name: files.length === 1 ? 'the structure set' : `file ${n + 1}`,
    }))
    return writePlaces(annotations, options, (one, scan) => readStructures(one, scan, options.roi))
  })
}

/** What `--roi` means: a region's whole name, whatever its case. */
function wantedNames(roi: readonly string[] | undefined): StructureOptions {
  if (roi === undefined) return {}
  const names = new Set(roi.map((name) => name.trim().toLowerCase()))
  return { isWanted: (name) => names.has('all') || names.has(name.trim().toLowerCase()) }
}

async function readStructures(
  { path, name }: Annotation,
  scan: Scan,
  roi: readonly string[] | undefined,
): Promise<ReadAnnotation> {
  const object = await readObject(path, name)
  if (kindOf(object) !== 'rtstruct') throw new SpiculaError('datasets/rtstruct', `${name}: no RT Structure Set`)
  const { dataset } = object.header
  const found = placesOfStructures(dataset, name, { ...wantedNames(roi), sliceMm: sliceDistanceMm(scan) })
  return { ...found, patientId: text(dataset, 'PatientID') }
}
