/**
 * `npm run study -- study/prepare.ts DATA OUT`: three sets of LIDC-IDRI nodules as cohorts that `spicula train` and
 * `spicula predict` read. DATA holds slices.npy, slices.csv, cubes.csv, cubes/, vois.csv and vois/.
 *
 * A slice becomes a NIfTI volume of one slice, the nodule at the world's origin, so that training sees it as prediction
 * does, `--views axial`, air frame included. OUT gets slices.csv, cubes.csv, vois.csv, and train.csv with slices and
 * cubes together.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { csvText } from '../src/cohort/csv.ts'
import { decodeNpy } from '../src/cohort/npy.ts'
import { CHARACTERISTICS, type Ratings } from '../src/datasets/lidc/ratings.ts'
import { parseTable } from '../src/report/table.ts'
import { writeNifti } from '../src/volume/nifti-write.node.ts'
import { studyFeatures, studyLabel, suspicion } from './ratings.ts'

const [data, out] = process.argv.slice(2).map((path) => resolve(path))
if (out === undefined) throw new Error('usage: npm run study -- study/prepare.ts DATA OUT')

type Values = Readonly<Record<string, string>>
const table = (name: string): Values[] =>
  parseTable(readFileSync(join(data, name), 'utf8'), name).records.map(({ values }) => values)
const ratingsOf = (values: Values): Ratings =>
  Object.fromEntries(CHARACTERISTICS.map((name) => [name, values[name] ? Number(values[name]) : Number.NaN])) as Ratings

const slices = table('slices.csv')
const { data: voxels, shape } = decodeNpy(readFileSync(join(data, 'slices.npy')), 'slices.npy')
const [count, height, width] = shape
if (count !== slices.length || !(voxels instanceof Int16Array))
  throw new Error(`slices.npy is ${shape.join('x')}, slices.csv has ${slices.length} rows`)
/** Beyond the slice's image: air, as outside of a scan. */
const PADDING = -2048
const AIR = -1000

mkdirSync(join(out, 'slices'), { recursive: true })
for (const [i, { pixel_spacing_mm }] of slices.entries()) {
  const mm = Number(pixel_spacing_mm)
  const hu = voxels.slice(i * height * width, (i + 1) * height * width)
  await writeNifti(join(out, 'slices', `${i}.nii`), {
    voxels: hu.map((value) => (value === PADDING ? AIR : value)),
    shapeIjk: [width, height, 1],
    affineLps: [mm, 0, 0, (-mm * (width - 1)) / 2, 0, mm, 0, (-mm * (height - 1)) / 2, 0, 0, 1, 0],
  })
}

interface Row {
  readonly pid: string
  readonly noduleId: string
  readonly image: string
  readonly point: readonly string[]
  readonly ratings: Ratings
  /** Of malignancy by each reader, 1 to 5. */
  readonly readers: readonly number[]
  /** Of the nodule in its slice, by the readers' outlines, mm2: what size alone would predict from. */
  readonly area: string
}
const byNodule = new Map(slices.map((values) => [values.nodule_id, values]))
const path = (...parts: string[]) => relative(out, join(...parts))

/** Rows of the other sets carry the ratings of the row of slices that they were matched to. */
const rated = (values: Values) => {
  const source = byNodule.get(values.slices_nodule_id) ?? values
  return {
    ratings: ratingsOf(source),
    readers: (source.malignancy_readers ?? source.malignancy).split('|').map(Number),
  }
}
const sets: Readonly<Record<string, Row[]>> = {
  slices: slices.map((values, i) => ({
    pid: values.pid,
    noduleId: `s${values.nodule_id}`,
    image: path(out, 'slices', `${i}.nii`),
    point: ['0', '0', '0'],
    ...rated(values),
    area: values.area_mm2,
  })),
  cubes: table('cubes.csv').map((values) => ({
    pid: values.pid,
    noduleId: `c${values.nodule_id}`,
    image: path(data, values.image_path),
    point: [values.coordX, values.coordY, values.coordZ],
    ...rated(values),
    area: byNodule.get(values.slices_nodule_id)?.area_mm2 ?? '',
  })),
  vois: table('vois.csv').map((values) => ({
    pid: values.pid,
    noduleId: `v${values.nodule_id}`,
    image: path(data, values.image_path),
    point: [values.coordX, values.coordY, values.coordZ],
    ...rated(values),
    area: byNodule.get(values.slices_nodule_id)?.area_mm2 ?? '',
  })),
}
const FEATURES = Object.keys(studyFeatures(ratingsOf({})))
const HEADER = [
  ...['pid', 'nodule_id', 'image_path', 'coordX', 'coordY', 'coordZ', 'malignant', 'malignant_probability'],
  ...['mean_diameter', ...FEATURES, 'area_mm2'],
]
/** The diameter of a circle of an area, to the millimetre: readers' outlines are not known better. */
const diameterOf = (area: string) => (area === '' ? '' : (2 * Math.sqrt(Number(area) / Math.PI)).toFixed(0))
const write = (name: string, rows: readonly Row[]) => {
  const lines = rows.map(({ pid, noduleId, image, point, ratings, readers, area }) => {
    const features = studyFeatures(ratings)
    const known = [studyLabel(ratings), suspicion(readers), diameterOf(area), ...FEATURES.map((one) => features[one])]
    return [pid, noduleId, image, ...point, ...known, area]
  })
  writeFileSync(join(out, `${name}.csv`), csvText([HEADER, ...lines]))
  const labels = rows.map(({ ratings }) => studyLabel(ratings))
  const of = (label: string) => labels.filter((one) => one === label).length
  console.log(
    `${name}: ${rows.length} nodules of ${new Set(rows.map(({ pid }) => pid)).size} patients, ` +
      `${of('1')} suspected malignant, ${of('0')} benign, ${of('')} between`,
  )
}
for (const [name, rows] of Object.entries(sets)) write(name, rows)
write('train', [...sets.slices, ...sets.cubes])
