"""
How other readers take DICOM files that lost their beginning or are stored otherwise than they say: the table in
docs/formats.md. Run: python3 bench/peers/dicom_stored.py [SPICULA ...], e.g. with `node dist/cli/main.js`. Needs pydicom,
SimpleITK, nibabel, NumPy; dcm2niix in the path.
"""

import glob
import os
import subprocess
import sys
import tempfile

import nibabel
import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info

IMPLICIT, EXPLICIT, BIG, RLE = (f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".2", ".5"))
PREFIX = bytes(128) + b"DICM"
HU = np.rint(np.arange(10 * 24 * 24).reshape(10, 24, 24) % 1999 - 1000).astype(int)


def slice_of(k: int) -> Dataset:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = "1.2.840.10008.5.1.4.1.1.2", f"1.2.3.{k + 1}", "CT"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "1.2.4", "1.2.5", "1.2.6"
    ds.ImageType, ds.SeriesNumber, ds.InstanceNumber = ["ORIGINAL", "PRIMARY", "AXIAL"], 1, k + 1
    ds.StudyDate, ds.StudyTime, ds.PatientID, ds.PatientName, ds.StudyID = "20200101", "120000", "A", "A", "1"
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [-40, -50, 2 * k], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness, ds.Rows, ds.Columns, ds.SamplesPerPixel = [2, 2], 2, 24, 24, 1
    ds.PhotometricInterpretation, ds.BitsAllocated, ds.BitsStored, ds.HighBit = "MONOCHROME2", 16, 12, 11
    ds.PixelRepresentation, ds.RescaleSlope, ds.RescaleIntercept = 0, 1, -1024
    ds.PixelData = (HU[k] + 1024).astype("<u2").tobytes()
    return ds


def body(ds: Dataset, implicit=False, big=False) -> bytes:
    if big:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = not big, implicit
    write_dataset(out, ds)
    return out.getvalue()


def meta(syntax: str | None) -> bytes:
    info = FileMetaDataset()
    info.MediaStorageSOPClassUID, info.ImplementationClassUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3"
    info.MediaStorageSOPInstanceUID = "1.2.3.1"
    if syntax:
        info.TransferSyntaxUID = syntax
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, False
    write_file_meta_info(out, info, enforce_standard=False)
    return out.getvalue()


def fragments(ds: Dataset, syntax: str) -> bytes:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = EXPLICIT
    ds.compress(RLE)
    return PREFIX + meta(syntax) + body(ds)


CASES = {
    "no group 2, explicit": lambda d: PREFIX + body(d),
    "no group 2, implicit": lambda d: PREFIX + body(d, implicit=True),
    "no group 2, big endian": lambda d: PREFIX + body(d, big=True),
    "no preamble, explicit": lambda d: meta(EXPLICIT) + body(d),
    "no preamble, implicit": lambda d: meta(IMPLICIT) + body(d, implicit=True),
    "no preamble, big endian": lambda d: meta(BIG) + body(d, big=True),
    "data set alone, explicit": lambda d: body(d),
    "data set alone, implicit": lambda d: body(d, implicit=True),
    "no syntax named, explicit": lambda d: PREFIX + meta(None) + body(d),
    "no syntax named, implicit": lambda d: PREFIX + meta(None) + body(d, implicit=True),
    "named explicit, stored implicit": lambda d: PREFIX + meta(EXPLICIT) + body(d, implicit=True),
    "named implicit, stored explicit": lambda d: PREFIX + meta(IMPLICIT) + body(d),
    "named big, stored explicit little": lambda d: PREFIX + meta(BIG) + body(d),
    "named big, stored implicit little": lambda d: PREFIX + meta(BIG) + body(d, implicit=True),
    "named explicit little, stored big": lambda d: PREFIX + meta(EXPLICIT) + body(d, big=True),
    "named RLE, stored uncompressed": lambda d: PREFIX + meta(RLE) + body(d),
    "named uncompressed, in fragments": lambda d: fragments(d, EXPLICIT),
    "preamble without DICM": lambda d: bytes(128) + meta(EXPLICIT) + body(d),
    "DICM without preamble": lambda d: b"DICM" + meta(EXPLICIT) + body(d),
}


def verdict(read) -> str:
    try:
        hu = read()
    except Exception as error:  # whatever a reader throws is its answer
        return f"no ({type(error).__name__})"
    return "yes" if hu is not None and hu.shape == HU.shape and np.allclose(hu, HU) else "WRONG"


def by_pydicom(folder: str):
    files = [pydicom.dcmread(path, force=True) for path in sorted(glob.glob(f"{folder}/*.dcm"))]
    return np.stack([ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept) for ds in files])


def by_itk(folder: str):
    return sitk.GetArrayFromImage(sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder)))


def by_command(folder: str, flip: bool, *command: str):
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([part.format(folder=folder, out=out) for part in command], check=True, capture_output=True)
        hu = np.asarray(nibabel.load(glob.glob(f"{out}/*.nii")[0]).dataobj).transpose(2, 1, 0)
        return hu[:, ::-1] if flip else hu


def main() -> None:
    spicula = sys.argv[1:]
    sitk.ProcessObject_SetGlobalWarningDisplay(False)
    for name, write in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            for k in range(10):
                with open(os.path.join(folder, f"{k}.dcm"), "wb") as file:
                    file.write(write(slice_of(k)))
            readers = {
                "pydicom": lambda: by_pydicom(folder),
                "SimpleITK": lambda: by_itk(folder),
                "dcm2niix": lambda: by_command(folder, True, "dcm2niix", "-f", "x", "-o", "{out}", "{folder}"),
            }
            if spicula:
                readers["spicula"] = lambda: by_command(folder, False, *spicula, "convert", "{folder}", "--out", "{out}/x.nii")
            print(f"{name:36}", *(f"{reader}: {verdict(read):28}" for reader, read in readers.items()))


if __name__ == "__main__":
    main()
