import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { luna16Cohort } from '../../annotations/tables/luna.ts'
import { monaiCohort } from '../../annotations/tables/monai.ts'
import { parseTable } from '../../files/table.ts'
import { writeNifti } from '../../scan/nifti/write.node.ts'
import { cohortCommand } from './cohort.ts'

const COHORT = `pid,nodule_id,image_path,coordX,coordY,coordZ,diameter_mm,finding,series_uid
A,1,scans/a.nii.gz,10.5,-20,-100,8,Nodule,1.2.3
A,2,scans/a.nii.gz,1,2,3,,,1.2.3
B,1,other/A.mhd,-1,-2,-3,6.5,"a, b",
`

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'to-'))
  await mkdir(join(folder, 'scans'))
  await writeFile(join(folder, 'cohort.csv'), COHORT)
  await writeFile(join(folder, 'one.csv'), COHORT.split('\n').slice(0, 3).join('\n'))
  await writeNifti(join(folder, 'scans/a.nii.gz'), {
    voxels: new Int16Array(64),
    shapeIjk: [4, 4, 4],
    affineLps: [2, 0, 0, -10, 0, 3, 0, -20, 0, 0, 4, -30],
  })
})
beforeEach(() => {
  process.exitCode = 0
})
afterAll(async () => {
  process.exitCode = 0
  await rm(folder, { recursive: true })
})

const run = (...args: string[]) => cohortCommand().parseAsync(['node', 'cohort', ...args, '--quiet'])
const at = (name: string) => join(folder, name)
const read = (name: string) => readFile(at(name), 'utf8')

describe('spicula cohort to', () => {
  it('writes markups, a file a scan, that come back as the same places', async () => {
    await run('to', 'markups', at('cohort.csv'), '--out', at('markups'))
    expect((await readdir(at('markups'))).sort()).toEqual(['A-2.mrk.json', 'a.mrk.json', 'about.json'])
    const { markups } = JSON.parse(await read('markups/a.mrk.json'))
    expect(markups[0]).toMatchObject({ type: 'Fiducial', coordinateSystem: 'LPS', coordinateUnits: 'mm' })
    expect(markups[0].controlPoints[0]).toMatchObject({
      label: '1',
      position: [10.5, -20, -100],
      positionStatus: 'defined',
    })
    expect(JSON.parse(await read('markups/about.json'))).toMatchObject({ use: 'for research use', nodules: 3 })
    await run('to', 'markups', at('one.csv'), '--out', at('one.fcsv'))
    await writeFile(at('map.json'), '{"pid": "label", "nodule_id": "id", "coordX": "x", "coordY": "y", "coordZ": "z"}')
    await run('from', 'table', at('one.fcsv'), '--map', at('map.json'), '--out', at('back.csv'))
    const back = parseTable(await read('back.csv'), 'back.csv').records
    expect(back.map(({ values }) => [values.coordX, values.coordY, values.coordZ])).toEqual([
      ['10.5', '-20', '-100'],
      ['1', '2', '3'],
    ])
    await expect(run('to', 'markups', at('cohort.csv'), '--out', at('all.fcsv'))).rejects.toThrow(/2 scans in one file/)
  })

  it('takes points of a scan back from markups', async () => {
    await writeFile(at('near.csv'), 'pid,nodule_id,image_path,coordX,coordY,coordZ\nA,7,scans/a.nii.gz,-8,-17,-26\n')
    await run('to', 'markups', at('near.csv'), '--out', at('near.mrk.json'))
    await run('from', 'markups', at('near.mrk.json'), '--image', at('scans/a.nii.gz'), '--out', at('near-back.csv'))
    const [{ values }] = parseTable(await read('near-back.csv'), 'a').records
    expect(values).toMatchObject({ pid: 'near', nodule_id: '7', coordX: '-8', coordY: '-17', coordZ: '-26' })
  })

  it("writes LUNA16's table and MONAI's list, and names the rows that have no size", async () => {
    await run('to', 'luna16', at('cohort.csv'), '--out', at('luna/annotations.csv'))
    expect(await read('luna/annotations.csv')).toBe(
      'seriesuid,coordX,coordY,coordZ,diameter_mm\n1.2.3,10.5,-20,-100,8\nA,-1,-2,-3,6.5\n',
    )
    expect(luna16Cohort(parseTable(await read('luna/annotations.csv'), 'a')).problems).toEqual([])
    expect(await read('luna/errors.csv')).toMatch(/3,datasets\/row,"?no diameter, which LUNA16 needs/)
    expect(process.exitCode).toBe(2)
    await run('to', 'monai', at('cohort.csv'), '--out', at('monai.json'))
    expect(JSON.parse(await read('monai.json')).training).toEqual([
      { image: 'scans/a.nii.gz', box: [[10.5, -20, -100, 8, 8, 8]], label: [0] },
      { image: 'other/A.mhd', box: [[-1, -2, -3, 6.5, 6.5, 6.5]], label: [0] },
    ])
    const { rows } = monaiCohort(await read('monai.json'), { name: 'a' })
    expect(rows.map(({ pointLps }) => pointLps)).toEqual([
      [10.5, -20, -100],
      [-1, -2, -3],
    ])
  })

  it('turns ras round, and finds voxels in the scan; a scan that is not there is a problem of its rows', async () => {
    await run('to', 'markups', at('one.csv'), '--out', at('ras.mrk.json'), '--frame', 'ras')
    expect(JSON.parse(await read('ras.mrk.json')).markups[0].controlPoints[0].position).toEqual([-10.5, 20, -100])
    await writeFile(
      at('voxel.csv'),
      'pid,nodule_id,image_path,coordX,coordY,coordZ\nA,1,scans/a.nii.gz,1,1,1\nB,1,no.nii,1,1,1\n',
    )
    await run('to', 'markups', at('voxel.csv'), '--out', at('voxel'), '--frame', 'voxel')
    expect(JSON.parse(await read('voxel/a.mrk.json')).markups[0].controlPoints[0].position).toEqual([-8, -17, -26])
    expect(await read('voxel/errors.csv')).toContain('volume/missing')
  })
})
