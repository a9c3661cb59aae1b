// `npm run mutants -- ROOM`: changes the code of a room in small ways, each alone, and runs the room's tests on each. What
// no test notices is printed. Results are kept, so that a second run does only what is new; `clip/losses.ts` in the place
// of a room does a part of it. What the numbers say: docs/mutants.md.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

/** Tests that take long and tell nothing more: the formats of scans; a browser and a software GPU. */
const APART = [
  'src/nodule/formats.test.ts',
  'src/predict/export-onnx-web.node.test.ts',
  'src/predict/webgpu.node.test.ts',
  'src/training/webgpu.test.ts',
]

/** Of a folder all code that is no test, of a file itself. */
function sources(path) {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true })
    .filter((file) => file.endsWith('.ts') && !/\.(test|fixture)(\.node)?\.ts$/.test(file))
    .map((file) => `${path}/${file}`)
    .sort()
}

const tests = (path) =>
  readdirSync(path, { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `${path}/${file}`)
    .filter((file) => !APART.includes(file))

const [part] = process.argv.slice(2)
if (part === undefined || !existsSync(`src/${part}`)) {
  console.error(part === undefined ? 'Usage: npm run mutants -- ROOM' : `src/${part} does not exist`)
  process.exit(1)
}
const [room] = part.split('/')
if (!existsSync('mutants/node_modules'))
  execFileSync('npm', ['ci', '--prefix', 'mutants', '--legacy-peer-deps', '--no-audit', '--no-fund'], {
    stdio: 'inherit',
  })

// With or without reference material beside the checkout, the score is the same.
process.env.SPICULA_SHARED = 'nowhere'
const results = `mutants/reports/${room}.json`
const { Stryker } = await import('@stryker-mutator/core')
const all = tests(`src/${room}`)
// File by file: code that carries mutants runs several times as slowly, so the others shall carry none. The tests beside
// a file come first, as they are the quickest to tell; what they let pass goes to all tests of the room.
for (const file of sources(`src/${part}`)) {
  const beside = all.filter((test) => test.startsWith(`${file.replace(/(\.node)?\.ts$/, '')}.`))
  if (beside.length > 0) await mutate(file, beside)
  await mutate(file, all)
}

/** What is known of a mutant is not tried again: a killed one while its killer lives, another until a test is new to it. */
function mutate(file, testFiles) {
  return new Stryker({
    mutate: [file],
    testFiles,
    testRunner: 'vitest',
    // Which tests to run is said above; to find them by imports takes longer than to run them.
    vitest: { related: false },
    coverageAnalysis: 'perTest',
    // What runs once, while modules are loaded, would need every test again.
    ignoreStatic: true,
    incremental: true,
    incrementalFile: results,
    // Stryker rewrites paths in a tsconfig.json with TypeScript's API, which TypeScript 7 does not have.
    tsconfigFile: 'mutants/no-tsconfig.json',
    ignorePatterns: ['bench', 'demo-out', 'dist', 'docs', 'mutants', 'parity', 'runs', 'study'],
    tempDirName: 'mutants/sandbox',
    concurrency: 1,
    // A busy machine must not pass for a killed mutant; endless loops are counted, not timed.
    timeoutMS: 60_000,
    timeoutFactor: 4,
    reporters: ['progress-append-only'],
    allowConsoleColors: false,
    logLevel: 'warn',
  }).runMutationTest()
}

/** Of each mutant in the report: https://github.com/stryker-mutator/mutation-testing-elements */
const { files } = JSON.parse(readFileSync(results, 'utf8'))
const noticed = new Set(['Killed', 'Timeout'])
const missed = new Set(['Survived', 'NoCoverage'])
const table = []
for (const [file, { source, mutants }] of Object.entries(files).sort()) {
  const lines = source.split('\n')
  for (const { status, location, replacement, mutatorName } of mutants) {
    if (!missed.has(status)) continue
    const { start, end } = location
    const was = lines[start.line - 1].slice(start.column - 1, end.line === start.line ? end.column - 1 : undefined)
    const now = replacement.split('\n')[0]
    const untested = status === 'NoCoverage' ? ', which no test runs' : ''
    console.log(`${file}:${start.line}:${start.column} ${mutatorName}: ${was} -> ${now}${untested}`)
  }
  const killed = mutants.filter(({ status }) => noticed.has(status)).length
  const survived = mutants.filter(({ status }) => missed.has(status)).length
  if (killed + survived > 0) table.push([file, killed, survived])
}
const total = (column) => table.reduce((sum, row) => sum + row[column], 0)
console.log('\n  score  killed  survived')
for (const [name, killed, survived] of [...table, [`src/${room}`, total(1), total(2)]]) {
  const score = ((100 * killed) / (killed + survived)).toFixed(1)
  console.log(`${score.padStart(5)} %  ${String(killed).padStart(6)}  ${String(survived).padStart(8)}  ${name}`)
}
