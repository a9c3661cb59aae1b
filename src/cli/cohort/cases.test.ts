/** Inputs as real users hold them, by the commands that they gave: the right place, or a refusal that says why. */
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeShared } from '../../../test/shared.ts'
import { parseTable } from '../../files/table.ts'
import { runner } from '../shared/cli.fixture.ts'

let folder = ''
let run: ReturnType<typeof runner>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cases-'))
  run = runner(folder)
})
afterAll(() => rm(folder, { recursive: true }))

/** Runs a command on a case's inputs; its places, and what it said. */
async function cohort(inputs: string, ...args: string[]) {
  await rm(join(folder, 'input'), { force: true })
  await symlink(inputs, join(folder, 'input'))
  await rm(join(folder, 'o.csv'), { force: true })
  const { status, stderr } = await run('cohort', 'from', ...args, '--out', 'o.csv')
  const text = await readFile(join(folder, 'o.csv'), 'utf8').catch(() => '')
  const records = text === '' ? [] : parseTable(text, 'o.csv').records
  const places = records.map(({ values }) => ['coordX', 'coordY', 'coordZ'].map((column) => Number(values[column])))
  return { status, stderr, places }
}

/** Whether each right place has a row within a tolerance, and no row more. */
function expectPlaces(places: readonly number[][], right: readonly number[][], mm = 0.05): void {
  for (const point of right)
    expect(
      Math.min(...places.map((one) => Math.hypot(...one.map((x, axis) => x - point[axis])))),
      `${point}`,
    ).toBeLessThan(mm)
  expect(places).toHaveLength(right.length)
}

describeShared('cases/scans-01-lidc-prone/input', (inputs) => {
  it('lies where the turned slices have it', async () => {
    const { places } = await cohort(inputs(), 'lidc', 'input/xml', '--scans', 'input/scans')
    // The outline's points are whole pixels of 2.5 mm.
    expectPlaces(places, [[30, -50, -100]], 0.5)
  })

  it('lies where LUNA16 has the nodules of LIDC-IDRI-0671', async () => {
    const { places } = await cohort(inputs(), 'lidc', 'input/xml2', '--scans', 'input/scans2')
    for (const [x, y] of [
      [35.1, -25.1],
      [56.4, 53],
      [-70.9, 46],
      [-75.6, 15.9],
    ]) // prettier-ignore
      expect(Math.min(...places.map((one) => Math.hypot(one[0] - x, one[1] - y)))).toBeLessThan(2.5)
  })
})

describeShared('cases/scans-02-sr-enhanced-frame/input', (inputs) => {
  it('lies on the frame that the report names', async () => {
    const { places } = await cohort(inputs(), 'sr', 'input/sr.dcm', '--image', 'input/ct.dcm')
    expectPlaces(places, [[10, -20, -100]])
  })
})

describeShared('cases/scans-03-seg-tilted-ct/input', (inputs) => {
  it.each(['input/mask', 'input/mask.nii.gz'])('%s lies where the tilted slices are', async (mask) => {
    const { places } = await cohort(inputs(), 'mask', mask, '--image', 'input/ct')
    expectPlaces(places, [[10, -15.002, -80.017]])
  })
})

describeShared('cases/scans-04-rtstruct-two-lesions/input', (inputs) => {
  it('has two lesions in either region', async () => {
    const { places, stderr } = await cohort(inputs(), 'rtstruct', 'input/rt.dcm', '--image', 'input/ct')
    const two = [
      [10, -20, -100],
      [-25, -50, -90],
    ] // prettier-ignore
    expectPlaces(places, [...two, ...two], 0.15)
    expect(stderr).toContain('datasets/rtstruct-several')
  })
})

describeShared('cases/scans-07-sr-circle-rectangle/input', (inputs) => {
  it('has the centres of what the shapes enclose', async () => {
    const { places } = await cohort(inputs(), 'sr', 'input/sr.dcm', '--image', 'input/ct')
    expectPlaces(places, [
      [10, -20, -100],
      [10, -20, -100],
      [8.498022, -20, -100],
    ]) // prettier-ignore
  })
})

describeShared('cases/scans-08-seg-fractional-max/input', (inputs) => {
  it.each(['mask1', 'mask100'])('%s counts from the half of its own whole', async (mask) => {
    const { places } = await cohort(inputs(), 'mask', `input/${mask}`, '--image', 'input/ct')
    expectPlaces(places, [[10, -20, -100]])
  })
})

describeShared('cases/scans-09-rtstruct-lungs-gtv/input', (inputs) => {
  it('takes the tumour, and says that it leaves the lungs out', async () => {
    const { places, stderr } = await cohort(inputs(), 'rtstruct', 'input/rt.dcm', '--image', 'input/ct')
    expectPlaces(places, [[10, -20, -100]], 0.15)
    expect(stderr).toContain('left out by their names: Lungs-GTV')
  })
})

describeShared('cases/scans-11-luna16-excluded/input', (inputs) => {
  it('refuses the excluded findings', async () => {
    const { status, stderr } = await cohort(inputs(), 'luna16', 'input/annotations_excluded.csv')
    expect([status, stderr]).toEqual([1, expect.stringContaining('[datasets/excluded]')])
  })
})

describeShared('cases/scans-22-slicer-markups/input', (inputs) => {
  it('reads points of 3D Slicer', async () => {
    const { places } = await cohort(inputs(), 'table', 'input/F.fcsv', '--map', 'input/map.json')
    expectPlaces(places, [[10, -20, -100]])
  })
})
