/** `spicula cohort from pascal-voc`: boxes drawn slice by slice, in XML files named by the slices' SOPInstanceUIDs. */
import { readFile, stat } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { Command } from 'commander'
import { filesAt } from '../../annotations/places/dicom-object.node.ts'
import { lesionsOfBoxes, type PlacedBox, parseBoxes } from '../../annotations/places/pascal-voc.ts'
import { SpiculaError } from '../../error.ts'
import type { Note, Scan } from '../../scan/scan.ts'
import { sliceOf } from './image-slices.ts'
import { type PlacesOptions, type ReadAnnotation, withPlacesOptions, writePlaces } from './places.node.ts'

const MOST_BYTES = 1 << 20

export function cohortBoxesCommand(): Command {
  const command = new Command('pascal-voc')
    .summary('boxes in PASCAL-VOC XML named by SOPInstanceUID (Lung-PET-CT-Dx)')
    .description(
      'Boxes of one label that overlap from slice to slice become one nodule; its place is the middle of its boxes. ' +
        'Files of slices of other series are counted and left out.',
    )
    .argument('<folder>', "folder of the patient's XML files")
  return withPlacesOptions(command).action((folder: string, options: PlacesOptions) =>
    writePlaces([{ path: folder, name: 'the boxes' }], options, ({ path }, scan) => readBoxes(path, scan)),
  )
}

async function readBoxes(folder: string, scan: Scan): Promise<ReadAnnotation> {
  if (!('kOfSopInstance' in scan)) {
    throw new SpiculaError('datasets/boxes', 'the boxes name slices of a DICOM series: give that series as --image', {
      hint: 'A converted scan no longer knows which slice is which.',
    })
  }
  const files = (await filesAt(folder)).filter(({ path }) => /\.xml$/i.test(path))
  const boxes: PlacedBox[] = []
  let [others, damaged] = [0, 0]
  for (const { path, name } of files) {
    const k = sliceOf(scan, basename(path, extname(path)))
    if (k === undefined) {
      others++
      continue
    }
    try {
      if ((await stat(path)).size > MOST_BYTES) throw new SpiculaError('datasets/boxes', `${name}: too large`)
      for (const box of parseBoxes(await readFile(path, 'utf8'), name)) boxes.push({ ...box, k })
    } catch (error) {
      if (!(error instanceof SpiculaError)) throw error
      damaged++
    }
  }
  const notes: Note[] = []
  const note = (code: string, message: string) => notes.push({ code, message: `${basename(scan.name)}: ${message}` })
  if (others > 0) note('datasets/other-series', `${others} of ${files.length} files are of slices of other series`)
  if (damaged > 0) note('datasets/boxes', `${damaged} files are not sound annotations, and left out`)
  const lesions = lesionsOfBoxes(boxes, scan)
  if (lesions.length === 0)
    throw new SpiculaError('datasets/boxes', `none of ${files.length} files has a box in ${scan.name}`)
  return { places: lesions, notes }
}
