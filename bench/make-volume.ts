/** `npm run bench -- bench/make-volume.ts OUT.nii.gz`: a phantom of 512x512x300 int16 voxels with one nodule, for the benchmarks. */
import { type PhantomVolume, smallPhantom } from '../src/phantom/phantom.ts'
import { writeNifti } from '../src/scan/nifti/write.node.ts'
import type { Triple } from '../src/scan/scan.ts'

/** Where the made scan's nodule is, LPS mm. */
export const NODULE_LPS: Triple = [-72, 20, -11]

/** A phantom of the whole chest: 0.7 x 0.7 x 1.25 mm, 157 MB of voxels. */
export const benchVolume = (): PhantomVolume =>
  smallPhantom({
    shapeIjk: [512, 512, 300],
    spacingMm: [0.7, 0.7, 1.25],
    centreLps: [0, 14, -18],
    nodules: [{ pointLps: NODULE_LPS, mm: 14 }],
    seed: 1,
  })

/** Writes the scan. */
export const makeBenchVolume = (path: string): Promise<void> => writeNifti(path, benchVolume())

if (process.argv[1] === import.meta.filename) {
  const [out] = process.argv.slice(2)
  if (out === undefined) throw new Error('usage: npm run bench -- bench/make-volume.ts OUT.nii.gz')
  await makeBenchVolume(out)
  console.log(`${out}: nodule at ${NODULE_LPS.join(',')} mm LPS`)
}
