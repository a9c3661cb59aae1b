// `npm run demo`: the main job, offline, on a made chest CT and a small random model. Every command is printed as run.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import './build.mjs'

const { madeVolume } = await import('../dist/datasets/made-volume.js')
const { writeNifti } = await import('../dist/volume/nifti-write.node.js')

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const folder = 'demo-out'
await rm(folder, { recursive: true, force: true })
await mkdir(folder)

const nodules = [
  { pointLps: [-70, 10, -20], radiusMm: 8 },
  { pointLps: [62, -35, 30], radiusMm: 4 },
  { pointLps: [85, 20, 60], radiusMm: 12 },
]
const { voxels, shapeIjk, affineLps } = madeVolume({
  shapeIjk: [256, 256, 160],
  spacingMm: [1.3, 1.3, 2],
  nodules,
  seed: 1,
})
await writeNifti(`${folder}/scan.nii.gz`, { voxels, shapeIjk, affineLps })
const row = ({ pointLps }, i) => `made-1,${i + 1},scan.nii.gz,${pointLps.join(',')}`
const header = 'pid,nodule_id,image_path,coordX,coordY,coordZ'
await writeFile(`${folder}/cohort.csv`, `${[header, ...nodules.map(row)].join('\n')}\n`)
console.log(`${folder}/: a made chest CT with ${nodules.length} round nodules, and its cohort.csv`)

const commands = [
  `model init --config tiny --seed 1 --out ${folder}/model`,
  `check ${folder}/cohort.csv --out ${folder}/check`,
  `views ${folder}/cohort.csv --out ${folder}/views`,
  `predict ${folder}/cohort.csv --model ${folder}/model --out ${folder}/results.csv`,
  `predict --ct ${folder}/scan.nii.gz --at ${nodules[0].pointLps.join(',')} --model ${folder}/model`,
]
for (const command of commands) {
  console.log(`\n$ spicula ${command}`)
  const { status } = spawnSync(process.execPath, ['dist/cli/main.js', ...command.split(' ')], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
const sheet = `${folder}/views/made-1_1.png`
if (!existsSync(sheet)) throw new Error(`${sheet} was not written`)
console.log(`\nLook at ${sheet} and ${folder}/check/made-1_1.png.`)
console.log('The model has random weights: its probabilities mean nothing. For research use.')
