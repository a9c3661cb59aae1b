import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VERSION } from '../../version.ts'
import { AT, makeScans, type Ran, runner, writeCohort } from '../shared/cli.fixture.ts'

let folder = ''
let spicula: (...args: string[]) => Promise<Ran>
beforeAll(async () => {
  folder = await makeScans()
  spicula = runner(folder)
  await writeCohort(folder, 'good.csv', [`P-001,1,scan.nii.gz,${AT}`, 'P/2,a b,scan.nii.gz,-60,-80,-250'])
  await writeCohort(folder, 'mixed.csv', [
    `PAT-77,1,gone.nii,${AT}`,
    `P-001,1,scan.nii.gz,${AT}`,
    'PAT-78,1,scan.nii.gz,64,84,-252',
    `P-002,1,slice.nii,${AT}`,
  ])
})
afterAll(() => rm(folder, { recursive: true }))

/** A .npy file of little-endian float32 in C order (NumPy format 1.0): its shape and numbers. */
async function readNpy(name: string): Promise<{ shape: number[]; data: Float32Array }> {
  const bytes = await readFile(join(folder, name))
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x93NUMPY\x01\x00')
  const start = 10 + bytes.readUInt16LE(8)
  const header = /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(([\d, ]+)\), \} *\n$/.exec(
    bytes.subarray(10, start).toString('latin1'),
  )
  const shape = (header?.[1] ?? '').split(',').map(Number)
  const data = new Float32Array(new Uint8Array(bytes.subarray(start)).buffer)
  expect(data.length).toBe(shape.reduce((product, n) => product * n, 1))
  return { shape, data }
}

/** Width and height of a PNG (its first chunk, IHDR). */
async function pngSize(name: string): Promise<[number, number]> {
  const bytes = await readFile(join(folder, name))
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
}

const files = async (name: string) => (await readdir(join(folder, name))).sort()
const about = async (name: string) => JSON.parse(await readFile(join(folder, name, 'about.json'), 'utf8'))
const made = { software: `spicula ${VERSION}`, use: 'for research use', frame: 'lps' }
const quiet = { status: 0, stdout: '', stderr: '' }

describe('spicula views', () => {
  it('writes nine views and a contact sheet for every row, and how they were made', async () => {
    expect(await spicula('views', 'good.csv', '--out', 'v', '--quiet')).toEqual(quiet)
    const stems = ['P%2F2_a b', 'P-001_1']
    expect(await files('v')).toEqual([...stems.flatMap((stem) => [`${stem}.npy`, `${stem}.png`]), 'about.json'])
    const { shape, data } = await readNpy('v/P-001_1.npy')
    expect(shape).toEqual([9, 224, 224])
    // The middle of the axial view is nodule, its corner lung: (50 + 1000) / 1500 and about 200 / 1500.
    expect(data[112 * 224 + 112]).toBeCloseTo(0.7, 5)
    expect(data[0]).toBeLessThan(0.2)
    const [width, height] = await pngSize('v/P-001_1.png')
    expect(Math.min(width, height)).toBeGreaterThan(600)
    expect(await about('v')).toEqual({
      ...made,
      kind: 'views',
      geometry: 'exact',
      views: 'nine',
      cropMm: 100,
      viewMm: 50,
      resolution: 224,
      nodules: 2,
      failed: 0,
    })
  })

  it.each([
    ['planes', 3],
    ['axial', 1],
  ])('writes --views %s', async (views, count) => {
    await spicula('views', 'good.csv', '--out', views, '--views', views)
    expect((await readNpy(`${views}/P-001_1.npy`)).shape).toEqual([count, 224, 224])
  })

  it('writes other numbers in the published geometry', async () => {
    for (const geometry of ['exact', 'published'])
      await spicula('views', 'good.csv', '--out', geometry, '--views', 'axial', '--geometry', geometry)
    const [published, exact] = [await readNpy('published/P-001_1.npy'), await readNpy('exact/P-001_1.npy')]
    expect(published.shape).toEqual(exact.shape)
    expect(published.data).not.toEqual(exact.data)
    expect(await about('published')).toMatchObject({ geometry: 'published' })
  })

  it('takes the geometry of a model, and then no other', async () => {
    const { status, stderr } = await spicula('views', 'good.csv', '--out', 'x', '--model', 'm', '--geometry', 'exact')
    expect([status, stderr]).toEqual([1, expect.stringMatching(/'--model <folder>' cannot be used with .*'--geometry/)])
  })

  it('loses no row to bad ones', async () => {
    const { status, stderr } = await spicula('views', 'mixed.csv', '--out', 'mixed')
    expect(status).toBe(2)
    expect(await files('mixed')).toEqual([
      'P-001_1.npy',
      'P-001_1.png',
      'P-002_1.npy',
      'P-002_1.png',
      'about.json',
      'errors.csv',
    ])
    expect((await readNpy('mixed/P-002_1.npy')).shape).toEqual([1, 224, 224])
    const errors = await readFile(join(folder, 'mixed/errors.csv'), 'utf8')
    expect(errors.match(/^\d+,[\w/]+/gm)).toEqual(['2,volume/missing', '4,nodule/outside'])
    expect(errors + stderr).not.toContain('PAT-')
    expect(stderr).toMatch(/^note, row 5: .*\[nodule\/single-slice\]$/m)
    expect(stderr).toMatch(/^views of 2 nodules -> mixed$/m)
  })
})

describe('spicula crop', () => {
  it('writes cubes of 1 mm in HU, of the size asked for', async () => {
    expect(await spicula('crop', 'good.csv', '--out', 'c', '--size', '20', '--quiet')).toEqual(quiet)
    expect(await files('c')).toEqual(['P%2F2_a b.npy', 'P-001_1.npy', 'about.json'])
    const { shape, data } = await readNpy('c/P-001_1.npy')
    expect(shape).toEqual([20, 20, 20])
    expect(data[10 * 400 + 10 * 20 + 10]).toBeCloseTo(50, 3)
    expect(await about('c')).toMatchObject({ ...made, kind: 'crop', sizeMm: 20 })
  })

  it('writes cubes of 100 mm where nothing is said, and the same ones for the same points in another frame', async () => {
    await writeCohort(folder, 'voxel.csv', ['P-001,1,scan.nii.gz,24,24,24'])
    await spicula('crop', 'good.csv', '--out', 'lps')
    await spicula('crop', 'voxel.csv', '--out', 'voxel', '--frame', 'voxel')
    expect((await readNpy('lps/P-001_1.npy')).shape).toEqual([100, 100, 100])
    const [lps, voxel] = ['lps', 'voxel'].map((name) => readFile(join(folder, name, 'P-001_1.npy')))
    expect((await lps).equals(await voxel)).toBe(true)
  })
})

describe('spicula check', () => {
  it('counts rows, patients, scans and labels, and draws every nodule', async () => {
    const { status, stdout } = await spicula('check', 'mixed.csv', '--out', 'k')
    expect(status).toBe(2)
    expect(stdout).toBe(
      'mixed.csv: 2 of 4 rows sound, 4 patients, 3 scans\n' +
        'labels: 0 malignant, 0 benign, 4 without\n' +
        'pictures: k  (spicula, for research use)\n',
    )
    expect(await files('k')).toEqual(['P-001_1.png', 'P-002_1.png', 'about.json', 'errors.csv'])
    const [width, height] = await pngSize('k/P-001_1.png')
    expect(width).toBeGreaterThan(2 * height)
  })
})
