import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeShared } from '../../../test/shared.ts'
import { parseManifest } from '../../cohort/manifest.ts'
import { runner } from '../shared/cli.fixture.ts'

let folder = ''
let run: ReturnType<typeof runner>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cohort-'))
  run = runner(folder)
})
afterAll(() => rm(folder, { recursive: true }))
const put = (name: string, text: string) => writeFile(join(folder, name), text)
const read = (name: string) => readFile(join(folder, name), 'utf8')

describe('spicula cohort from', () => {
  it('lists its sources', async () => {
    const { stdout } = await run('cohort', 'from', '--help')
    for (const source of ['lidc', 'lungx', 'nlst', 'dlcs24', 'luna16', 'luna25', 'monai', 'table'])
      expect(stdout).toContain(`  ${source} `)
  })

  it('writes a manifest that predict reads, what to know of it, and rows that failed', async () => {
    await put(
      'annotations.csv',
      'seriesuid,coordX,coordY,coordZ,diameter_mm\n1.3.6,-128.69,-175.31,-298.38,5.65\n1.3.8,x,1,2,3\n',
    )
    const { status, stderr } = await run('cohort', 'from', 'luna16', 'annotations.csv', '--out', 'made/luna16.csv')
    expect(status).toBe(2)
    expect(stderr).toContain('row 3: coordX: not a finite number [datasets/row]')
    const { rows, problems } = parseManifest(await read('made/luna16.csv'), { name: 'luna16.csv' })
    expect(problems).toEqual([])
    expect(rows).toMatchObject([
      { pid: '1.3.6', noduleId: '1', imagePath: '1.3.6.mhd', point: [-128.69, -175.31, -298.38], malignant: null },
    ])
    expect(await read('made/errors.csv')).toContain('3,datasets/row')
    expect(JSON.parse(await read('made/luna16.csv.about.json'))).toMatchObject({
      use: 'for research use',
      nodules: 1,
      frame: 'lps',
    })
  })

  it('reads every other source', async () => {
    await put(
      'dlcs.csv',
      'patient-id,nodule_id,ct_nifti_file,coordX,coordY,coordZ,w,h,d,Malignant_lbl,benchmark_split\nD1,D1_1,D1.nii.gz,1,2,3,4,5,6,1,test\n',
    )
    await put('monai.json', '[{"image": "a.nii.gz", "box": [[1, 2, 3, 4, 5, 6]], "label_scores": [0.7]}]')
    await put('l25.csv', 'PatientID,SeriesInstanceUID,CoordX,CoordY,CoordZ,AnnotationID,label\n1,1.2,1,2,3,a,0\n')
    await put('points.json', '{"points": [{"name": "a", "point": [1, 2, 3]}]}')
    await put('free.csv', 'MRN,X,Y,Z\n1,1,2,3\n')
    await put('map.json', '{"pid": "MRN", "coordX": "X", "coordY": "Y", "coordZ": "Z"}')
    await put('ctab.csv', 'pid,study_yr,sct_ab_num,sct_ab_desc\n1,0,1,51\n')
    await put('prsn.csv', 'pid,candx_days,scr_days0,scr_days1,scr_days2\n1,100,0,,\n')
    for (const args of [
      ['dlcs24', 'dlcs.csv', '--frame', 'ras'],
      ['monai', 'monai.json', '--min-score', '0.5'],
      ['luna25', 'l25.csv'],
      ['luna25', 'points.json', '--pid', '7', '--image', 'ct.mha'],
      ['table', 'free.csv', '--map', 'map.json'],
      ['nlst', 'ctab.csv', '--participants', 'prsn.csv'],
    ]) {
      const { status, stderr } = await run('cohort', 'from', ...args, '--out', 'one.csv')
      expect([args[0], status, stderr]).toEqual([args[0], 0, expect.stringContaining('1 nodules of 1 patients')])
      expect((await read('one.csv')).split('\n')[0]).toMatch(/^pid,nodule_id,image_path,coordX,coordY,coordZ,malignant/)
    }
  })

  it('says what is missing', async () => {
    expect((await run('cohort', 'from', 'luna16', 'nowhere.csv', '--out', 'x.csv')).stderr).toContain(
      'nowhere.csv: no such file',
    )
    expect((await run('cohort', 'from', 'luna25', 'points.json', '--out', 'x.csv')).stderr).toContain(
      'give --pid and --image',
    )
    expect((await run('cohort', 'from', 'lungx', 'nowhere', '--out', 'x.csv')).stderr).toContain(
      'no such file or folder',
    )
    expect((await run('cohort', 'from', 'lungx', 'map.json', '--out', 'x.csv')).stderr).toContain(
      'no nodule in the workbooks',
    )
  })
})

describeShared('data/lungx', (source) => {
  it('becomes a cohort of 83 nodules by command, its four disagreements listed', async () => {
    const { status, stderr } = await run('cohort', 'from', 'lungx', source(), '--out', 'lungx.csv')
    expect(status).toBe(0)
    expect(stderr).toContain('70 nodules in the workbooks; 13 more')
    expect(stderr).toContain('83 nodules of 70 patients, 41 malignant, 42 benign')
    for (const name of ['LUNGx-CT031', 'LUNGx-CT032', 'LUNGx-CT055', 'CT-Training-BE001'])
      expect(stderr).toContain(name)
    expect(parseManifest(await read('lungx.csv'), { name: 'lungx.csv' }).rows).toHaveLength(83)
  })
})
