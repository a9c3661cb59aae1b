/** What the sources of annotated places have in common: annotation files, their scans, the cohort that comes out. */
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { type FoundPlaces, type NodulePlace, type PlacedRow, placesCsv } from '../../annotations/places/place.ts'
import type { RowProblem } from '../../cohort/problem.ts'
import { SpiculaError } from '../../error.ts'
import { writeFileAtomic } from '../../files/atomic.node.ts'
import { applyAffine, invertAffine } from '../../scan/affine.ts'
import { insideScan } from '../../scan/box.ts'
import { scansIn, stemOf } from '../../scan/formats.node.ts'
import { openScan } from '../../scan/open.node.ts'
import type { Note, Scan } from '../../scan/scan.ts'
import { quietOption } from '../shared/options.ts'
import { startProgress } from '../shared/progress.node.ts'
import { makeFolder, printNotes, type RowNote, reportProblems } from '../shared/rows.node.ts'

export interface PlacesOptions {
  readonly out: string
  readonly image?: string
  readonly images?: string
  readonly pid?: string
  readonly quiet?: boolean
}

/** Adds the options of every source of places. */
export const withPlacesOptions = (command: Command): Command =>
  command
    .requiredOption('--out <csv>', 'the cohort to write')
    .option('--image <scan>', 'the CT that the places are in: a file, or a DICOM folder or archive')
    .option(
      '--images <folder>',
      'or a folder of CTs, each named as its annotation (a_mask.nii.gz: a.nii.gz, a_0000.nii.gz, a/)',
    )
    .addOption(new Option('--pid <id>', "the patient (default: the annotation's PatientID, or its file's name)"))
    .addOption(quietOption())

/** A file of annotations. */
export interface Annotation {
  readonly path: string
  /** Name for messages. */
  readonly name: string
}

/** What is read from one: the places, and the patient where it says so. */
export interface ReadAnnotation extends FoundPlaces {
  readonly patientId?: string | undefined
}

/**
 * Reads every annotation, finds its scan, checks that the places lie in it, and writes the cohort. What fails is
 * reported by the annotation's number, the others go on.
 */
export async function writePlaces(
  annotations: readonly Annotation[],
  options: PlacesOptions,
  read: (annotation: Annotation, scan: Scan) => Promise<ReadAnnotation>,
): Promise<void> {
  const { out, quiet = false } = options
  if ((options.image === undefined) === (options.images === undefined)) {
    throw new SpiculaError('cli/usage', 'give the CT with --image SCAN, or the folder of CTs with --images FOLDER')
  }
  if (options.image !== undefined && annotations.length > 1 && options.pid === undefined) {
    throw new SpiculaError('cli/usage', `${annotations.length} annotations of one scan: say whose it is with --pid`)
  }
  await makeFolder(dirname(resolve(out)))
  const rows: PlacedRow[] = []
  const problems: RowProblem[] = []
  const notes: RowNote[] = []
  const progress = startProgress('annotations', annotations.length, { quiet })
  for (const [index, annotation] of annotations.entries()) {
    const line = index + 1
    try {
      const image = options.image ?? findImage(annotation.path, options.images ?? '.')
      const scan = await openScan(image)
      const found = await read(annotation, scan)
      for (const note of new Set([...scan.notes, ...found.notes])) notes.push({ line, note })
      if (found.places.length === 0) throw noPlace(annotation.name, found.notes)
      const near = inFrame(found.places, scan)
      if (near.length < found.places.length) {
        const error = otherFrame(found.places.length - near.length, annotation.name, scan)
        if (near.length === 0) throw error
        problems.push({ line, code: error.code, message: error.message, hint: error.hint })
      }
      const pid = options.pid ?? found.patientId ?? nameOf(annotation.path)
      const several = options.image !== undefined && annotations.length > 1
      for (const place of near) {
        const fault = outside(scan, place.pointLps, place.noduleId)
        if (fault) problems.push({ line, code: 'datasets/outside', message: `${annotation.name}: ${fault}` })
        else {
          const noduleId = several ? `${line}-${place.noduleId}` : place.noduleId
          rows.push({ ...place, noduleId, pid, imagePath: pathFrom(out, image) })
        }
      }
    } catch (error) {
      if (!(error instanceof SpiculaError)) throw error
      // One annotation alone: its fault is the command's.
      if (annotations.length === 1) throw error
      problems.push({ line, code: error.code, message: error.message, hint: error.hint })
    }
    progress.step()
  }
  progress.done()
  await writeFileAtomic(out, placesCsv(rows))
  if (!quiet) printNotes(notes)
  await reportProblems(problems, dirname(resolve(out)))
  if (!quiet)
    console.error(`${rows.length} places of ${annotations.length} annotations -> ${out}  (spicula, for research use)`)
}

/** A path as a manifest has it: from the manifest's folder where it is near, else absolute. */
function pathFrom(out: string, image: string): string {
  const near = relative(dirname(resolve(out)), resolve(image))
  return near.startsWith('..') || isAbsolute(near) ? resolve(image) : near || '.'
}

/** The name of an annotation: as a scan's, in XML or JSON, or 3D Slicer's a.seg.nrrd, a.mrk.json, a.fcsv. */
const nameOf = (path: string): string =>
  stemOf(path.replace(/\.(xml|mrk\.json|json|fcsv)$/i, '')).replace(/\.seg$/i, '')

/** The scan of an annotation: of the same name, or of its name without what says that it is an annotation. */
function findImage(path: string, folder: string): string {
  const stem = nameOf(path)
  const bare = stem.replace(/[-_. ]?(mask|masks|seg|segmentation|label|labels|rtstruct|sr|roi)$/i, '')
  // nnU-Net calls the first channel of a case CASE_0000, its labels CASE.
  for (const name of new Set([bare, stem, `${bare}_0000`, `${stem}_0000`])) {
    const scan = /^(_0000)?$/.test(name)
      ? undefined
      : scansIn(folder, name).find((one) => resolve(one) !== resolve(path))
    if (scan !== undefined) return scan
  }
  throw new SpiculaError('volume/missing', 'no scan of the same name in the folder of --images')
}

/** "0 places" is not a result: the user who gave the file believes that there is one. */
const noPlace = (name: string, notes: readonly Note[]): SpiculaError =>
  new SpiculaError('datasets/empty', `${name}: no nodule in it`, {
    hint: notes.length > 0 ? notes.map(({ message }) => message).join('. ') : 'Is it the file that was meant?',
  })

/** Places in the scan's frame of reference, as far as both are told: scans that are not DICOM do not say. */
function inFrame(places: readonly NodulePlace[], scan: Scan): readonly NodulePlace[] {
  const own = 'frameOfReferenceUid' in scan ? String(scan.frameOfReferenceUid) : ''
  return places.filter(({ frameUid }) => own === '' || frameUid === undefined || frameUid === own)
}

const otherFrame = (count: number, name: string, scan: Scan): SpiculaError =>
  new SpiculaError(
    'datasets/frame-of-reference',
    `${name}: ${count === 1 ? '1 place is' : `${count} places are`} in another frame of reference than ${scan.name}`,
    { hint: 'The annotation was made on another series or study: give that one.' },
  )

function outside(scan: Scan, pointLps: PlacedRow['pointLps'], noduleId: string): string | undefined {
  const index = applyAffine(invertAffine(scan.affineLps), pointLps)
  if (insideScan(scan.shapeIjk, index)) return undefined
  const shown = /^[\w.-]{1,12}$/.test(noduleId) ? ` ${noduleId}` : ''
  const other = scan.elsewhere?.(pointLps)
  const instead = other === undefined ? '' : `, in ${other}`
  return `place${shown} at (${pointLps.map((x) => x.toFixed(1)).join(', ')}) mm LPS lies outside ${scan.name}${instead}`
}

/** Notes of files that were left out, one for all. */
export const leftOut = (count: number, what: string): readonly Note[] =>
  count === 0 ? [] : [{ code: 'datasets/left-out', message: `${count} ${what}` }]
