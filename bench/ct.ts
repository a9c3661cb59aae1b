/**
 * `npm run bench -- bench/ct.ts [SCAN.nii.gz]`: one nodule of a made 512x512x300 int16 .nii.gz, from the file to its
 * nine views, beside inflating the part of the file that this needs. Without a file, makes one in the temporary folder.
 */
import { execFileSync } from 'node:child_process'
import { createReadStream, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { DEFAULT_PREPROCESSING, prepareViews } from '../src/nodule/prepare.ts'
import { applyAffine, invertAffine } from '../src/scan/affine.ts'
import { openScan } from '../src/scan/open.node.ts'
import { makeBenchVolume, NODULE_LPS } from './make-volume.ts'
import { median, medianRatio, peakMemoryMb, timeInTurn } from './timing.ts'

const HEADER_BYTES = 352
const CROP_MM = 100

const path = process.argv[2] ?? join(tmpdir(), 'spicula-bench-512x512x300.nii.gz')
if (!existsSync(path)) await makeBenchVolume(path)

const step = process.argv[3]
if (step !== undefined) {
  // A process of its own, for its peak memory.
  if (step === 'once') await prepareViews(await openScan(path), NODULE_LPS, DEFAULT_PREPROCESSING)
  console.log(peakMemoryMb())
} else {
  const scan = await openScan(path)
  const { shapeIjk, affineLps } = scan
  const [x, y, z] = NODULE_LPS
  const lastSlice = Math.ceil(applyAffine(invertAffine(affineLps), [x, y, z + CROP_MM / 2 - 1])[2])
  const needed = HEADER_BYTES + 2 * shapeIjk[0] * shapeIjk[1] * (Math.min(lastSlice, shapeIjk[2] - 1) + 1)

  const times = await timeInTurn(9, {
    'inflate, chunks of 64 KiB': () => inflate(path, needed, 2 ** 16),
    'inflate, chunks of 256 KiB': () => inflate(path, needed, 2 ** 18),
    'inflate, chunks of 1 MiB': () => inflate(path, needed, 2 ** 20),
    'spicula: open, crop, nine views': async () =>
      prepareViews(await openScan(path), NODULE_LPS, DEFAULT_PREPROCESSING),
  })
  console.log(`${shapeIjk.join('x')} int16 .nii.gz, the first ${(needed / 1e6).toFixed(0)} MB of voxels needed`)
  for (const [name, all] of Object.entries(times))
    console.log(`${name.padEnd(34)} ${median(all).toFixed(0).padStart(5)} ms`)
  const { 'spicula: open, crop, nine views': ours, ...peers } = times
  const [fastest, name] = Object.entries(peers)
    .map(([peer, all]) => [all, peer] as const)
    .reduce((best, one) => (median(one[0]) < median(best[0]) ? one : best))
  console.log(`ratio to the fastest (${name}): ${medianRatio(ours, fastest).toFixed(2)} (target: at most 1.5)`)

  const peak = (step: string) => {
    const run = ['--import', 'tsx', import.meta.filename, path, step]
    return median(Array.from({ length: 3 }, () => Number(execFileSync(process.execPath, run, { encoding: 'utf8' }))))
  }
  const [peaks, empty] = [peak('once'), peak('idle')]
  console.log(`peak memory ${peaks.toFixed(0)} MB, of which an idle process ${empty.toFixed(0)} MB (target: under 500)`)
}

/** Inflates a file up to a number of bytes, and does nothing with them. */
function inflate(file: string, bytes: number, chunkSize: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = 0
    const input = createReadStream(file, { highWaterMark: chunkSize })
    const gunzip = createGunzip({ chunkSize })
    gunzip.on('data', (chunk: Buffer) => {
      seen += chunk.length
      if (seen < bytes) return
      input.destroy()
      gunzip.destroy()
      resolve()
    })
    gunzip.on('error', reject)
    gunzip.on('end', resolve)
    input.pipe(gunzip)
  })
}
