#!/usr/bin/env bash
# SimpleITK reads a series with gantry tilt as an upright box: the last slice lies up to the shear beside its own position.
#
# Seen: SimpleITK 2.5.7, pydicom 3.0.1. Nineteen axial slices of a CT tilted by 20 degrees: each slice's ImagePositionPatient
# moves along the table, not along the slices' normal. ImageSeriesReader gives the direction of the slices' normal and one
# spacing; where it puts the last slice's first pixel is 17.8 mm from that slice's own ImagePositionPatient (51.3 mm, turned
# by 20 degrees). It prints a warning on the error stream, raises nothing, and the image bears no trace of it.
# What it means here: `spicula` reads tilt as a sheared affine, with a note, so that world points stay where DICOM says.
set -euo pipefail
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" -q install SimpleITK==2.5.7 pydicom==3.0.1 numpy
cd "$place"
"$place/venv/bin/python" - <<'PY'
import math

import numpy as np
import SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

tilt = math.radians(20)
row, column = [1, 0, 0], [0, math.cos(tilt), math.sin(tilt)]
study, series, frame = (generate_uid() for _ in range(3))
positions = [[-40.0, -40.0, -100.0 + 2.85 * k] for k in range(19)]
files = []
for k, position in enumerate(positions):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset(f"{k:02}.dcm", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
    ds.Modality, ds.PatientID, ds.PatientName, ds.InstanceNumber = "CT", "T", "T", k + 1
    ds.ImagePositionPatient = [f"{x:.6f}" for x in position]
    ds.ImageOrientationPatient = [f"{x:.6f}" for x in row + column]
    ds.PixelSpacing, ds.SliceThickness, ds.GantryDetectorTilt = [1, 1], 2.85, 20
    ds.Rows = ds.Columns = 16
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation, ds.RescaleSlope, ds.RescaleIntercept = 15, 1, 1, 0
    ds.PixelData = np.zeros((16, 16), np.int16).tobytes()
    ds.save_as(f"{k:02}.dcm", enforce_file_format=True)
    files.append(f"{k:02}.dcm")
reader = sitk.ImageSeriesReader()
reader.SetFileNames(reader.GetGDCMSeriesFileNames("."))
image = reader.Execute()
last = np.array(image.TransformIndexToPhysicalPoint((0, 0, 18)))
ends = [np.array(positions[0]), np.array(positions[18])]
first = np.array(image.GetOrigin())
own = min(ends, key=lambda end: -np.linalg.norm(end - first))
off = np.linalg.norm(last - own)
print(f"last slice: {np.round(last, 2)}, by its own header {own}: {off:.1f} mm apart")
print("spacing", np.round(image.GetSpacing(), 3))
assert off > 10
print("as described")
PY
