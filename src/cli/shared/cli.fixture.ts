/** For tests: the command line, and a folder with a small cohort and a random model. */
import { Console } from 'node:console'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseInitConfig } from '../../model/config.ts'
import { initModel } from '../../model/init.node.ts'
import { PRESETS } from '../../model/presets.ts'
import { writeNifti } from '../../scan/nifti/write.node.ts'
import type { Affine, Triple } from '../../scan/scan.ts'
import { runCommandLine } from '../command-line.ts'

/**
 * The program as a process of its own, for what only a process shows: `spawn(process.execPath, [...PROGRAM,
 * 'predict'])`.
 */
export const PROGRAM: readonly string[] = [
  '--import',
  pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
  fileURLToPath(new URL('../main.ts', import.meta.url)),
]

export interface Ran {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** A process has one working folder and one standard output: commands that run in it wait for each other. */
let last: Promise<unknown> = Promise.resolve()

/** Runs the command line in a folder, without a process of its own. */
export const runner =
  (folder: string) =>
  (...args: string[]): Promise<Ran> => {
    const ran = last.then(() => runHere(folder, args))
    last = ran.catch(() => undefined)
    return ran
  }

async function runHere(folder: string, args: readonly string[]): Promise<Ran> {
  const [home, own] = [process.cwd(), globalThis.console]
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)]
  // The test runner's console does not write to the process's streams.
  globalThis.console = new Console(process.stdout, process.stderr)
  process.chdir(folder)
  process.exitCode = undefined
  try {
    await runCommandLine(args)
    return { status: Number(process.exitCode ?? 0), stdout: stdout.text(), stderr: stderr.text() }
  } finally {
    process.exitCode = undefined
    process.chdir(home)
    globalThis.console = own
    for (const { restore } of [stdout, stderr]) restore()
  }
}

function capture(stream: NodeJS.WriteStream) {
  const { write } = stream
  let text = ''
  stream.write = (chunk: string | Uint8Array) => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    return true
  }
  return {
    text: () => text,
    restore: () => {
      stream.write = write
    },
  }
}

/** Voxel (24, 24, 24) is at (-64, -84, -252); voxel indices, LPS and RAS never agree inside the scan. */
const AFFINE_LPS: Affine = [1.5, 0, 0, -100, 0, 1.5, 0, -120, 0, 0, 2, -300]
const SIZE = 48
export const AT = '-64,-84,-252'
export const HEADER = 'pid,nodule_id,image_path,coordX,coordY,coordZ'

/** A scan with a lopsided nodule, one slice of it, and files that are not scans, each in its own way. */
export async function makeScans(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cli-'))
  const voxels = new Int16Array(SIZE ** 3)
  for (let k = 0; k < SIZE; k++)
    for (let j = 0; j < SIZE; j++)
      for (let i = 0; i < SIZE; i++) {
        const inside = Math.hypot(i - 24, (j - 25) / 1.3, k - 23 - (i - 24) / 3) < 8
        voxels[i + SIZE * (j + SIZE * k)] = inside ? 50 : -800 + ((i * 7 + j * 13 + k * 5) % 40)
      }
  const write = (name: string, shapeIjk: Triple, affineLps: Affine, first = 0) =>
    writeNifti(join(folder, name), {
      voxels: voxels.slice(first, first + shapeIjk[0] * shapeIjk[1] * shapeIjk[2]),
      shapeIjk,
      affineLps,
    })
  await write('scan.nii.gz', [SIZE, SIZE, SIZE], AFFINE_LPS)
  await write('slice.nii', [SIZE, SIZE, 1], [...AFFINE_LPS.slice(0, 11), -252], 24 * SIZE * SIZE)

  await writeFile(join(folder, 'cut.nii.gz'), (await readFile(join(folder, 'scan.nii.gz'))).subarray(0, 5000))
  const slice = await readFile(join(folder, 'slice.nii'))
  const header = (name: string, change: (view: DataView) => void) => {
    const copy = new Uint8Array([...slice, ...new Uint8Array(2 * slice.length)])
    change(new DataView(copy.buffer))
    return writeFile(join(folder, name), copy)
  }
  // nifti1.h: qform_code and sform_code; datatype and bitpix of RGB24.
  await header('lost.nii', (view) => [252, 254].forEach((at) => void view.setInt16(at, 0, true)))
  await header('colour.nii', (view) => [128, 24].forEach((value, n) => void view.setInt16(70 + 2 * n, value, true)))
  return folder
}

/** Makes the `tiny` model of `spicula model init` in `folder`/model. */
export async function makeModel(folder: string): Promise<void> {
  await initModel(join(folder, 'model'), parseInitConfig(JSON.stringify(PRESETS.tiny), 'tiny'), 1)
}

/** Writes a manifest of rows `pid,nodule_id,image_path,coordX,coordY,coordZ`. */
export const writeCohort = (folder: string, name: string, rows: readonly string[]): Promise<void> =>
  writeFile(join(folder, name), `${[HEADER, ...rows].join('\n')}\n`)
