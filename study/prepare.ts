/**
 * `npm run study -- study/prepare.ts DATA OUT`: three sets of LIDC-IDRI nodules as cohorts that `spicula train` and
 * `spicula predict` read. DATA holds slices.npy, slices.csv, cubes.csv, cubes/, vois.csv and vois/.
 *
 * A slice becomes a NIfTI volume of one slice, the nodule at the world's origin, so that training sees it as prediction
 * does, `--views axial`, air frame included. OUT gets slices.csv, cubes.csv, vois.csv, train.csv with slices and cubes
 * together, and train-all.csv with up to three axial slices of each volume as well.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { CHARACTERISTICS, type Ratings } from '../src/annotations/lidc/ratings.ts'
import { csvText } from '../src/files/csv.ts'
import { decodeNpy } from '../src/files/npy.ts'
import { parseTable } from '../src/files/table.ts'
import { applyAffine, multiplyAffine } from '../src/scan/affine.ts'
import { writeNifti } from '../src/scan/nifti/write.node.ts'
import { openScan } from '../src/scan/open.node.ts'
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
  /** The readers' mean of each characteristic; of calcification, the share of readers that saw any. */
  readonly means: Readonly<Record<string, number>>
  /** Of the nodule in its slice, by the readers' outlines, mm2: what size alone would predict from. */
  readonly area: string
}
const byNodule = new Map(slices.map((values) => [values.nodule_id, values]))
const path = (...parts: string[]) => relative(out, join(...parts))

/** Rows of the other sets carry the ratings of the row of slices that they were matched to. */
const rated = (values: Values) => {
  const source = byNodule.get(values.slices_nodule_id) ?? values
  const readings = (name: string) => (source[`${name}_readers`] || source[name] || 'NaN').split('|').map(Number)
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length
  return {
    ratings: ratingsOf(source),
    readers: readings('malignancy'),
    area: source.area_mm2 ?? '',
    means: Object.fromEntries(
      CHARACTERISTICS.map((name) => [
        name,
        mean(readings(name).map((one) => (name === 'calcification' && one <= 6 ? Number(one < 6) : one))),
      ]),
    ),
  }
}
/** A volume's axial slice of the largest area, and one on either side where the nodule is still half as large. */
async function voiSlices(values: Values): Promise<Row[]> {
  const [scan, mask] = await Promise.all(
    [values.image_path, values.mask_path].map((name) => openScan(join(data, name))),
  )
  const [ni, nj, nk] = scan.shapeIjk
  if (mask.shapeIjk.join() !== scan.shapeIjk.join())
    throw new Error(`${values.mask_path}: another shape than its volume`)
  const all = { startIjk: [0, 0, 0], sizeIjk: [ni, nj, nk] } as const
  const [hu, inside] = [await scan.readHu(all), await mask.readHu(all)]
  const size = ni * nj
  const areas = Array.from({ length: nk }, (_, k) => inside.subarray(k * size, (k + 1) * size).filter(Boolean).length)
  const largest = areas.indexOf(Math.max(...areas))
  const half = (k: number) => k >= 0 && k < nk && areas[k] >= areas[largest] / 2
  /** Halfway to the last slice of at least half the area, on one side. */
  const beside = (step: number) => {
    let k = largest
    while (half(k + step)) k += step
    return largest + Math.round((k - largest) / 2)
  }
  const rows: Row[] = []
  for (const k of new Set([largest, beside(-1), beside(1)])) {
    let [i, j] = [0, 0]
    for (let at = 0; at < size; at++)
      if (inside[k * size + at]) [i, j] = [i + (at % ni) / areas[k], j + Math.floor(at / ni) / areas[k]]
    const name = join(out, 'slices', `${values.pid}_${values.nodule_id}_${k}.nii`)
    await writeNifti(name, {
      voxels: Int16Array.from(hu.subarray(k * size, (k + 1) * size)),
      shapeIjk: [ni, nj, 1],
      affineLps: multiplyAffine(scan.affineLps, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, k]),
    })
    rows.push({
      pid: values.pid,
      noduleId: `v${values.nodule_id}_${k}`,
      image: relative(out, name),
      point: applyAffine(scan.affineLps, [i, j, k]).map(String),
      ...rated(values),
    })
  }
  return rows
}

const sets: Readonly<Record<string, Row[]>> = {
  slices: slices.map((values, i) => ({
    pid: values.pid,
    noduleId: `s${values.nodule_id}`,
    image: path(out, 'slices', `${i}.nii`),
    point: ['0', '0', '0'],
    ...rated(values),
  })),
  cubes: table('cubes.csv').map((values) => ({
    pid: values.pid,
    noduleId: `c${values.nodule_id}`,
    image: path(data, values.image_path),
    point: [values.coordX, values.coordY, values.coordZ],
    ...rated(values),
  })),
  vois: table('vois.csv').map((values) => ({
    pid: values.pid,
    noduleId: `v${values.nodule_id}`,
    image: path(data, values.image_path),
    point: [values.coordX, values.coordY, values.coordZ],
    ...rated(values),
  })),
}
const FEATURES = Object.keys(studyFeatures(ratingsOf({})))
const HEADER = [
  ...['pid', 'nodule_id', 'image_path', 'coordX', 'coordY', 'coordZ', 'malignant', 'malignant_probability'],
  ...['mean_diameter', ...FEATURES, 'area_mm2', ...CHARACTERISTICS.map((name) => `mean_${name}`)],
]
/** The diameter of a circle of an area, to the millimetre: readers' outlines are not known better. */
const diameterOf = (area: string) => (area === '' ? '' : (2 * Math.sqrt(Number(area) / Math.PI)).toFixed(0))
const write = (name: string, rows: readonly Row[]) => {
  const lines = rows.map(({ pid, noduleId, image, point, ratings, readers, means, area }) => {
    const features = studyFeatures(ratings)
    const known = [studyLabel(ratings), suspicion(readers), diameterOf(area), ...FEATURES.map((one) => features[one])]
    const read = CHARACTERISTICS.map((name) => (Number.isNaN(means[name]) ? '' : means[name].toFixed(3)))
    return [pid, noduleId, image, ...point, ...known, area, ...read]
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
const ofVolumes: Row[] = []
for (const values of table('vois.csv')) ofVolumes.push(...(await voiSlices(values)))
write('train-all', [...sets.slices, ...sets.cubes, ...ofVolumes])
