/** What comments, messages and docs name is there: files, folders, headings, facts of the method, scripts of npm. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const FOLDERS = ['src', 'test', 'bench', 'study', 'parity', 'scripts', 'docs', 'models', '.ci']
const files = [
  ...readdirSync(root).filter((file) => statSync(join(root, file)).isFile()),
  ...FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  ),
]
const known = new Set(files)
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const docs = files.filter((file) => file.endsWith('.md'))
const sources = files.filter((file) => /\.(ts|mjs|py|sh|yaml)$|^\.ci\/run$/.test(file) && file !== 'test/docs.test.ts')
const commentsOf = (file: string): string =>
  file.endsWith('.ts') ? (read(file).match(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm) ?? []).join('\n') : read(file)

/** Whether a path from the root is there; `*`, and `NAME` in a recipe, stand for anything within a name. */
function isThere(named: string): boolean {
  const path = named.replace(/\bNAME\b/g, '*')
  if (!path.includes('*')) return existsSync(join(root, path))
  const pattern = new RegExp(
    `^${path.replaceAll('.', '\\.').replace(/\*+\/?/g, (stars) => (stars.startsWith('**') ? '(.*/)?' : '[^/]*'))}$`,
  )
  return files.some((file) => pattern.test(file))
}

/** A heading as GitHub makes an anchor of it. */
const slug = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
const headingsOf = (file: string): string[] =>
  [
    ...read(file)
      .replace(/^```[\s\S]*?^```/gm, '')
      .matchAll(/^#+ +(.*?) *$/gm),
  ].map((match) => match[1])

/** Paths that begin at the root of the project, wherever they stand: in prose, messages and commands. */
function missingPaths(text: string): string[] {
  const paths = [...text.matchAll(/(?<![\w./@-])(?:src|test|bench|study|parity|scripts|docs)\/[\w./*-]*[\w*/]/g)]
    .map(([path]) => path)
    // Codes of errors look like paths: `study/start`. Beyond docs/ and src/ only what has an ending is a file.
    .filter((path) => /^(docs|src)\/|\.\w+$/.test(path))
  return paths.filter((path) => !isThere(path))
}

/**
 * Names of sources and pages by themselves, or with a folder or two: `losses.ts`, `clip/model.ts`, './operations.ts'.
 */
const missingNames = (text: string): string[] =>
  [...text.matchAll(/(?<![\w./@*{}-])(?:\.\.?\/)*([\w.-]+(?:\/[\w.-]+)*\.(?:ts|mjs|md))\b/g)]
    .map(([, name]) => name)
    .filter((name) => !/\bNAME\b/.test(name) && !files.some((file) => file === name || file.endsWith(`/${name}`)))

/** Quoted headings and facts behind the name of a page: `docs/decisions.md, "Rooms"`, `docs/method.md M4 and M6.2`. */
function missingParts(text: string): string[] {
  const unwrapped = text.replace(/\n[ \t]*(?:\*|\/\/|#)?[ \t]*/g, ' ')
  const headings = [...unwrapped.matchAll(/\b(docs\/[\w-]+\.md|[A-Z]+\.md), "([^"]+)"/g)]
    .filter(([, page, heading]) => known.has(page) && !headingsOf(page).includes(heading))
    .map(([whole]) => whole)
  const facts = [...unwrapped.matchAll(/\bmethod\.md (M[\d.]*\d(?:(?:, | and | to )M[\d.]*\d)*)/g)]
    .flatMap(([, list]) => list.match(/M[\d.]*\d/g) ?? [])
    .filter((fact) => !FACTS.has(fact))
  // Notes that are not part of the project are no source that a reader can look up: docs/method.md is.
  const elsewhere = text.match(/\bREFERENCE(\.md|,)? ["\d]/g) ?? []
  return [...headings, ...facts, ...elsewhere]
}
const FACTS = new Set(
  [...read('docs/method.md').matchAll(/^## (M\d+) |^- \*\*(M\d+\.\d+)\*\*/gm)].map(([, m, n]) => m ?? n),
)

/** What each file names that is not there, as `file: name`. */
const missing = (those: readonly string[], namesOf: (file: string) => readonly string[]): string[] =>
  those.flatMap((file) => namesOf(file).map((name) => `${file}: ${name}`))

function brokenLinks(file: string): string[] {
  const links = [...read(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link)
  return links.filter((link) => {
    if (/^\w+:/.test(link)) return false
    const [path, anchor] = link.split('#')
    const target = path === '' ? file : normalize(join(dirname(file), path))
    if (!existsSync(join(root, target))) return true
    return anchor !== undefined && !headingsOf(target).map(slug).includes(anchor)
  })
}

describe('comments and messages', () => {
  it('name only files, headings and facts that are there', () => {
    const names = (file: string) => {
      const comments = commentsOf(file)
      return [...missingPaths(read(file)), ...missingNames(comments), ...missingParts(comments)]
    }
    expect(sources.length).toBeGreaterThan(500)
    expect(missing(sources, names)).toEqual([])
  })
})

describe('docs', () => {
  it('name only files, headings and facts that are there', () => {
    expect(docs.length).toBeGreaterThan(15)
    const names = (text: string) => [...missingPaths(text), ...missingNames(text), ...missingParts(text)]
    expect(missing(docs, (file) => names(read(file)))).toEqual([])
  })

  it('link to pages, pictures and headings that are there', () => {
    expect(missing(docs, brokenLinks)).toEqual([])
  })

  it('name scripts of npm that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = (file: string) => [...read(file).matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, name]) => name)
    expect(missing(docs, (file) => named(file).filter((name) => !(name in scripts)))).toEqual([])
  })
})

describe('this test', () => {
  it('sees what is not there', () => {
    const text = `see docs/nowhere.md, src/nodule/no*.ts and docs/geometry.md; as no-such.ts and
      * views.ts do (docs/decisions.md, "Rooms"; docs/decisions.md, "Roofs"; docs/method.md M3,
      * M3.77 and M99; ${'REFERENCE'} 7)`
    expect(missingPaths(text)).toEqual(['docs/nowhere.md', 'src/nodule/no*.ts'])
    expect(missingNames(text)).toEqual(['docs/nowhere.md', 'no-such.ts'])
    expect(missingParts(text)).toEqual(['docs/decisions.md, "Roofs"', 'M3.77', 'M99', 'REFERENCE 7'])
  })
})
