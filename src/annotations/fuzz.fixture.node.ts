/**
 * Mutated files of every format that is read: bit flips, cuts, lying lengths, bombs, paths that climb. What opens must
 * be readable; what does not must be refused with a SpiculaError. `fuzz.test.ts` runs some, `bench/fuzz.ts` many.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { deflateRawSync, gunzipSync, gzipSync } from 'node:zlib'
import { SpiculaError } from '../error.ts'
import { fileSource } from '../files/bytes.node.ts'
import { zipFile } from '../files/zip.fixture.ts'
import type { Random } from '../random.ts'
import { dicomDataset, dicomFile, join8, type SeriesVolume, sliceAttributes } from '../scan/dicom/dicom.fixture.node.ts'
import { decompress, inflateRaw } from '../scan/dicom/dicom.node.ts'
import { readDicomHeader } from '../scan/dicom/file.ts'
import { labelsOf } from '../scan/labels.ts'
import { encodeNifti } from '../scan/nifti/write.ts'
import { openLabels, openScan } from '../scan/open.node.ts'
import { placesOfSeg } from './places/dicom-seg.ts'
import { placesOfMarkups } from './places/markups.ts'
import { markupsFcsv, markupsJson } from './places/markups-write.ts'
import { placesOfMask } from './places/mask.ts'
import { checkMaskGrid } from './places/mask-grid.ts'
import { parseBoxes } from './places/pascal-voc.ts'
import { boxesXml, reportFile, segmentationFile, structuresFile } from './places/places.fixture.ts'
import { placesOfStructures } from './places/rtstruct.ts'
import { placesOfReport } from './places/sr.ts'

type Files = Readonly<Record<string, Uint8Array>>

/** A sound input, and how it is opened. */
interface Seed {
  readonly format: string
  /** File to open, '' for the folder. */
  readonly open: string
  readonly files: Files
  readonly kind?: 'seg' | 'rtstruct' | 'sr' | 'boxes' | 'labels' | 'markups'
  /** Which series of a folder is opened. */
  readonly series?: string
}

/** Voxels read whole at most. */
const WHOLE = 1 << 22

const volume: SeriesVolume = {
  voxels: Int16Array.from({ length: 16 * 12 * 6 }, (_, n) => ((n * 37) % 3000) - 1000),
  shapeIjk: [16, 12, 6],
  affineLps: [0.7, 0, 0, -100, 0, 0.8, 0, -120, 0, 0, 2.5, -300],
}

/** The sound inputs: every format, every transfer syntax of the stored fixtures. */
export function seeds(): readonly Seed[] {
  const stored = JSON.parse(
    gunzipSync(readFileSync(new URL('../scan/fixtures/simpleitk.json.gz', import.meta.url))).toString(),
  ) as {
    cases: { open: string; files: Record<string, string> }[]
    syntaxes: Record<string, { file: string }>
  }
  const decoded = (files: Record<string, string>): Files =>
    Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text, 'base64')]))
  const slices = Array.from({ length: 6 }, (_, k) => dicomFile(sliceAttributes(volume, k)))
  const folder = Object.fromEntries(slices.map((bytes, k) => [`${k}.dcm`, bytes]))
  const entries = slices.map((bytes, k) => ({ path: `a/${k}.dcm`, bytes }))
  const directory = dicomFile({
    SOPClassUID: '1.2.840.10008.1.3.10',
    DirectoryRecordSequence: slices.map((_, k) => ({ ReferencedFileID: `${k}.DCM` })),
  })
  const nifti = encodeNifti(volume)
  return [
    { format: 'nifti', open: 'a.nii', files: { 'a.nii': nifti } },
    { format: 'nifti gzip', open: 'a.nii.gz', files: { 'a.nii.gz': gzipSync(nifti) } },
    ...stored.cases.map(({ open, files }) => ({
      format: open === '.' ? 'dicom folder' : (open.split('.').pop() ?? ''),
      open: open === '.' ? '' : open,
      files: decoded(files),
    })),
    ...Object.entries(stored.syntaxes).map(([key, { file }]) => ({
      format: `dicom ${key}`,
      open: 'a.dcm',
      files: { 'a.dcm': Buffer.from(file, 'base64') },
    })),
    { format: 'dicom folder', open: '', files: folder },
    {
      format: 'dicomdir',
      open: 'DICOMDIR',
      files: {
        DICOMDIR: directory,
        ...Object.fromEntries(Object.entries(folder).map(([k, v]) => [k.toUpperCase(), v])),
      },
    },
    { format: 'zip', open: 'a.zip', files: { 'a.zip': zipFile(entries) } },
    { format: 'zip deflated', open: 'a.zip', files: { 'a.zip': zipFile(entries, (bytes) => deflateRawSync(bytes)) } },
    ...oddSeries(slices),
    { format: 'seg.nrrd', open: 'a.seg.nrrd', files: { 'a.seg.nrrd': segNrrd() }, kind: 'labels' },
    { format: 'mask', open: 'a.nii', files: { 'a.nii': encodeNifti(maskImage) }, kind: 'labels' },
    { format: 'seg', open: 'a.dcm', files: { 'a.dcm': segmentationFile() }, kind: 'seg' },
    ...written([
      'prone, empty frames left out',
      'PROBABILITY of 100',
      'label map, run lengths',
      'freehand',
      'a keyhole',
    ]),
    { format: 'mrk.json', open: 'a', files: { a: Buffer.from(markupsJson(POINTS)) }, kind: 'markups' },
    { format: 'fcsv', open: 'a', files: { a: Buffer.from(markupsFcsv(POINTS)) }, kind: 'markups' },
    { format: 'rtstruct', open: 'a.dcm', files: { 'a.dcm': structuresFile() }, kind: 'rtstruct' },
    { format: 'sr', open: 'a.dcm', files: { 'a.dcm': reportFile() }, kind: 'sr' },
    { format: 'boxes', open: 'a.xml', files: { 'a.xml': Buffer.from(boxesXml([['A', 1, 2, 3, 4]])) }, kind: 'boxes' },
  ]
}

const POINTS = [
  { label: 'F-1', description: 'a, b', pointLps: [10, -20, -100] as const },
  { label: 'F-2', description: '', pointLps: [1.5, 2, 3] as const },
]

/** Some of the annotations that highdicom wrote. */
function written(names: readonly string[]): Seed[] {
  const path = new URL('./places/fixtures/places.json.gz', import.meta.url)
  const { cases } = JSON.parse(gunzipSync(readFileSync(path)).toString()) as {
    cases: { kind: 'seg' | 'rtstruct' | 'sr'; name: string; file: string }[]
  }
  return cases
    .filter(({ name }) => names.includes(name))
    .map(({ kind, name, file }) => ({
      format: `${kind} ${name}`,
      open: 'a.dcm',
      files: { 'a.dcm': Buffer.from(file, 'base64') },
      kind,
    }))
}

/** Labels 1 and 2 on the volume's grid, stored with a slope. */
const maskImage = {
  ...volume,
  voxels: Uint8Array.from(volume.voxels, (_, n) => (n % 97 < 2 ? 127 * (1 + (n % 2)) : 0)),
  slope: 1 / 127.4,
}

/** The header of layers of labels, named as 3D Slicer names its segments. */
const segHeader = (sizes: string): Uint8Array => {
  const lines = [
    'NRRD0004',
    'type: unsigned char',
    'dimension: 4',
    'space: left-posterior-superior',
    `sizes: ${sizes}`,
    'space directions: none (0.7,0,0) (0,0.8,0) (0,0,2.5)',
    'encoding: gzip',
    'space origin: (-100,-120,-300)',
  ]
  const segments = ['0_Name:=A', '0_LabelValue:=1', '0_Layer:=0', '1_Name:=B', '1_LabelValue:=1', '1_Layer:=1']
  return Buffer.from(`${[...lines, ...segments.map((pair) => `Segment${pair}`)].join('\n')}\n\n`)
}

/** Two layers, each with some parts. */
const segNrrd = (): Uint8Array =>
  join8([segHeader('2 16 12 6'), gzipSync(Uint8Array.from({ length: 2 * 16 * 12 * 6 }, (_, n) => Number(n % 61 < 3)))])

/** Series as people hold them: without group 2, in another syntax than is named, two passes, strays, other classes. */
function oddSeries(slices: readonly Uint8Array[]): Seed[] {
  const folder = (files: readonly Uint8Array[], name = ''): Files =>
    Object.fromEntries(files.map((bytes, k) => [`${name}${k}.dcm`, bytes]))
  const all = Array.from({ length: 6 }, (_, k) => sliceAttributes(volume, k))
  const preamble = slices[0].subarray(0, 132)
  const meta = (syntax: string): Uint8Array => dicomDataset({ TransferSyntaxUID: syntax })
  const second = all.map((slice, k) => {
    const [x, y, z] = slice.ImagePositionPatient as readonly number[]
    return dicomFile({
      ...slice,
      ImagePositionPatient: [x, y, z + 1.25],
      AcquisitionNumber: '2',
      SOPInstanceUID: `1.5.${k}`,
    })
  })
  const scout = dicomFile({ ...all[0], Rows: 6, Columns: 32, ImageOrientationPatient: [1, 0, 0, 0, 0, -1] })
  const plan = dicomFile({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.481.5',
    Modality: 'RTPLAN',
    TextValue: 'x'.repeat(400),
  })
  const secondary = all.map((slice) => dicomFile({ ...slice, SOPClassUID: '1.2.840.10008.5.1.4.1.1.7' }))
  const written = (write: (slice: (typeof all)[number]) => Uint8Array): Files => folder(all.map(write))
  return [
    { format: 'dicom, no group 2', open: '', files: written((slice) => join8([preamble, dicomDataset(slice)])) },
    { format: 'dicom, no preamble', open: '', files: written((slice) => dicomFile(slice).subarray(132)) },
    {
      format: 'dicom, another syntax named',
      open: '',
      files: written((slice) => join8([preamble, meta('1.2.840.10008.1.2'), dicomDataset(slice)])),
    },
    {
      format: 'dicom, two passes',
      open: '',
      files: { ...folder(slices), ...folder(second, 'b') },
      series: '1.2.3.4:1',
    },
    { format: 'dicom, strays', open: '', files: { ...folder(slices), 's.dcm': scout, 'p.dcm': plan.subarray(0, -99) } },
    { format: 'dicom, secondary capture', open: '', files: folder(secondary) },
  ]
}

/** Inputs made to hurt: bombs, and paths that climb. */
export function attacks(): readonly Seed[] {
  const zeros = new Uint8Array(64 << 20)
  const bomb = deflateRawSync(join8([dicomFile({ ...sliceAttributes(volume, 0), PixelData: undefined }), zeros]))
  const gz = (head: Uint8Array): Uint8Array => gzipSync(join8([head, zeros]))
  const entry = (path: string, claimed?: number) => ({
    path,
    bytes: new Uint8Array(bomb),
    ...(claimed ? { claimed } : {}),
  })
  const header = encodeNifti({ voxels: new Int16Array(8), shapeIjk: [2, 2, 2], affineLps: volume.affineLps }).slice(
    0,
    352,
  )
  new DataView(header.buffer).setInt16(42, 32767, true)
  new DataView(header.buffer).setInt16(44, 32767, true)
  new DataView(header.buffer).setInt16(46, 32767, true)
  const mhd = (file: string, more = ''): Uint8Array =>
    Buffer.from(
      `ObjectType = Image\nNDims = 3\n${more}DimSize = 1000 1000 1000\nElementSpacing = 1 1 1\nElementType = MET_SHORT\nElementDataFile = ${file}\n`,
    )
  const nrrd = (more: string): Uint8Array =>
    Buffer.from(
      `NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 900 900 900\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nendian: little\nspace origin: (0,0,0)\n${more}\n\n`,
    )
  const deflated = dicomFile({}, { syntax: '1.2.840.10008.1.2.1.99' })
  const deep = Array.from({ length: 100_000 }, () => [
    0x0c, 0x30, 0x02, 0, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff,
  ]).flat()
  const one = (format: string, name: string, bytes: Uint8Array, more: Files = {}): Seed => ({
    format,
    open: name,
    files: { [name]: bytes, ...more },
  })
  return [
    one(
      'zip bomb',
      'a.zip',
      zipFile([entry('a.dcm', 0xfffffffe)], (bytes) => bytes),
    ),
    one(
      'zip bomb small claim',
      'a.zip',
      zipFile([entry('a.dcm', 2000)], (bytes) => bytes),
    ),
    one(
      'zip of bombs',
      'a.zip',
      zipFile(
        Array.from({ length: 200 }, (_, n) => entry(`${n}.dcm`, 64 << 20)),
        (bytes) => bytes,
      ),
    ),
    ...['../a.dcm', '/a.dcm', 'a/../../b.dcm', '..\\a.dcm', 'C:/a.dcm', 'a\0/../b'].map((path) =>
      one(`zip path ${path}`, 'a.zip', zipFile([{ path, bytes: dicomFile(sliceAttributes(volume, 0)) }])),
    ),
    one('nifti bomb', 'a.nii.gz', gz(header)),
    one('mha bomb', 'a.mha', join8([mhd('LOCAL', 'CompressedData = True\n'), gzipSync(zeros)])),
    one('nrrd bomb', 'a.nrrd', join8([nrrd('encoding: gzip'), gzipSync(zeros)])),
    ...['1000 900 900 900', '2 30000 30000 30000'].map((sizes): Seed => {
      const header = segHeader(sizes)
      return { ...one(`seg.nrrd bomb ${sizes}`, 'a.seg.nrrd', join8([header, gzipSync(zeros)])), kind: 'labels' }
    }),
    one('deflated dicom bomb', 'a.dcm', join8([deflated, deflateRawSync(new Uint8Array(512 << 20).fill(8, 0, 2))])),
    one('deep sequences', 'a.dcm', join8([dicomFile({}, { syntax: '1.2.840.10008.1.2' }), Uint8Array.from(deep)])),
    ...['../../etc/passwd', '/etc/passwd', '..\\x', 'LIST', '%03d.raw 1 9 1'].flatMap((file) => [
      one(`mhd ${file}`, 'a.mhd', mhd(file)),
      one(`nhdr ${file}`, 'a.nhdr', nrrd(`encoding: raw\ndata file: ${file}`)),
    ]),
    ...['..\\..\\etc\\passwd', '\\etc\\passwd', '..'].map((id) =>
      one(
        'dicomdir path',
        'DICOMDIR',
        dicomFile({ SOPClassUID: '1.2.840.10008.1.3.10', DirectoryRecordSequence: [{ ReferencedFileID: id }] }),
      ),
    ),
  ]
}

/** One or a few changes to a file. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let out = new Uint8Array(bytes)
  const rounds = 1 + random.integer(4)
  for (let n = 0; n < rounds && out.length > 4; n++) {
    // Most of the damage where it hurts: in headers.
    const reach = random.integer(3) === 0 ? out.length : Math.min(out.length, 1200)
    const at = random.integer(Math.max(1, reach - 4))
    const view = new DataView(out.buffer, out.byteOffset)
    const sizes = [0, 1, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, random.integer(1 << 30)]
    switch (random.integer(7)) {
      case 0:
        out[at] ^= 1 << random.integer(8)
        break
      case 1:
        out[at] = random.integer(256)
        break
      case 2:
        view.setUint32(at, sizes[random.integer(sizes.length)], random.integer(4) > 0)
        break
      case 3:
        view.setUint16(at, sizes[random.integer(sizes.length)] & 0xffff, random.integer(4) > 0)
        break
      case 4:
        out = out.slice(0, random.integer(out.length))
        break
      case 5: {
        // A piece of it again, somewhere else.
        const from = random.integer(out.length)
        const piece = out.slice(from, from + random.integer(200))
        out = join8([out.subarray(0, at), piece, out.subarray(at + (random.integer(2) ? piece.length : 0))])
        break
      }
      default: {
        // Digits of a text header or of a decimal string.
        const digits = [...out.keys()].filter((p) => out[p] >= 48 && out[p] <= 57)
        if (digits.length > 0) out[digits[random.integer(digits.length)]] = 45 + random.integer(13)
      }
    }
  }
  return out
}

/** Writes an input, one of its files changed, into an emptied folder. */
export function place(seed: Seed, folder: string, random?: Random): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const names = Object.keys(seed.files)
  const changed = random ? names[random.integer(names.length)] : undefined
  for (const [name, bytes] of Object.entries(seed.files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), name === changed && random ? mutate(bytes, random) : bytes)
  }
}

/**
 * Opens and reads an input.
 * @returns 'read', or the code of the refusal
 * @throws whatever is not a SpiculaError: a defect
 */
export async function attempt({ open, kind, series }: Seed, folder: string): Promise<string> {
  const path = open === '' ? folder : join(folder, open)
  try {
    if (kind === 'labels') await readLabels(path)
    else if (kind === 'boxes') parseBoxes(readFileSync(path, 'utf8'), 'a.xml')
    else if (kind === 'markups') placesOfMarkups(readFileSync(path, 'utf8'), 'a')
    else if (kind !== undefined) {
      const header = await readDicomHeader(await fileSource(path), inflateRaw)
      if (kind === 'seg') await placesOfSeg(header, decompress)
      else if (kind === 'rtstruct') placesOfStructures(header.dataset, 'a.dcm')
      else placesOfReport(header.dataset, 'a.dcm', (_, column, row) => [column, row, 0])
    } else await readScan(series === undefined ? path : `${path}#${series}`)
    return 'read'
  } catch (error) {
    if (error instanceof SpiculaError) return error.code
    throw error
  }
}

/** A mask, beside a scan that it may be of. */
async function readLabels(path: string): Promise<void> {
  const labels = await openLabels(path)
  await placesOfMask(labels)
  checkMaskGrid(labels.layers[0], { ...volume, name: 'ct' })
}

async function readScan(path: string): Promise<void> {
  const scan = await openScan(path)
  const [ni, nj, nk] = scan.shapeIjk
  if (!scan.affineLps.every(Number.isFinite)) throw new Error('an affine that is not finite')
  const isSmall = ni * nj * nk <= WHOLE
  const sizeIjk = isSmall ? scan.shapeIjk : ([Math.min(ni, 64), Math.min(nj, 64), 1] as const)
  const hu = await scan.readHu({ startIjk: [0, 0, isSmall ? 0 : nk - 1], sizeIjk })
  if (hu.length !== sizeIjk[0] * sizeIjk[1] * sizeIjk[2]) throw new Error('a box of another size')
  if (isSmall) await placesOfMask(labelsOf(scan))
}
