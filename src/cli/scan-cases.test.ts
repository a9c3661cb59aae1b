/** Scans and masks as people hold them: each gives the right value, or is refused by name. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { describeShared } from '../../test/shared.ts'
import { openScan } from '../scan/open.node.ts'
import type { Triple } from '../scan/scan.ts'
import { runner } from './shared/cli.fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'spicula-cases-'))
afterAll(() => rmSync(folder, { recursive: true }))
const run = runner(folder)

/** The field of all cases: -800 HU, with a slope of 0.5, 0.25 and 0.75 HU a millimetre along x, y and z from -100. */
const fieldHu = ([x, y, z]: Triple): number => -800 + 0.5 * x + 0.25 * y + 0.75 * (z + 100)

/** HU of the first voxel of each slice, and how far they are off the field where the scan says that they lie. */
async function firstVoxels(path: string) {
  const scan = await openScan(path)
  const hu = await scan.readHu({ startIjk: [0, 0, 0], sizeIjk: [1, 1, scan.shapeIjk[2]] })
  const a = scan.affineLps
  const points = [...hu].map((_, k): Triple => [a[2] * k + a[3], a[6] * k + a[7], a[10] * k + a[11]])
  const off = Math.max(...points.map((point, k) => Math.abs(hu[k] - fieldHu(point))))
  return { codes: scan.notes.map(({ code }) => code), shapeIjk: scan.shapeIjk, hu: [...hu], off }
}

/** The cohort that a mask gives: id, place, label. */
async function cohortFromMask(...args: readonly string[]) {
  const { status, stderr } = await run('cohort', 'from', 'mask', ...args, '--out', 'o.csv')
  if (status !== 0) return { status, stderr }
  const [, ...rows] = readFileSync(join(folder, 'o.csv'), 'utf8').trim().split('\n')
  const cells = rows.map((row) => row.split(','))
  return { status, stderr, rows: cells.map((row) => [row[1], ...row.slice(3, 6), row[9]].join(' ')) }
}

describeShared('cases/scans-05-interleaved-acquisitions', (path) => {
  it('two passes are two volumes', async () => {
    const ct = join(path(), 'input/ct')
    await expect(openScan(ct)).rejects.toMatchObject({ code: 'volume/dicom-acquisitions' })
    const [one, other] = [await firstVoxels(`${ct}#03233925:1`), await firstVoxels(`${ct}#03233925:2`)]
    expect([one.hu.slice(0, 2), other.hu.slice(0, 2)]).toEqual([
      [-852, -851],
      [-552, -551],
    ])
  })
})

describeShared('cases/scans-10-mask-lost-geometry', (path) => {
  it.each(['m1', 'm2'])('%s is refused', async (name) => {
    const input = join(path(), 'input')
    const mask = await cohortFromMask(join(input, `${name}.nii.gz`), '--image', join(input, 'ct.nii.gz'))
    expect(mask).toEqual({ status: 1, stderr: expect.stringContaining('[datasets/mask-geometry]') })
  })
})

describeShared('cases/scans-13-mask-noninteger', (path) => {
  it.each(['m_int16', 'm_uint8'])('%s has seven labels', async (name) => {
    const input = join(path(), 'input')
    const { rows, stderr } = await cohortFromMask(join(input, `${name}.nii.gz`), '--image', join(input, 'ct.nii.gz'))
    expect(rows).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => `${n}.1 -12.5 -42.5 ${5 * n - 120} ${n}`))
    expect(stderr).toContain('[datasets/mask-rounded]')
  })
})

describeShared('cases/scans-14-stray-object', (path) => {
  it.each([
    ['ct0', 'volume/dicom-unread'],
    ['ct1', 'volume/dicom-other'],
    ['ct2', 'volume/dicom-unread'],
  ])('%s is the CT', async (name, code) => {
    const { codes, shapeIjk, off } = await firstVoxels(join(path(), 'input', name))
    expect({ codes, shapeIjk }).toEqual({ codes: [code], shapeIjk: [24, 24, 10] })
    expect(off).toBeLessThanOrEqual(0.5)
  })
})

describeShared(['cases/scans-15-ts-mismatch', 'cases/scans-23-dicm-without-group-2'], (mismatch, lost) => {
  it.each(['explicit-named', 'implicit-named', 'dicm-no-meta', 'meta-no-preamble'])('%s is read', async (name) => {
    const place = name.endsWith('named') ? mismatch() : lost()
    const { codes, off } = await firstVoxels(join(place, 'input', name))
    expect(codes).toEqual(['volume/dicom-odd'])
    expect(off).toBeLessThanOrEqual(0.5)
  })
})

describeShared('cases/scans-16-chest-thick-abdomen-thin', (path) => {
  it('the point decides', async () => {
    const ct = join(path(), 'input/ct')
    const scan = await openScan(ct, [10, -20, -100])
    const box = { startIjk: [12, 12, 6], sizeIjk: [1, 1, 1] } as const
    expect([scan.shapeIjk[2], ...(await scan.readHu(box))]).toEqual([12, 50])
    await expect(openScan(ct)).rejects.toMatchObject({ code: 'volume/dicom-series' })
  })
})

describeShared('cases/scans-18-secondary-capture-class', (path) => {
  it('is read as SimpleITK and dcm2niix read it', async () => {
    const { codes, shapeIjk, off } = await firstVoxels(join(path(), 'input/ct'))
    expect({ codes, shapeIjk }).toEqual({ codes: ['volume/dicom-odd'], shapeIjk: [40, 40, 16] })
    expect(off).toBeLessThanOrEqual(0.5)
  })
})

describeShared('cases/scans-19-seg-nrrd-layers', (path) => {
  it('has two nodules', async () => {
    const input = join(path(), 'input')
    const { rows } = await cohortFromMask(join(input, 'a.seg.nrrd'), '--image', join(input, 'ct.nii.gz'))
    expect(rows).toEqual(['1.1 10 -20 -100 1', '2.1 25 -20 -100 1'])
  })
})

describeShared('cases/scans-21-nnunet-names', (path) => {
  it('finds the scan', async () => {
    const input = join(path(), 'input')
    const { rows } = await cohortFromMask(join(input, 'labelsTr/LUNG_001.nii.gz'), '--images', join(input, 'imagesTr'))
    expect(rows).toEqual(['1 10 -20 -100 1'])
  })
})
