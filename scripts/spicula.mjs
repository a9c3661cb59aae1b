// `npm run -s spicula -- ARGS` in a checkout: builds what changed, then runs the command line.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))
const built = spawnSync(process.execPath, [path('build.mjs')], { stdio: ['ignore', 2, 2] })
if (built.status !== 0) process.exit(built.status ?? 1)
// npm changes into the package's folder; paths on the command line are relative to where the user stands.
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD)
await import('../dist/cli/main.js')
