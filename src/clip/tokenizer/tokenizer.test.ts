import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { describeShared } from '../../../test/shared.ts'
import { PRESENCES } from '../../features/features.ts'
import { writeOnnx } from '../../graph/onnx.ts'
import { openSession } from '../../graph/session.node.ts'
import { seededRandom } from '../../random.ts'
import { randomFeatures, reportCorpus, templateCorpus } from '../../report/random-features.ts'
import { impressionOf } from '../../report/report-text.ts'
import { writeTemplateReport } from '../../report/template-writer.ts'
import { tokenBound } from '../../report/token-bound.ts'
import { asFloat32 } from '../../weights/folds.ts'
import { decodeSafetensors } from '../../weights/safetensors.ts'
import { clipTokenizerJson, packagedTokenizerJson } from '../clip-vocabulary.fixture.ts'
import { inferArchitecture } from '../infer.ts'
import { textSide } from '../model.ts'
import { graphWeights } from '../weights.ts'
import { openTokenizer } from './open.node.ts'
import { parseTokenizer, type Tokenizer, textFeeds } from './tokenizer.ts'
import { trainTokenizer } from './train.ts'

let clip: Tokenizer
beforeAll(async () => {
  clip = parseTokenizer(await packagedTokenizerJson())
})

interface Tokenized {
  readonly text: string
  readonly input_ids: number[]
}

describe("CLIP's encoding", () => {
  it('equals the stored tokens of the published implementation', async () => {
    const rows: Tokenized[] = JSON.parse(
      await readFile(new URL('./fixtures/clip-tokens.json', import.meta.url), 'utf8'),
    )
    expect(rows).toHaveLength(9)
    for (const { text, input_ids } of rows) {
      const padded = [...input_ids, ...new Array<number>(77 - input_ids.length).fill(0)]
      expect(clip.encode(text), text).toEqual(padded)
    }
    expect([clip.vocabulary, clip.startToken, clip.endToken]).toEqual([49408, 49406, 49407])
  })

  it('keeps the end token of a text that is too long', () => {
    const tokens = clip.encode('nodule '.repeat(100))
    expect(tokens).toHaveLength(77)
    expect(tokens.at(-1)).toBe(clip.endToken)
    expect(clip.count('nodule '.repeat(100))).toBe(300)
  })

  it('always gives 77 tokens with one start and an end', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const tokens = clip.encode(text)
        expect(tokens).toHaveLength(77)
        expect(tokens[0]).toBe(clip.startToken)
        expect(tokens).toContain(clip.endToken)
      }),
    )
  })

  it('decodes', () => {
    expect(clip.decode(clip.encode('A  Part-solid\nNodule, 5 mm'))).toBe('a part - solid nodule, 5 mm')
    expect(clip.decode(clip.encode(''))).toBe('')
  })

  it('finds at most 77 tokens in every impression, and never more than the bound that needs no vocabulary', () => {
    let longest = 0
    for (let seed = 0; seed < 2000; seed++) {
      const random = seededRandom(seed)
      const all = Object.fromEntries(PRESENCES.map((name) => [name, 'Present']))
      const features = { ...randomFeatures(random, { known: seed % 2 ? 1 : 0.8 }), ...(seed % 4 ? {} : all) }
      const impression = impressionOf(writeTemplateReport(features, random))
      const tokens = clip.count(impression) + 2
      expect(tokens).toBeLessThanOrEqual(tokenBound(impression))
      longest = Math.max(longest, tokens)
    }
    expect(longest).toBe(77)
  })
})

describeShared('fixtures/tokens', (folder) => {
  it('tokens.json, all rows', async () => {
    const own = parseTokenizer(clipTokenizerJson(join(folder(), 'bpe_simple_vocab_16e6.txt.gz')))
    const rows: Tokenized[] = JSON.parse(await readFile(join(folder(), 'tokens.json'), 'utf8'))
    for (const { text, input_ids } of rows) expect(own.encode(text), text).toEqual(input_ids)
  })
})

describeShared('fixtures/model', (folder) => {
  it('text embeddings, from the words of the reports, within 1e-4', async () => {
    const read = async (name: string) =>
      decodeSafetensors(await readFile(join(folder(), `${name}.safetensors`)), name).tensors
    const packed = await readFile(join(folder(), 'model.safetensors.gz'))
    const weights = decodeSafetensors(gunzipSync(packed), 'model').tensors
    const { reports, input_ids } = JSON.parse(await readFile(join(folder(), 'reports.json'), 'utf8'))
    const rows = reports.map((report: string) => clip.encode(report))
    expect(rows).toEqual(input_ids)

    const { text, ...architecture } = inferArchitecture(new Map([...weights].map(([name, { shape }]) => [name, shape])))
    if (!text) throw new Error('the fixture has a text side')
    const { embedding } = textSide({ ...architecture, text }, graphWeights({ folds: 1 }), { mergeLora: true })
    const session = await openSession(writeOnnx({ embedding }, weights))
    const output = await session.run({ ...textFeeds(rows, clip) })
    await session.close()
    const expected = (await read('outputs')).get('text_embeds')
    if (!expected) throw new Error('the fixture has text_embeds')
    const [ours, theirs] = [asFloat32('embedding', output.embedding), asFloat32('text_embeds', expected)]
    expect(ours).toHaveLength(theirs.length)
    expect(Math.max(...theirs.map((x, i) => Math.abs(x - ours[i])))).toBeLessThan(1e-4)
  })
})

describe('a tokenizer of our own', () => {
  const object = trainTokenizer(reportCorpus(300, seededRandom(1)), { vocabulary: 1024 })
  const own = parseTokenizer(JSON.stringify(object), { context: 77 })

  it('is the same for the same corpus', () => {
    expect(trainTokenizer(reportCorpus(300, seededRandom(1)), { vocabulary: 1024 })).toEqual(object)
  })

  it('has no more tokens than asked for, and takes fewer than CLIP for a report', () => {
    expect(own.vocabulary).toBeLessThanOrEqual(1024)
    const reports = templateCorpus(50, seededRandom(99))
    const total = (tokenizer: Tokenizer) => reports.reduce((sum, report) => sum + tokenizer.count(report), 0)
    expect(total(own)).toBeLessThan(total(clip))
  })

  it('reads what it wrote, whatever the script', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 15 }), (text) => {
        const words = text.normalize('NFC').toLowerCase().replace(/\s+/g, '')
        fc.pre(!words.includes('|') && words.length < 15)
        expect(own.decode(own.encode(words)).replace(/\s+/g, '')).toBe(words)
      }),
    )
  })

  it('truncates to the context of the model', () => {
    const short = parseTokenizer(JSON.stringify(object), { context: 5 })
    expect(short.encode('A solid round nodule with necrosis.')).toHaveLength(5)
    expect(short.encode('A solid round nodule with necrosis.').at(-1)).toBe(short.endToken)
  })

  it('wants room for all bytes', () => {
    expect(() => trainTokenizer([], { vocabulary: 513 })).toThrow(/too small/)
    expect(Object.keys(trainTokenizer([], { vocabulary: 600 }).model.vocab)).toHaveLength(514)
  })

  it('is opened from a model folder, if it is the model’s', async () => {
    const path = await mkdtemp(join(tmpdir(), 'tokenizer-'))
    const config = (vocabulary: number, tokenizer?: string) => ({
      tokenizer,
      architecture: { text: { context: 20, vocabulary } },
    })
    await expect(openTokenizer({ path, config: config(1024) })).rejects.toThrow(/has no tokenizer.json/)
    await writeFile(join(path, 'words.json'), JSON.stringify(object))
    const opened = await openTokenizer({ path, config: config(1024, 'words.json') })
    expect(opened.encode('solid')).toHaveLength(20)
    expect(opened.files).toEqual(['words.json'])
    await expect(openTokenizer({ path, config: config(600, 'words.json') })).rejects.toThrow(/another model/)
    await expect(openTokenizer({ path, config: { architecture: {} } })).rejects.toMatchObject({ code: 'clip/no-text' })
    await rm(path, { recursive: true })
  })
})

describe('parseTokenizer', () => {
  it.each([
    '',
    '[]',
    '{}',
    '{"model":{"type":"WordPiece"}}',
    '{"model":{"type":"BPE","vocab":{"a":1}},"added_tokens":[]}',
  ])('refuses %j', (json) => {
    expect(() => parseTokenizer(json)).toThrow(expect.objectContaining({ code: 'clip/tokenizer' }))
  })
})

describe('textFeeds', () => {
  it('packs texts up to their end tokens, several in a row of the context', () => {
    const rows = ['a nodule', 'a part-solid nodule '.repeat(12), 'a part-solid nodule', ''].map(clip.encode)
    const lengths = rows.map((row) => row.indexOf(49407) + 1)
    const { tokens, positions, endOfText } = textFeeds(rows, clip)
    expect(tokens.shape).toEqual([2, 77, 1])
    for (const [t, row] of rows.entries()) {
      const end = Number(endOfText.data[t]) + 1
      const own = (data: BigInt64Array) => [...data.subarray(end - lengths[t], end)].map(Number)
      expect(own(tokens.data)).toEqual(row.slice(0, lengths[t]))
      expect(own(positions.data)).toEqual([...new Array(lengths[t]).keys()])
      expect(Math.floor((end - lengths[t]) / 77)).toBe(Math.floor((end - 1) / 77))
    }
    expect([...tokens.data].filter((token) => token !== 0n)).toHaveLength(lengths.reduce((a, b) => a + b))
  })

  it('lets a token see its own text up to itself', () => {
    const texts = [
      [7, 9, 0, 0, 0, 0],
      [7, 8, 9, 0, 0, 0],
    ]
    const { reach, endOfText } = textFeeds(texts, { context: 6, endToken: 9 })
    expect(reach.shape).toEqual([1, 1, 6, 6])
    expect([...endOfText.data]).toEqual([4n, 2n])
    const seen = Array.from({ length: 6 }, (_, row) => [...reach.data.subarray(6 * row, 6 * row + 6)])
    const X = Number.NEGATIVE_INFINITY
    expect(seen).toEqual([
      [0, X, X, X, X, X],
      [0, 0, X, X, X, X],
      [0, 0, 0, X, X, X],
      [X, X, X, 0, X, X],
      [X, X, X, 0, 0, X],
      [X, X, X, X, X, 0],
    ])
  })

  it('refuses tokens of another context or without an end', () => {
    expect(() => textFeeds([[1, 2]], clip)).toThrow(/77 tokens/)
    expect(() => textFeeds([new Array(77).fill(0)], clip)).toThrow(/end token/)
  })
})
