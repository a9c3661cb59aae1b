// `npm run demo`: the main job, offline, on a computed chest CT with the embedded model. Every command is printed as run.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import './build.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const folder = 'demo-out'
await rm(folder, { recursive: true, force: true })
await mkdir(folder)

// A computed chest CT with three nodules of known features: a cancer as books describe it, and two others.
const nodules = [
  {
    seed: 4,
    features: { 'longest_axial_diameter_(mm)': 19, nodule_margins: 'Spiculated/Serrated', nodule_shape: 'Ovoid' },
  },
  { seed: 5, features: { 'longest_axial_diameter_(mm)': 17, nodule_consistency: 'Part-solid' } },
  { seed: 6, features: { 'longest_axial_diameter_(mm)': 9, pleural_attachment: 'Present' }, calcification: 'central' },
]
await writeFile(`${folder}/nodules.json`, `${JSON.stringify(nodules, null, 2)}\n`)
run(`phantom --spec ${folder}/nodules.json --matrix 416x416x150 --spacing 0.8,0.8,2.2 --out ${folder}/phantom`)
const [, first] = (await readFile(`${folder}/phantom/cohort.csv`, 'utf8')).split('\n')
const at = first.split(',').slice(3, 6).join(',')

const commands = [
  `check ${folder}/phantom/cohort.csv --out ${folder}/check`,
  `views ${folder}/phantom/cohort.csv --out ${folder}/views`,
  `predict --ct ${folder}/phantom/ct.nii.gz --at ${at}`,
  `predict ${folder}/phantom/cohort.csv --out ${folder}/results.csv --html ${folder}/case.html`,
]
for (const command of commands) run(command)
for (const file of ['case.html', 'results.csv', 'views/PHANTOM-1_1.png'])
  if (!existsSync(`${folder}/${file}`)) throw new Error(`${folder}/${file} was not written`)
console.log(
  `\nOpen ${folder}/case.html: where each nodule is, its views, its probability, and what it looks like in words.`,
)
console.log("A computed chest and a small model that learnt from radiologists' suspicions: for research use.")

function run(command) {
  console.log(`\n$ spicula ${command}`)
  const { status } = spawnSync(process.execPath, ['dist/cli/main.js', ...command.split(' ')], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
