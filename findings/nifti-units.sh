#!/usr/bin/env bash
# One NIfTI file, two sizes: nibabel's affine and zooms ignore the header's unit of length, SimpleITK applies it.
#
# Seen: nibabel 5.4.2, SimpleITK 2.5.7. xyzt_units may say metre (1), millimetre (2) or micrometre (3) (NIfTI-1). A scan of
# 0.7 x 0.7 x 1.25 mm written in metres has, read by nibabel, an affine with 0.0007 and a voxel of 0.0007 "mm"; in
# micrometres 700. SimpleITK reads 0.7 mm in all three cases. Whoever asks both about one scan differs by 1,000, and a
# point in world millimetres lands outside the volume.
# What it means here: `spicula` reads millimetres in all three cases (as SimpleITK), and tells where the unit is not given.
set -euo pipefail
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" -q install nibabel==5.4.2 SimpleITK==2.5.7 numpy==2.4.6
cd "$place"
"$place/venv/bin/python" - <<'PY'
import nibabel
import numpy as np
import SimpleITK as sitk

for unit, factor in [("meter", 1e-3), ("mm", 1), ("micron", 1e3)]:
    affine = np.diag([-0.7 * factor, -0.7 * factor, 1.25 * factor, 1])
    image = nibabel.Nifti1Image(np.zeros((8, 8, 4), np.int16), affine)
    image.header.set_xyzt_units(unit)
    nibabel.save(image, f"{unit}.nii")
    theirs = abs(nibabel.load(f"{unit}.nii").affine[0, 0])
    itk = sitk.ReadImage(f"{unit}.nii").GetSpacing()[0]
    print(f"{unit}: nibabel {theirs:.4g}, SimpleITK {itk:.4g}")
    assert abs(theirs - 0.7 * factor) < 1e-3 * factor
    assert abs(itk - 0.7) < 1e-6
print("as described")
PY
