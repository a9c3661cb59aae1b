/**
 * `npm run bench -- bench/dicom.ts [FOLDER]`: one nodule of a DICOM series of 300 slices of 512x512, from the folder to
 * its nine views, beside reading the whole series with pydicom (`bench/peers/dicom_pydicom.py`, needs Debian's
 * python3-pydicom and python3-numpy). Without a folder, makes the series in the temporary folder.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DEFAULT_PREPROCESSING, prepareViews } from '../src/nodule/prepare.ts'
import { writeSeries } from '../src/scan/dicom/dicom.fixture.node.ts'
import { openScan } from '../src/scan/open.node.ts'
import { benchVolume, NODULE_LPS } from './make-volume.ts'
import { median, peakMemoryMb } from './timing.ts'

const ROUNDS = 5
const PYTHON = process.env.PYTHON ?? '/usr/bin/python3'

const folder = process.argv[2] ?? join(tmpdir(), 'spicula-bench-dicom-300x512x512')
if (!existsSync(folder)) {
  writeSeries(folder, benchVolume())
}

if (process.argv[3] === 'once') {
  const start = performance.now()
  await prepareViews(await openScan(folder), NODULE_LPS, DEFAULT_PREPROCESSING)
  console.log(JSON.stringify({ ms: performance.now() - start, mb: peakMemoryMb() }))
} else {
  const ours: { ms: number; mb: number }[] = []
  const theirs: number[] = []
  const peer = fileURLToPath(new URL('./peers/dicom_pydicom.py', import.meta.url))
  // Both in processes of their own, in turn; neither counts its start, and the first round warms the disk's cache.
  for (let round = 0; round <= ROUNDS; round++) {
    const run = ['--import', 'tsx', import.meta.filename, folder, 'once']
    const mine = JSON.parse(execFileSync(process.execPath, run, { encoding: 'utf8' }))
    const pydicom = JSON.parse(execFileSync(PYTHON, [peer, folder], { encoding: 'utf8' }))
    if (round === 0) continue
    ours.push(mine)
    theirs.push(pydicom.ms)
  }
  const [a, b] = [median(ours.map(({ ms }) => ms)), median(theirs)]
  console.log(`300 slices of 512x512, explicit little endian`)
  console.log(`spicula: folder to nine views   ${a.toFixed(0).padStart(5)} ms`)
  console.log(`pydicom: all slices to HU       ${b.toFixed(0).padStart(5)} ms`)
  console.log(`ratio ${(b / a).toFixed(1)} (target: at least 5)`)
  console.log(`peak memory ${median(ours.map(({ mb }) => mb)).toFixed(0)} MB (target: under 600)`)
}
