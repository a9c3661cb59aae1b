/** What a program can import: package.json's sub-paths, in Node.js and in a bundle for a browser. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { memoryScan, prepareViews, type Scan } from './index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const rooms = readdirSync(`${root}src`, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() && entry.name !== 'cli' ? entry.name : [],
)
/** Sub-paths that have something for a browser. */
const browserPaths = Object.keys(exports).filter(
  (path) => !['./training', './annotations', './package.json'].includes(path),
)
const nameOf = (path: string): string => path.replace(/^\./, 'spicula')
/** The source of what a sub-path shows in Node.js, or in a browser. */
function sourceOf(path: string, where: 'node' | 'browser'): string {
  const { browser, default: always } = exports[path]
  const built: string = browser ? (where === 'browser' ? browser : always).default : always
  return built.replace('./dist/', `${root}src/`).replace(/\.js$/, '.ts')
}

/** Bundles a module for a browser. */
async function bundle(contents: string, format: 'esm' | 'iife' = 'esm'): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    ...{ bundle: true, minify: true, platform: 'browser', format, globalName: 'spicula', write: false },
    alias: Object.fromEntries(browserPaths.map((path) => [nameOf(path), sourceOf(path, 'browser')]).reverse()),
    logLevel: 'silent',
  })
  return outputFiles[0].text
}

describe('the sub-paths of the package', () => {
  it('are the rooms but the command line', () => {
    const entry = (file: string) => ({ types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` })
    const place = (file: string) =>
      existsSync(`${root}src/${file}.node.ts`) ? { browser: entry(file), default: entry(`${file}.node`) } : entry(file)
    const expected = Object.fromEntries(rooms.map((room) => [`./${room}`, place(`${room}/index`)]))
    expect(exports).toEqual({ '.': place('index'), ...expected, './package.json': './package.json' })
  })

  it.each(rooms)('%s shows something in Node.js', async (room) => {
    expect(Object.keys(await import(sourceOf(`./${room}`, 'node'))).length).toBeGreaterThan(0)
  })

  it('go into a bundle for a browser without Node.js', { timeout: 60_000 }, async () => {
    const sizes: string[] = []
    for (const path of browserPaths) {
      const text = await bundle(`export * from '${nameOf(path)}'`)
      expect(text, path).not.toMatch(/["']node:|\brequire\(/)
      // The schema library comes in parts only where it is imported as `* as z`: whole, it weighs 450 kB.
      expect(text.length, path).toBeLessThan(250_000)
      sizes.push(`${nameOf(path)} ${(text.length / 1000).toFixed(1)} kB`)
    }
    console.log(`minified: ${sizes.join(', ')}`)
  })
})

describe('a bundle for a browser', () => {
  const views = `import { prepareViews } from 'spicula/nodule'
    import { memoryScan } from 'spicula/scan'
    export { memoryScan, prepareViews }`

  it('of scan and views is small: no schema library, no archive, no runtime in it', async () => {
    const text = await bundle(views)
    console.log(`views of a scan in memory: ${(text.length / 1000).toFixed(1)} kB`)
    expect(text.length).toBeLessThan(20_000)
  })

  it('draws the same views where nothing of Node.js is', async () => {
    const side = 40
    const hu = Float32Array.from({ length: side ** 3 }, (_, n) => ((n * 7919) % 1400) - 1000)
    const make = (scan: typeof memoryScan): Scan =>
      scan(hu, [side, side, side], [3, 0, 0, -60, 0, 3, 0, -60, 0, 0, 3, -60])
    const browser = createContext({}) // no process, Buffer, require, fetch
    runInContext(await bundle(views, 'iife'), browser)
    const inBrowser = runInContext('spicula', browser) as {
      memoryScan: typeof memoryScan
      prepareViews: typeof prepareViews
    }
    const found = await inBrowser.prepareViews(make(inBrowser.memoryScan), [0, 0, 0], {
      geometry: 'exact',
      resolution: 32,
    })
    const { pixels } = await prepareViews(make(memoryScan), [0, 0, 0], { geometry: 'exact', resolution: 32 })
    expect(Array.from(found.pixels)).toEqual(Array.from(pixels))
  })
})
