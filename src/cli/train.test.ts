/** `spicula train` from outside: killed and resumed, on one thread or two, and what it refuses. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { trainTokenizer } from '../clip/tokenizer/train.ts'
import { parseInitConfig } from '../model/config.ts'
import { initModel } from '../model/init.node.ts'
import { PRESETS } from '../model/presets.ts'
import { smallPhantom } from '../phantom/phantom.ts'
import { seededRandom } from '../random.ts'
import { templateCorpus } from '../report/random-features.ts'
import { writeNifti } from '../scan/nifti/write.node.ts'
import { decodeSafetensors } from '../weights/safetensors.ts'
import { PROGRAM, runner } from './shared/cli.fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'spicula-train-'))
const at = (name: string) => join(folder, name)
const NODULES = 12
const common = [
  '--base',
  at('base'),
  '--folds',
  at('splits'),
  '--quiet',
  '--set',
  'epochs=3',
  'batchSize=3',
  'learningRate=0.01',
]
const run = runner(folder)
const train = (out: string, ...args: string[]) => run('train', at('cohort.csv'), ...common, '--out', at(out), ...args)

/** Of the weights that a run leaves. */
function weightsHash(out: string): string {
  const hash = createHash('sha256')
  for (const file of readdirSync(at(`${out}/model`))
    .filter((name) => name.startsWith('fold_'))
    .sort())
    hash.update(file).update(readFileSync(at(`${out}/model/${file}`)))
  return hash.digest('hex')
}

beforeAll(async () => {
  const rows = ['pid,nodule_id,image_path,coordX,coordY,coordZ,malignant,nodule_consistency,nodule_margins']
  const [x, y, z] = [80, 20, 25]
  for (let i = 0; i < NODULES; i++) {
    const made = smallPhantom({
      shapeIjk: [34, 34, 34],
      spacingMm: [3, 3, 3],
      centreLps: [x, y, z],
      nodules: [{ pointLps: [x, y, z], mm: i % 2 ? 24 : 10 }],
      seed: i,
    })
    await writeNifti(at(`${i}.nii.gz`), made)
    rows.push(
      `P${i},1,${i}.nii.gz,${x},${y},${z},${i % 2},${i % 2 ? 'Part-solid,Spiculated/Serrated' : 'Solid,Smooth'}`,
    )
  }
  writeFileSync(at('cohort.csv'), `${rows.join('\n')}\n`)
  const tiny = structuredClone(PRESETS.tiny) as Record<string, Record<string, Record<string, unknown>>>
  tiny.architecture.text = {
    width: 32,
    layers: 1,
    heads: 2,
    mlpWidth: 64,
    activation: 'quickGelu',
    layerNormEpsilon: 1e-5,
    vocabulary: 600,
    context: 77,
    embedDim: 128,
  }
  tiny.architecture.lora.textLayers = [0]
  await initModel(at('base'), parseInitConfig(JSON.stringify(tiny), 'tiny'), 1)
  const tokenizer = trainTokenizer(templateCorpus(100, seededRandom(1)), { vocabulary: 600 })
  writeFileSync(at('base/tokenizer.json'), JSON.stringify(tokenizer))
  expect((await run('split', at('cohort.csv'), '--out', at('splits'), '--folds', '2', '--seed', '1')).status).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('spicula train', () => {
  it('leaves a model that predicts, curves, events and metrics', async () => {
    const { status, stdout, stderr } = await train('whole', '--augment', '--workers', '2')
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout).toContain('for research use')
    for (const file of ['metrics.jsonl', 'curves.svg', 'curves.png', 'best_both.safetensors', 'checkpoint.safetensors'])
      expect(existsSync(at(`whole/fold_1/${file}`)), file).toBe(true)
    expect(readdirSync(at('whole/fold_0/events'))).toHaveLength(1)
    const epochs = readFileSync(at('whole/fold_0/metrics.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"kind":"epoch"'))
    expect(epochs).toHaveLength(3)
    expect(JSON.parse(readFileSync(at('whole/run.json'), 'utf8')).config.augment).toBe(true)
    const predicted = await run(
      'predict',
      at('cohort.csv'),
      '--model',
      at('whole/model'),
      '--out',
      at('predictions.csv'),
      '--quiet',
    )
    expect(predicted.stderr).toBe('')
    expect(readFileSync(at('predictions.csv'), 'utf8').split('\n')[0]).toBe('pid,nodule_id,raw_0,raw_1,ensemble')
  })

  it('gives the same bits on one worker thread as on two', async () => {
    expect((await train('one', '--augment', '--workers', '1')).status).toBe(0)
    expect(weightsHash('one')).toBe(weightsHash('whole'))
  })

  it('gives the same bits where two processes train a fold each into one folder', async () => {
    const args = ['train', at('cohort.csv'), ...common, '--out', at('shared'), '--augment', '--workers', '1']
    const codes = await Promise.all(
      ['0', '1'].map(
        (fold) =>
          new Promise((done) => {
            spawn(process.execPath, [...PROGRAM, ...args, '--fold', fold], { stdio: 'ignore' }).on('exit', done)
          }),
      ),
    )
    expect(codes).toEqual([0, 0])
    expect(weightsHash('shared')).toBe(weightsHash('whole'))
    const again = await run(...args, '--fold', '1')
    expect(again.status).toBe(1)
    expect(again.stderr).toMatch(/fold 1 is under way/)
    expect((await run(...args, '--fold', '2', '--resume')).stderr).toMatch(/there is no fold 2/)
  })

  it('goes on from the folds of a trained model', async () => {
    const on = ['--set', 'start=folds', 'learningRate=1e-9', 'weightDecay=0', 'epochs=1', 'batchSize=3']
    const args = ['train', at('cohort.csv'), '--folds', at('splits'), '--quiet', ...on]
    const made = await run(...args, '--base', at('whole/model'), '--out', at('on'))
    expect(made.stderr).toBe('')
    const read = (out: string) =>
      decodeSafetensors(readFileSync(at(`${out}/model/fold_1_both.safetensors`)), out).tensors
    const [before, after] = [read('whole'), read('on')]
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort())
    for (const [name, { data }] of before) {
      const moved = after.get(name)?.data as Float32Array
      const steps = (data as Float32Array).map((x, i) => Math.abs(x - moved[i]))
      expect(Math.max(...steps), name).toBeLessThan(1e-6)
    }
    expect((await run(...args, '--base', at('base'), '--out', at('off'))).stderr).toMatch(/\[training\/base\]/)
  })

  it('killed at three moments and resumed, ends with the weights of the run that was never killed', async () => {
    const random = seededRandom(Date.now())
    const args = ['train', at('cohort.csv'), ...common, '--out', at('killed'), '--augment', '--workers', '2']
    for (let kill = 0; kill < 3; kill++) {
      const resume = existsSync(at('killed/run.json')) ? ['--resume'] : []
      const child = spawn(process.execPath, [...PROGRAM, ...args, ...resume], { stdio: 'ignore' })
      const ended = new Promise((resolve) => child.on('exit', resolve))
      await new Promise((resolve) => setTimeout(resolve, 700 + 1500 * random.uniform()))
      child.kill('SIGKILL')
      await ended
      // Killed before it had begun: nothing is there, and the next try begins.
      if (!existsSync(at('killed/run.json'))) rmSync(at('killed'), { recursive: true, force: true })
    }
    const last = await train(
      'killed',
      '--augment',
      '--workers',
      '2',
      ...(existsSync(at('killed/run.json')) ? ['--resume'] : []),
    )
    expect(last.stderr).toBe('')
    expect(weightsHash('killed')).toBe(weightsHash('whole'))
  })

  it('shows in a dry run what it would train, and writes nothing', async () => {
    const { status, stdout } = await run('train', at('cohort.csv'), ...common, '--dry-run', '--tuning', 'probe')
    expect(status).toBe(0)
    expect(stdout).toMatch(/12 nodules of 12 patients, 6 malignant, 6 benign/)
    expect(stdout).toMatch(/probe: 0\.\d+ M of 0\.\d+ M parameters are trained/)
    expect(stdout).toMatch(/leakage\s+none/)
    expect(stdout).toMatch(/epochs: 3/)
  })

  it('refuses what would make a worthless run, by name', async () => {
    const refused = async (code: string, ...args: string[]) => {
      const { status, stderr } = await run('train', ...args)
      expect(stderr).toContain(`[${code}]`)
      expect(status).toBe(1)
      return stderr
    }
    const usual = [at('cohort.csv'), ...common, '--out', at('never')]
    cpSync(at('splits'), at('leaky'), { recursive: true })
    const val = readFileSync(at('leaky/fold_0/val_pid.csv'), 'utf8')
    writeFileSync(
      at('leaky/fold_0/train_pid.csv'),
      readFileSync(at('leaky/fold_0/train_pid.csv'), 'utf8') + val.split('\n')[1],
    )
    expect(await refused('training/leakage', ...usual, '--folds', at('leaky'))).toMatch(/1 patient is in both/)
    cpSync(at('splits'), at('oneclass'), { recursive: true })
    writeFileSync(at('oneclass/fold_0/val_pid.csv'), ',pid\n0,P0\n1,P2\n')
    writeFileSync(at('oneclass/fold_0/train_pid.csv'), ',pid\n0,P1\n1,P4\n2,P3\n')
    await refused('training/one-class', ...usual, '--folds', at('oneclass'))
    await refused('training/text', ...usual, '--reports', at('nothing'))
    await refused('training/config', ...usual, '--set', 'lora.rank=0')
    await refused('training/config', ...usual, '--set', 'lernrate=1')
    await refused('training/exists', at('cohort.csv'), ...common, '--out', at('whole'))
    await refused('training/resume', at('cohort.csv'), ...common, '--out', at('whole'), '--resume', '--seed', '9')
    await refused('training/resume', ...usual, '--resume')
    expect(existsSync(at('never'))).toBe(false)
  })
})
