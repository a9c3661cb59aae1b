// Compiles src/ to dist/. Incremental: a second run with nothing changed takes a fraction of a second.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
// What a release carries of other packages (prepack.mjs); a checkout has the packages themselves.
rmSync('dist/node_modules', { recursive: true, force: true })
execFileSync(
  process.execPath,
  [
    ...['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
    ...['--sourceMap', '--incremental', '--tsBuildInfoFile', 'dist/.tsbuildinfo'],
  ],
  { stdio: 'inherit' },
)
