import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CohortRow } from '../../cohort/row.ts'
import { parseInitConfig } from '../../model/config.ts'
import { openModelFolder } from '../../model/folder.node.ts'
import { initModel } from '../../model/init.node.ts'
import { inspectModel } from '../../model/inspect.node.ts'
import { changeConfig, changeWeights } from '../../model/model.fixture.node.ts'
import { PRESETS } from '../../model/presets.ts'
import { seededRandom } from '../../random.ts'
import { asFloat32 } from '../../weights/folds.ts'
import { decodeSafetensors } from '../../weights/safetensors.ts'
import { openImageSession } from '../image-session.node.ts'
import { readNodules } from '../read-nodules.node.ts'
import { addReports } from './add-reports.node.ts'
import { embedTexts } from './text-embeddings.node.ts'
import { openTrainingReports } from './training-reports.node.ts'

const FOLDS = 3
let root = ''
let plain = ''
let model = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'reports-'))
  plain = join(root, 'plain')
  const config = JSON.stringify({ ...Object(PRESETS['tiny-text']), folds: FOLDS })
  await initModel(plain, parseInitConfig(config, 'tiny-text'), 1)
  model = await copy('model')
  await addReports(model, rows(), { reports: undefined, seed: 0 })
})
afterAll(() => rm(root, { recursive: true }))

async function copy(name: string, of = plain): Promise<string> {
  await cp(of, join(root, name), { recursive: true })
  return join(root, name)
}

const row = (line: number, pid: string, values: Record<string, string>): CohortRow => ({
  line,
  pid,
  noduleId: '1',
  imagePath: 'a.nii',
  point: [0, 0, 0],
  malignant: null,
  malignantProbability: null,
  values,
})
const rows = () => [
  row(2, 'PATIENT-A', { nodule_consistency: 'Solid', nodule_margins: 'Smooth', level_of_suspicion: 'Low' }),
  row(3, 'PATIENT-B', { nodule_consistency: 'GGO', nodule_margins: 'Smooth' }),
  row(4, 'PATIENT-C', { nodule_shape: 'Round', 'longest_axial_diameter_(mm)': '12' }),
  row(5, 'PATIENT-D', {}),
  row(6, 'PATIENT-E', { nodule_consistency: 'Part-solid', cavitation: 'yes' }),
]

const files = (folder: string) =>
  Promise.all(['reports.json', 'reports.safetensors', 'config.json'].map((name) => readFile(join(folder, name))))

describe('addReports', () => {
  it('stores distinct texts with no identifier, and says how many training nodules they are of', async () => {
    const { reports, problems } = await addReports(await copy('stored'), rows(), { reports: undefined, seed: 0 })
    expect(problems).toMatchObject([{ line: 5, code: 'report/no-features' }])
    expect(reports).toMatchObject({ distinct: 4, trainingNodules: 4, source: 'templates' })
    const [json, weights, config] = await files(join(root, 'stored'))
    expect(Buffer.concat([json, weights, config]).toString('latin1')).not.toMatch(/PATIENT|a\.nii/)
    const { texts, ...stamp } = JSON.parse(json.toString())
    expect(stamp).toMatchObject({ model: 'random-tiny-text', use: 'for research use' })
    expect(texts.map(({ text }: { text: string }) => text)).toEqual(
      texts.map(({ text }: { text: string }) => text).toSorted(),
    )
    expect(JSON.parse(config.toString()).reports).toEqual(reports)
    // The folder is still a sound one.
    await inspectModel(join(root, 'stored'))
  })

  it('gives the same bytes again, whatever the order of the rows, and others with other texts', async () => {
    const again = await copy('again')
    await addReports(again, rows().toReversed(), { reports: undefined, seed: 0 })
    expect(await files(again)).toEqual(await files(model))
    await addReports(again, rows(), { reports: undefined, seed: 7 })
    expect((await files(again))[0]).not.toEqual((await files(model))[0])
  })

  it('reads reports as training does, counts equal ones, and leaves out those that name a patient', async () => {
    const folder = join(root, 'texts')
    const solid = 'Findings:\n  x\n\nImpression: A solid nodule.\n'
    const texts = ['PATIENT-A', 'PATIENT-B', 'PATIENT-C', 'PATIENT-D', 'PATIENT-E'].map((pid, i) =>
      i === 3 ? 'Impression: As in patient b, smooth.' : i === 4 ? `Impression: ${pid} has a solid nodule.` : solid,
    )
    await cp(plain, folder, { recursive: true })
    for (const [i, { pid }] of rows().entries()) await writeFile(join(folder, `${pid}_1.txt`), texts[i])
    const { reports, problems } = await addReports(await copy('read'), rows(), { reports: folder, seed: 0 })
    expect(reports).toMatchObject({ distinct: 1, trainingNodules: 3, source: 'reports' })
    expect(problems.map(({ line, code }) => [line, code])).toEqual([
      [5, 'inference/identifier'],
      [6, 'inference/identifier'],
    ])
    expect(JSON.stringify(problems.map(({ message, hint }) => [message, hint]))).not.toContain('PATIENT')
    expect(JSON.parse((await readFile(join(root, 'read/reports.json'))).toString()).texts).toEqual([
      { text: 'Impression: A solid nodule.', nodules: 3 },
    ])
  })

  it('changes nothing where there is nothing to store, or no text side', async () => {
    const bare = await copy('bare')
    const before = await readFile(join(bare, 'config.json'))
    await expect(addReports(bare, [row(2, 'p', {})], { reports: undefined, seed: 0 })).rejects.toMatchObject({
      code: 'inference/reports',
    })
    expect(await readFile(join(bare, 'config.json'))).toEqual(before)
    const wordless = join(root, 'wordless')
    await initModel(wordless, parseInitConfig(JSON.stringify(PRESETS.tiny), 'tiny'), 1)
    await expect(addReports(wordless, rows(), { reports: undefined, seed: 0 })).rejects.toMatchObject({
      code: 'clip/no-text',
    })
  })
})

describe('openTrainingReports', () => {
  it('gives the texts by the mean over folds of the cosine, as computed from the embeddings themselves', async () => {
    const folder = await openModelFolder(model)
    const session = await openImageSession(folder)
    const random = seededRandom(3)
    const pixels = Float32Array.from({ length: 9 * 224 * 224 }, () => random.uniform())
    const [{ embedding }] = await readNodules(session, [{ pixels, count: 9 }])
    await session.close()
    const found = (await openTrainingReports(folder))?.nearest(embedding, 3) ?? []

    const { texts } = JSON.parse(await readFile(join(model, 'reports.json'), 'utf8'))
    const all = texts.map(({ text }: { text: string }) => text)
    const { embeddings } = await embedTexts(folder, all, 'both')
    const expected = all
      .map((text: string, t: number) => {
        const folds = embedding.map((image, fold) => {
          const words = embeddings[fold][t]
          const dot = image.reduce((sum, x, i) => sum + x * words[i], 0)
          return dot / Math.hypot(...image) / Math.hypot(...words)
        })
        return { text, folds, similarity: folds.reduce((sum, x) => sum + x, 0) / FOLDS }
      })
      .sort((a: { similarity: number }, b: { similarity: number }) => b.similarity - a.similarity)
    expect(found.map(({ text }) => text)).toEqual(expected.slice(0, 3).map(({ text }: { text: string }) => text))
    // Half precision: eleven bits.
    for (const [i, { similarity, folds }] of found.entries()) {
      expect(Math.abs(similarity - expected[i].similarity)).toBeLessThan(1e-3)
      for (const [fold, one] of folds.entries()) expect(Math.abs(one - expected[i].folds[fold])).toBeLessThan(1e-3)
    }
  })

  it('stores every embedding at length 1', async () => {
    const bytes = await readFile(join(model, 'reports.safetensors'))
    const tensor = decodeSafetensors(bytes, 'reports').tensors.get('embeddings')
    expect(tensor).toMatchObject({ dtype: 'float16', shape: [FOLDS, 4, 64] })
    const data = asFloat32('embeddings', tensor as never)
    for (let at = 0; at < data.length; at += 64) expect(Math.hypot(...data.slice(at, at + 64))).toBeCloseTo(1, 2)
  })

  it('is undefined for a model that has none', async () => {
    expect(await openTrainingReports(await openModelFolder(plain))).toBeUndefined()
  })

  it.each<[string, (folder: string) => Promise<unknown>, RegExp]>([
    ['a missing table', (folder) => rm(join(folder, 'reports.json')), /reports\.json cannot be read \(ENOENT/],
    [
      'a table that is cut short',
      (folder) => writeFile(join(folder, 'reports.json'), '{"texts": 1'),
      /reports\.json: it is not JSON/,
    ],
    [
      'a table of something else',
      (folder) => writeFile(join(folder, 'reports.json'), '{"format": "spicula-reports/1", "texts": []}'),
      /reports\.json: model: .*; texts: Too small/,
    ],
    [
      'another number of texts',
      (folder) =>
        changeConfig(folder, (config) => {
          config.reports = { ...Object(config.reports), distinct: 3 }
        }),
      /has 4 texts, config\.json says 3/,
    ],
    [
      'embeddings of another shape',
      (folder) =>
        changeWeights(join(folder, 'reports.safetensors'), (tensors) => {
          tensors.set('embeddings', { dtype: 'float32', shape: [1, 1], data: Float32Array.of(1) })
        }),
      /no tensor embeddings \[3, 4, 64\]/,
    ],
    [
      'NaN in the embeddings',
      (folder) =>
        changeWeights(join(folder, 'reports.safetensors'), (tensors) => {
          const data = new Float32Array(FOLDS * 4 * 64).fill(Number.NaN)
          tensors.set('embeddings', { dtype: 'float32', shape: [FOLDS, 4, 64], data })
        }),
      /NaN or infinite numbers/,
    ],
  ])('names %s', async (name, spoil, message) => {
    const folder = await copy(`spoilt ${name}`, model)
    await spoil(folder)
    await expect(openTrainingReports(await openModelFolder(folder))).rejects.toMatchObject({
      code: 'inference/reports',
      message: expect.stringMatching(message),
    })
  })
})
