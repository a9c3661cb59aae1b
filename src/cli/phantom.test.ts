import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readManifest } from '../cohort/manifest.node.ts'
import { featureRows } from '../features/feature-rows.ts'
import { parseTable } from '../files/table.ts'
import { type Ran, runner } from './shared/cli.fixture.ts'

let folder = ''
let spicula: (...args: string[]) => Promise<Ran>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phantom-cli-'))
  spicula = runner(folder)
})
afterAll(() => rm(folder, { recursive: true }))

const bytes = (path: string): Promise<Buffer> => readFile(join(folder, path))
const small = ['--matrix', '48x44x28', '--spacing', '4,4,6', '--nodules', '2', '--seed', '4']

describe('spicula phantom', () => {
  it('makes a scan, its cohort and its specification; the same again from that, on any number of threads', async () => {
    const made = await spicula('phantom', '--out', 'a', ...small, '--format', 'both', '--threads', '1')
    // Progress is told where it takes more than two seconds, as on a busy machine.
    expect(made.status).toBe(0)
    expect(made.stdout).toMatch(/^48 x 44 x 28 voxels, 2 nodules -> a {2}\(synthetic, spicula .*for research use\)\n$/)
    expect((await readdir(join(folder, 'a'))).sort()).toEqual(['cohort.csv', 'ct.nii.gz', 'dicom', 'phantom.json'])
    expect(await readdir(join(folder, 'a/dicom'))).toHaveLength(28)

    const again = ['phantom', '--spec', 'a/phantom.json', '--out', 'b', '--format', 'both', '--threads', '3', '--quiet']
    expect(await spicula(...again)).toEqual({ status: 0, stdout: '', stderr: '' })
    for (const file of ['cohort.csv', 'ct.nii.gz', 'phantom.json', 'dicom/07.dcm'])
      expect((await bytes(`b/${file}`)).equals(await bytes(`a/${file}`)), file).toBe(true)

    // Slices of another scan would mix with these.
    const twice = await spicula(...again)
    expect(twice).toMatchObject({ status: 1, stderr: expect.stringContaining('[datasets/phantom-exists]') })

    const manifest = await readManifest(join(folder, 'a/cohort.csv'))
    expect(manifest.problems).toEqual([])
    expect(manifest.rows.map(({ malignant }) => malignant)).toEqual([null, null])
    const checked = await spicula('check', 'a/cohort.csv', '--out', 'checked')
    expect(checked.status).toBe(0)
  })

  it('makes a cohort whose table tells all features; DICOM names the same places', async () => {
    const options = ['--spacing', '2,2,2.5', '--size', '50', '--seed', '2']
    expect((await spicula('phantom', '--cohort', '3', '--out', 'c', ...options)).status).toBe(0)
    const text = (await bytes('c/cohort.csv')).toString()
    const { rows, problems } = featureRows(parseTable(text, 'cohort.csv'))
    expect(problems).toEqual([])
    expect(rows).toHaveLength(3)
    for (const { features } of rows) expect(Object.keys(features).length).toBeGreaterThanOrEqual(19)
    const { members } = JSON.parse((await bytes('c/phantom.json')).toString())
    expect(Object.keys(members)).toEqual(['PHANTOM-2-0001', 'PHANTOM-2-0002', 'PHANTOM-2-0003'])

    // The first members are the same whatever their number, and each is made again by its own specification.
    await spicula('phantom', '--cohort', '1', '--out', 'd', ...options, '--format', 'dicom')
    expect((await bytes('d/cohort.csv')).toString().split('\n')[1]).toBe(
      text.split('\n')[1].replace('ct/PHANTOM-2-0001.nii.gz', 'dicom/PHANTOM-2-0001'),
    )
    await writeFile(join(folder, 'one.json'), JSON.stringify(members['PHANTOM-2-0001']))
    await spicula('phantom', '--spec', 'one.json', '--out', 'e')
    expect((await bytes('e/ct.nii.gz')).equals(await bytes('c/ct/PHANTOM-2-0001.nii.gz'))).toBe(true)
  })

  it('labels a cohort by a rule that its own table lets one check, and says so', async () => {
    const options = ['--cohort', '3', '--spacing', '2,2,2.5', '--size', '50', '--seed', '2']
    const made = await spicula('phantom', ...options, '--label', 'computed', '--out', 'l')
    expect(made.stdout).toMatch(
      /^labels: computed rule, no medicine; malignant is 1 with probability p, .*of 3 are 1$/m,
    )
    const { records } = parseTable((await bytes('l/cohort.csv')).toString(), 'cohort.csv')
    expect(records).toHaveLength(3)
    for (const { values } of records) {
      expect(values.outcome).toBe('computed rule, no medicine')
      expect(values.malignant).toMatch(/^[01]$/)
      const spiculated = `${values.nodule_margins} ${values.additional_nodule_margins}`.includes('Spiculated')
      const logit = 0.4 * (Number(values['longest_axial_diameter_(mm)']) - 18) + (spiculated ? 3 : 0) - 1.2
      expect(Number(values.rule_probability)).toBeCloseTo(1 / (1 + Math.exp(-logit)), 3)
    }
    const { labels } = JSON.parse((await bytes('l/phantom.json')).toString())
    const ones = records.filter(({ values }) => values.malignant === '1').length
    expect(labels).toEqual({
      outcome: 'computed rule, no medicine',
      rule: expect.stringContaining('0.4 (d - 18)'),
      ones,
    })
    // What `spicula evaluate` says beside its figures.
    const about = JSON.parse((await bytes('l/cohort.csv.about.json')).toString())
    expect(about).toMatchObject({ malignant: expect.stringMatching(/^computed rule, no medicine: /), ones })
    // Labels change no scan.
    for (const { values } of records)
      expect((await bytes(`l/${values.image_path}`)).equals(await bytes(`c/${values.image_path}`))).toBe(true)
  })

  it.each<[string, string[], RegExp]>([
    ['labels without a cohort', ['--out', 'x', '--label', 'computed'], /--label is for cohorts/],
    ['labels by nobody knows what', ['--out', 'x', '--cohort', '2', '--label', 'cancer'], /'cancer' is invalid/],
    ['no place for the files', [], /required option '--out <folder>' not specified/],
    ['a matrix of two numbers', ['--out', 'x', '--matrix', '5x5'], /'5x5' is not a matrix/],
    ['no spacing', ['--out', 'x', '--spacing', '0,1,1'], /'0,1,1' is not a spacing/],
    ['another dose', ['--out', 'x', '--dose', 'much'], /'much' is invalid/],
    ['nodules twice', ['--out', 'x', '--spec', 'a', '--nodules', '2'], /cannot be used with option/],
    ['a file that is not there', ['--out', 'x', '--spec', 'none.json'], /none\.json cannot be read/],
    ['a scan as large as a house', ['--out', 'x', '--spacing', '9,9,9'], /are not a scan of a chest/],
    ['more nodules than there is room for', ['--out', 'x', ...small.slice(0, 4), '--nodules', '90'], /no place found/],
  ])('with %s ends with status 1 and a sentence that helps', async (_, args, message) => {
    const { status, stdout, stderr } = await spicula('phantom', ...args)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/\n +at |a defect in spicula/)
    expect([status, stdout]).toEqual([1, ''])
  })
})
