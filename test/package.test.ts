/** What is installed with Spicula, and what installing does. */
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const readJson = (path: string) => JSON.parse(readFileSync(root + path, 'utf8'))
const { dependencies, peerDependencies, peerDependenciesMeta, scripts } = readJson('package.json')

describe('installing', () => {
  // npm runs no script of a package that the lock file calls free of them: an install script would download CUDA.
  it.each(['package-lock.json', 'tools/package-lock.json', 'mutants/package-lock.json'])(
    'by %s runs no script',
    (lock) => {
      const entries: [string, { hasInstallScript?: boolean }][] = Object.entries(readJson(lock).packages)
      const scripted = entries.filter(([, { hasInstallScript }]) => hasInstallScript).map(([name]) => name)
      expect(scripted, 'delete their lines "hasInstallScript": true (CONTRIBUTING.md, "Dependencies")').toEqual([])
    },
  )

  it('runs none of our own', () => {
    const names = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare', 'dependencies']
    expect(names.filter((name) => name in scripts)).toEqual([])
  })
})

describe('what src/ imports', () => {
  it('is installed with the package, carried in it, or optional and loaded where it is used', () => {
    const carried = readJson('scripts/carried.json')
    const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !/\.(test|fixture)(\.node)?\.ts$/.test(file),
    )
    const imports = sources.flatMap((file) =>
      [
        ...readFileSync(`${root}src/${file}`, 'utf8').matchAll(
          /^(import type|import|export)\b[^'"]*?\bfrom ['"]([^'"]+)['"]|\b(?:import|resolve)\(['"]([^'"]+)['"]\)/gm,
        ),
      ].map(([, kind, named, loaded]) => ({ file, kind, specifier: named ?? loaded })),
    )
    const packages = imports
      .filter(({ kind, specifier }) => kind !== 'import type' && /^[@a-z]/.test(specifier))
      .filter(({ specifier }) => !specifier.startsWith('node:') && !builtinModules.includes(specifier))
      .map((one) => ({ ...one, name: one.specifier.split('/', one.specifier.startsWith('@') ? 2 : 1).join('/') }))
    expect(new Set(packages.map(({ name }) => name)).size).toBeGreaterThan(10)
    for (const { file, kind, name } of packages) {
      const there = name in dependencies || name in carried
      const optional = kind === undefined && name in peerDependencies && peerDependenciesMeta[name].optional
      expect(there || optional, `${file} imports ${name}`).toBe(true)
    }
  })
})
