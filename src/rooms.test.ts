/** The rooms' order, and Node's modules kept where a browser never goes (docs/decisions.md, "Rooms"). */
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('.', import.meta.url))

/** In the order in which data flows: a room imports rooms above it, never below. */
const ROOMS = [
  'files',
  'scan',
  'cohort',
  'features',
  'nodule',
  'drawing',
  'pictures',
  'report',
  'graph',
  'weights',
  'clip',
  'model',
  'importing',
  'risk',
  'predict',
  'evaluation',
  'page',
  'training',
  'annotations',
  'phantom',
  'cli',
]
/** Rooms that only ever run in Node.js. */
const NODE_ROOMS = ['training', 'annotations', 'cli']
/** Packages with native parts or Node's modules inside. */
const NODE_PACKAGES = ['onnxruntime-node', '@resvg/resvg-js', 'cli-progress', 'commander', 'dejavu-fonts-ttf']

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !/\.(test|fixture)(\.node)?\.ts$/.test(file),
)
const roomOf = (file: string): string | undefined => (file.includes('/') ? file.split('/')[0] : undefined)
const importsOf = (file: string): string[] =>
  [
    ...readFileSync(join(root, file), 'utf8').matchAll(
      /^(?:import|export)\b[^'"]*?['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/gm,
    ),
  ].map((match) => match[1] ?? match[2])
const isNodeFile = (file: string): boolean => file.endsWith('.node.ts') || NODE_ROOMS.includes(roomOf(file) ?? '')
/** The library's own tables of contents show all rooms, a room's shows that room. */
const isIndex = (file: string): boolean => /(^|\/)index(\.node)?\.ts$/.test(file)
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

describe('rooms', () => {
  it('are all known', () => {
    const rooms = new Set(sources.flatMap((file) => roomOf(file) ?? []))
    expect([...rooms].filter((room) => !ROOMS.includes(room))).toEqual([])
  })

  it.each(sources)('%s imports nothing from below', (file) => {
    const room = roomOf(file)
    for (const specifier of importsOf(file).filter((one) => one.startsWith('.'))) {
      const target = roomOf(relative(root, resolve(root, dirname(file), specifier)))
      // Files beside the rooms (error.ts, random.ts) are for all of them, and need none.
      if (target === undefined || (room === undefined && isIndex(file))) continue
      if (isIndex(file)) expect(target, `${file} shows ${specifier}`).toBe(room)
      expect(room, `${file} is beside the rooms but imports ${specifier}`).toBeDefined()
      expect(ROOMS.indexOf(target), `${file} imports ${specifier}`).toBeLessThanOrEqual(ROOMS.indexOf(room ?? ''))
    }
  })

  it.each(sources.filter((file) => !isNodeFile(file)))('%s runs in a browser', (file) => {
    for (const specifier of importsOf(file)) {
      const node =
        specifier.startsWith('node:') ||
        builtinModules.includes(specifier) ||
        NODE_PACKAGES.includes(packageOf(specifier))
      const nodeFile = specifier.startsWith('.') && specifier.endsWith('.node.ts')
      expect(node || nodeFile, `${file} imports ${specifier}`).toBe(false)
    }
  })
})

describe('the version', () => {
  it("is package.json's", async () => {
    const { VERSION } = await import('./version.ts')
    expect(JSON.parse(readFileSync(join(root, '../package.json'), 'utf8')).version).toBe(VERSION)
  })
})
