/** `npm run bench -- bench/make-volume.ts OUT.nii.gz`: a made 512x512x300 int16 scan with one nodule, for the benchmarks. */
import { madeVolume } from '../src/datasets/made-volume.ts'
import { writeNifti } from '../src/volume/nifti-write.node.ts'
import type { Triple } from '../src/volume/volume.ts'

/** Where the made scan's nodule is, LPS mm. */
export const NODULE_LPS: Triple = [-72, 20, -11]

/** Writes the scan: 0.7 x 0.7 x 1.25 mm, 157 MB of voxels. */
export async function makeBenchVolume(path: string): Promise<void> {
  const { voxels, shapeIjk, affineLps } = madeVolume({
    shapeIjk: [512, 512, 300],
    spacingMm: [0.7, 0.7, 1.25],
    nodules: [{ pointLps: NODULE_LPS, radiusMm: 7 }],
    seed: 1,
  })
  await writeNifti(path, { voxels, shapeIjk, affineLps })
}

if (process.argv[1] === import.meta.filename) {
  const [out] = process.argv.slice(2)
  if (out === undefined) throw new Error('usage: npm run bench -- bench/make-volume.ts OUT.nii.gz')
  await makeBenchVolume(out)
  console.log(`${out}: nodule at ${NODULE_LPS.join(',')} mm LPS`)
}
