// `npm pack` and `npm publish` run this first: dist/ anew from src/, and in dist/node_modules/ what a release carries of
// other packages (docs/decisions.md, "Releases"). `postpack` takes the latter away again.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * Types, maps, the second copy of macOS's library (the binding asks for libonnxruntime.1.dylib), and CUDA's libraries, 400 MB
 * where somebody put them.
 */
const UNUSED = /\.d\.ts$|\.map$|libonnxruntime\.\d+\.\d+\.\d+\.dylib$|onnxruntime_providers_/

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
/** Of each package what runs. Licences: NOTICE. */
const carried = JSON.parse(readFileSync('scripts/carried.json', 'utf8'))
rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' })

for (const [name, parts] of Object.entries(carried)) {
  const [from, to] = [`node_modules/${name}`, `dist/node_modules/${name}`]
  mkdirSync(to, { recursive: true })
  for (const part of parts)
    cpSync(`${from}/${part}`, `${to}/${part}`, { recursive: true, filter: (path) => !UNUSED.test(path) })
  // Without its scripts and dependencies.
  const { version, license, main } = JSON.parse(readFileSync(`${from}/package.json`, 'utf8'))
  writeFileSync(`${to}/package.json`, `${JSON.stringify({ name, version, license, main }, null, 2)}\n`)
}
