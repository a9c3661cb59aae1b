/**
 * The commands in the docs. Pages whose `console` blocks begin with `$` are run from top to bottom in a folder of their own,
 * and what they print is compared with what the page shows; of all pages, commands and options must be ones that there are.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Command } from 'commander'
import { afterAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../src/cli/commands.ts'
import { runner } from '../src/cli/shared/cli.fixture.ts'
import { parseTable } from '../src/files/table.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (page: string): string => readFileSync(join(root, page), 'utf8')

interface Block {
  readonly language: string
  readonly text: string
}
const blocksOf = (page: string): Block[] =>
  [...read(page).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({ language, text }))

/** Something to run and what the page says that it prints. */
interface Step {
  readonly language: 'console' | 'python'
  readonly code: string
  readonly shown: string
}

/** Commands of `console` blocks with what follows them, and `python` blocks with the `text` block that follows. */
const stepsOf = (page: string): Step[] =>
  blocksOf(page).flatMap(({ language, text }, i, blocks): Step[] => {
    if (language === 'python') return [{ language, code: text, shown: blocks[i + 1]?.text ?? '' }]
    if (language !== 'console') return []
    return [...text.matchAll(/^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)/gm)].map(([, code, shown]) => ({
      language,
      code: code.replace(/\\\n\s*/g, ''),
      shown,
    }))
  })

const python = 'python3'
const hasPython = (() => {
  try {
    execFileSync(python, ['-c', 'import numpy, onnxruntime'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** Words of a command; quotes hold what a shell would split. */
const wordsOf = (code: string): string[] =>
  [...code.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare)

/** What a command printed: on one stream, or on two. */
type Printed = readonly string[]

async function run(folder: string, { language, code }: Step): Promise<Printed> {
  const execute = promisify(execFile)
  if (language === 'python') return [(await execute(python, ['-c', code], { cwd: folder })).stdout]
  const [name, ...args] = wordsOf(code)
  if (name !== 'spicula') return [(await execute('/bin/sh', ['-c', code], { cwd: folder })).stdout]
  const { status, stdout, stderr } = await runner(folder)(...args)
  expect(status, stderr).toBe(0)
  return [stdout, stderr]
}

/** Numbers that come from training or running a model differ from processor to processor; all else is the same everywhere. */
const fromModel = (code: string): boolean => /^spicula (train|calibrate|evaluate)\b|onnxruntime/m.test(code)
const linesOf = (text: string, code: string): string[] =>
  text
    .replaceAll(/\bspicula \d+\.\d+\.\d+/g, 'spicula VERSION')
    .replaceAll(fromModel(code) ? /-?\d+\.\d+/g : /(?!)/g, '#')
    .split('\n')
    .map((line) => line.trimEnd())
    // Progress shows how fast this machine is.
    .filter((line) => line !== '' && !/^\d+\/\d+ \w+, .* left$/.test(line))

/**
 * What is printed and not shown, or shown and not printed, line by line; a line `...` stands for any number of lines. Lines
 * of standard output and standard error may come in any order, each stream in its own.
 */
function difference(shown: readonly string[], streams: readonly (readonly string[])[]): string[] {
  const rest = streams.map((lines) => [...lines])
  const wrong: string[] = []
  let free = false
  for (const line of shown) {
    if (line === '...') {
      free = true
      continue
    }
    const stream = rest.find((lines) => (free ? lines.includes(line) : lines[0] === line))
    if (stream) stream.splice(0, stream.indexOf(line) + 1)
    else wrong.push(`shown: ${line}`)
    free = false
  }
  return [...wrong, ...(free ? [] : rest.flat().map((line) => `printed: ${line}`))]
}

describe.each(['docs/tutorial.md', 'docs/export.md'])('%s', (page) => {
  const folder = mkdtempSync(join(tmpdir(), 'spicula-docs-'))
  symlinkSync(join(root, 'models'), join(folder, 'models'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const steps = stepsOf(page)

  it('has commands', () => {
    expect(steps.length).toBeGreaterThan(3)
  })

  for (const step of steps) {
    const { language, code, shown } = step
    const skipped = language === 'python' && !hasPython
    const why = skipped ? ` (skipped: ${python} with numpy and onnxruntime is not here)` : ''
    it.skipIf(skipped)(
      `${language === 'python' ? 'its Python' : `$ ${code}`}${why}`,
      { timeout: 300_000 },
      async () => {
        const printed = await run(folder, step)
        expect(
          difference(
            linesOf(shown, code),
            printed.map((text) => linesOf(text, code)),
          ),
        ).toEqual([])
        if (language === 'python') await expectSameAnswers(folder, printed[0])
      },
    )
  }
})

/** What Python printed of each nodule is what `spicula predict` answers. */
async function expectSameAnswers(folder: string, printed: string): Promise<void> {
  const { status } = await runner(folder)('predict', 'phantoms/cohort.csv', '--out', 'results.csv')
  expect(status).toBe(0)
  const { records } = parseTable(readFileSync(join(folder, 'results.csv'), 'utf8'), 'results.csv')
  expect(records.length).toBeGreaterThan(1)
  for (const { values } of records) {
    const [, probability] = new RegExp(`${values.pid}_${values.nodule_id}\\.npy: (\\d\\.\\d+)`).exec(printed) ?? []
    expect(Math.abs(Number(probability) - Number(values.calibrated_ensemble))).toBeLessThan(1e-4)
  }
}

describe('commands in all docs', () => {
  const pages = ['README.md', 'FEATURES.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  const commands = pages
    .filter((page) => page.endsWith('.md'))
    .flatMap((page) => {
      const text = read(page)
        .replaceAll('\\\n', ' ')
        .replace(/^([^`\n]*`[^`\n]*)\n/gm, '$1 ')
      return [...text.matchAll(/(?:^(?:\$ )?|`)spicula ([a-z][^`\n#]*)/gm)].map(([, code]) => ({ page, code }))
    })

  it('and their options are ones that there are', async () => {
    expect(commands.length).toBeGreaterThan(80)
    const unknown: string[] = []
    for (const { page, code } of commands) {
      const [name, ...rest] = wordsOf(code)
      const entry = COMMANDS.find((one) => one.name === name)
      if (!entry) {
        unknown.push(`${page}: spicula ${name}`)
        continue
      }
      // A word in capitals, as in `cohort from SOURCE`, stands for any command below.
      let meant: readonly Command[] = [await entry.load()]
      for (const word of rest) {
        const below = meant.flatMap(({ commands }) => commands)
        const called = below.filter((one) => one.name() === word || /^[A-Z]+$/.test(word))
        if (called.length > 0) meant = called
      }
      const options = rest.filter((word) => /^--\w/.test(word)).map((word) => word.replace(/=.*/, ''))
      const known = new Set(meant.flatMap((one) => one.options.flatMap(({ long }) => long ?? [])).concat('--help'))
      for (const option of options) if (!known.has(option)) unknown.push(`${page}: spicula ${code}: ${option}`)
    }
    expect(unknown).toEqual([])
  })
})
