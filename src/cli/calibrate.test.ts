import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { calibrate } from '../model/calibration.ts'
import { makeCohort } from './evaluate.fixture.ts'
import { runner } from './shared/cli.fixture.ts'

let folder = ''
let run: ReturnType<typeof runner>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'calibrate-'))
  run = runner(folder)
  await makeCohort(folder, 'val', 300, 1.8)
  // Two folds, as the predictions have.
  expect((await run('model', 'init', '--config', 'tiny', '--out', 'model')).status).toBe(0)
  const config = JSON.parse(await readFile(join(folder, 'model', 'config.json'), 'utf8'))
  const folds = config.folds.slice(0, 2)
  await writeFile(join(folder, 'model', 'config.json'), JSON.stringify({ ...config, folds }))
})
afterAll(() => rm(folder, { recursive: true }))

const configOf = async (model: string) => JSON.parse(await readFile(join(folder, model, 'config.json'), 'utf8'))

describe('spicula calibrate', () => {
  it('fits every fold, shows before and after, and keeps the parameters in the model folder', async () => {
    await cp(join(folder, 'model'), join(folder, 'kept'), { recursive: true })
    const ran = await run('calibrate', 'val.csv', '--truth', 'val-truth.csv', '--model', 'kept', '--out', 'out/val.csv')
    expect(ran.stderr).toBe('')
    expect(ran.status).toBe(0)
    for (const words of [
      'fold 0: 300 nodules',
      'raw ',
      'beta ',
      'Platt ',
      'isotonic ',
      'ensemble, calibrated',
      '2 calibrations kept',
      'for research use',
    ]) {
      expect(ran.stdout).toContain(words)
    }
    const { folds } = await configOf('kept')
    const rows = (await readFile(join(folder, 'out', 'val.csv'), 'utf8')).trim().split('\n')
    expect(rows[0]).toBe('pid,nodule_id,raw_0,raw_1,ensemble,calibrated_0,calibrated_1,calibrated_ensemble')
    // What the model folder holds is what was applied.
    const [, , raw0, raw1, , calibrated0, calibrated1, mean] = rows[17].split(',').map(Number)
    expect(calibrate(raw0, folds[0].calibration)).toBeCloseTo(calibrated0, 12)
    expect(calibrate(raw1, folds[1].calibration)).toBeCloseTo(calibrated1, 12)
    expect((calibrated0 + calibrated1) / 2).toBeCloseTo(mean, 12)
    expect((await readFile(join(folder, 'out', 'val-reliability.png'))).length).toBeGreaterThan(10_000)
    expect((await run('model', 'inspect', 'kept')).stdout).toContain('2, calibrated')
  })

  it('fits each fold on its own validation patients', async () => {
    const pids = [
      ...new Set(
        (await readFile(join(folder, 'val.csv'), 'utf8'))
          .trim()
          .split('\n')
          .slice(1)
          .map((row) => row.split(',')[0]),
      ),
    ]
    for (const k of [0, 1]) {
      await mkdir(join(folder, 'splits', `fold_${k}`), { recursive: true })
      const list = (chosen: string[]) => `,pid\n${chosen.map((pid, i) => `${i},${pid}`).join('\n')}\n`
      await writeFile(join(folder, 'splits', `fold_${k}`, 'val_pid.csv'), list(pids.filter((_, i) => i % 2 === k)))
      await writeFile(join(folder, 'splits', `fold_${k}`, 'train_pid.csv'), list(pids.filter((_, i) => i % 2 !== k)))
    }
    const { status, stdout } = await run('calibrate', 'val.csv', '--truth', 'val-truth.csv', '--splits', 'splits')
    expect(status).toBe(0)
    expect(stdout).toMatch(/fold 0: 180 nodules[\s\S]*fold 1: 120 nodules/)
    expect(stdout).not.toContain('every fold was fitted on all nodules')
  })

  it('keeps nothing that it warns of, unless told to', async () => {
    await cp(join(folder, 'model'), join(folder, 'few'), { recursive: true })
    await writeFile(
      join(folder, 'p.csv'),
      'pid,nodule_id,raw_0,raw_1,ensemble\nA,1,0.9,0.8,0.85\nB,1,0.2,0.3,0.25\nC,1,0.1,0.2,0.15\n',
    )
    await writeFile(join(folder, 't.csv'), 'pid,nodule_id,malignant\nA,1,1\nB,1,0\nC,1,0\n')
    const args = ['calibrate', 'p.csv', '--truth', 't.csv', '--model', 'few']
    const ran = await run(...args)
    expect([ran.status, ran.stderr]).toEqual([1, expect.stringContaining('calibration/warning')])
    expect(ran.stdout).toContain('separated')
    expect((await configOf('few')).folds[0].calibration).toBeUndefined()
    expect((await run(...args, '--force')).status).toBe(0)
    expect((await configOf('few')).folds[0].calibration).toBeDefined()
  })

  it('names what does not fit', async () => {
    await writeFile(join(folder, 'one.csv'), 'pid,nodule_id,raw_0,ensemble\nA,1,0.9,0.9\nB,1,0.2,0.2\nC,1,0.1,0.1\n')
    await writeFile(join(folder, 'same.csv'), 'pid,nodule_id,malignant\nA,1,1\nB,1,1\nC,1,1\n')
    await writeFile(join(folder, 'none.csv'), 'pid,nodule_id,ensemble\nA,1,0.9\nB,1,0.2\nC,1,0.1\n')
    for (const [args, words] of [
      [['one.csv', '--truth', 't.csv', '--model', 'model'], 'the model has 2 folds, the predictions 1'],
      [['one.csv', '--truth', 'same.csv'], 'fold 0: 3 nodules, 3 of them cancers: calibration needs both classes'],
      [['none.csv', '--truth', 't.csv'], 'no columns raw_0'],
    ] as const) {
      const { status, stderr } = await run('calibrate', ...args)
      expect([status, stderr]).toEqual([1, expect.stringContaining(words)])
    }
  })
})
