/** `spicula convert`: a scan of any format as NIfTI, its numbers and its affine kept. */
import { dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { SpiculaError } from '../error.ts'
import { FORMAT_NAMES } from '../scan/formats.node.ts'
import { writeNifti } from '../scan/nifti/write.node.ts'
import { openScan } from '../scan/open.node.ts'
import { readWhole } from '../scan/read-whole.ts'
import { VERSION } from '../version.ts'
import { quietOption } from './shared/options.ts'
import { startProgress } from './shared/progress.node.ts'
import { makeFolder } from './shared/rows.node.ts'

export function convertCommand(): Command {
  return new Command('convert')
    .summary('a scan of any format as NIfTI')
    .description(
      `Writes a scan (${FORMAT_NAMES}) as NIfTI: HU without loss, int16 where they are whole numbers, the affine as it is.`,
    )
    .argument('<scan>', 'a file, or a DICOM folder, archive or DICOMDIR')
    .requiredOption('--out <file>', 'scan.nii.gz or scan.nii')
    .addOption(quietOption())
    .action(async (path: string, { out, quiet = false }: { out: string; quiet?: boolean }) => {
      if (!/\.nii(\.gz)?$/i.test(out)) {
        throw new SpiculaError('cli/usage', '--out must end in .nii or .nii.gz', { hint: 'NIfTI is what is written.' })
      }
      await makeFolder(dirname(resolve(out)))
      const scan = await openScan(path)
      const progress = startProgress('slices', scan.shapeIjk[2], { quiet })
      const voxels = await readWhole(scan, () => progress.step())
      progress.done()
      const { shapeIjk, affineLps } = scan
      const description = `spicula ${VERSION}, for research use`
      await writeNifti(out, { voxels, shapeIjk, affineLps, description })
      if (quiet) return
      for (const { code, message } of scan.notes) console.error(`note: ${message} [${code}]`)
      const type = voxels instanceof Int16Array ? 'int16' : voxels instanceof Int32Array ? 'int32' : 'float32'
      console.error(`${shapeIjk.join(' x ')} ${type} -> ${out}  (spicula, for research use)`)
    })
}
