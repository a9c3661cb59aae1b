"""What other readers make of scans: for every path of a JSON list on stdin a JSON line with pydicom's, SimpleITK's,
nibabel's and dcm2niix's answer, each a volume in numbers that do not depend on how its axes are stored, or why there is
none. Needs numpy, pydicom, SimpleITK, nibabel, dcm2niix. Usage: read_scans.py < paths.json
"""

import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections import defaultdict

import dcm2niix
import nibabel as nib
import numpy as np
import pydicom
import SimpleITK as sitk

warnings.filterwarnings("ignore")
sitk.ProcessObject.SetGlobalWarningDisplay(False)
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def summary(values, affine):
    """values [i, j, k], affine 4x4 to LPS mm: count, HU, where the voxels lie, and the mean place weighted by HU."""
    values = np.nan_to_num(np.asarray(values, float), posinf=0, neginf=0)
    corners = np.array([[i, j, k, 1] for i in (0, 1) for j in (0, 1) for k in (0, 1)], float)
    corners[:, :3] *= np.array(values.shape) - 1
    world = corners @ affine.T[:, :3]
    weight = values - values.min()
    total = weight.sum()
    centre = [0.0, 0.0, 0.0]
    if total > 0:
        index = [float((weight.sum(axis=tuple({0, 1, 2} - {axis})) * np.arange(values.shape[axis])).sum() / total) for axis in range(3)]
        centre = (affine @ np.array([*index, 1]))[:3].tolist()
    return {
        "voxels": int(values.size), "min": float(values.min()), "max": float(values.max()), "mean": float(values.mean()),
        "low": world.min(0).tolist(), "high": world.max(0).tolist(), "centre": centre,
    }  # fmt: skip


def frames_of(ds):
    """Every frame of a DICOM object: position, orientation, spacing, thickness, HU."""
    pixels = ds.pixel_array.astype(float)
    if "PerFrameFunctionalGroupsSequence" not in ds:
        hu = pixels * float(ds.get("RescaleSlope", 1)) + float(ds.get("RescaleIntercept", 0))
        return [(ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.PixelSpacing, ds.get("SliceThickness"), hu)]
    shared = ds.SharedFunctionalGroupsSequence[0]
    out = []
    for n, own in enumerate(ds.PerFrameFunctionalGroupsSequence):
        group = lambda name: (own[name] if name in own else shared[name])[0]  # noqa: E731, B023
        measures = group("PixelMeasuresSequence")
        transform = group("PixelValueTransformationSequence")
        out.append((
            group("PlanePositionSequence").ImagePositionPatient, group("PlaneOrientationSequence").ImageOrientationPatient,
            measures.PixelSpacing, measures.get("SliceThickness"),
            (pixels[n] if pixels.ndim == 3 else pixels) * float(transform.RescaleSlope) + float(transform.RescaleIntercept),
        ))  # fmt: skip
    return out


def with_pydicom(path):
    series = defaultdict(list)
    names = [path] if os.path.isfile(path) else [os.path.join(path, name) for name in sorted(os.listdir(path))]
    for name in names:
        try:
            ds = pydicom.dcmread(name)
        except Exception as error:
            if os.path.isfile(path):
                raise
            continue
        if "PixelData" in ds:
            series[ds.get("SeriesInstanceUID", "")].append(ds)
    if not series:
        raise ValueError("no pixels")
    chosen = max(series.values(), key=len)
    modality = chosen[0].get("Modality")
    frames = [frame for ds in chosen for frame in frames_of(ds)]
    row, column = np.array(frames[0][1][:3], float), np.array(frames[0][1][3:], float)
    normal = np.cross(row, column)
    frames.sort(key=lambda frame: float(np.dot(np.array(frame[0], float), normal)))
    volume = np.stack([frame[4] for frame in frames], axis=-1).transpose(1, 0, 2)
    first, last = (np.array(frames[n][0], float) for n in (0, -1))
    step = (last - first) / (len(frames) - 1) if len(frames) > 1 else normal * float(frames[0][3] or 1)
    between_rows, between_columns = (float(x) for x in frames[0][2])
    affine = np.eye(4)
    affine[:3] = np.stack([row * between_columns, column * between_rows, step, first], axis=-1)
    return {**summary(volume, affine), "modality": modality}


def of_sitk(image):
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise ValueError(f"{image.GetDimension()} dimensions, {image.GetNumberOfComponentsPerPixel()} components")
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return summary(sitk.GetArrayFromImage(image).T, affine)


def with_sitk(path):
    if os.path.isfile(path):
        return of_sitk(sitk.ReadImage(path))
    reader = sitk.ImageSeriesReader()
    names = [reader.GetGDCMSeriesFileNames(path, uid) for uid in reader.GetGDCMSeriesIDs(path)]
    if not names:
        raise ValueError("no series")
    reader.SetFileNames(max(names, key=len))
    return of_sitk(reader.Execute())


def with_nibabel(path):
    image = nib.load(path)
    data = np.asanyarray(image.dataobj)
    while data.ndim > 3 and data.shape[-1] == 1:
        data = data[..., 0]
    if data.ndim != 3:
        raise ValueError(f"shape {data.shape}")
    return summary(data, LPS @ image.affine)


def with_dcm2niix(path):
    with tempfile.TemporaryDirectory() as out, tempfile.TemporaryDirectory() as inside:
        source = path
        if os.path.isfile(path):
            source = inside
            os.symlink(path, os.path.join(inside, "a.dcm"))
        run = subprocess.run([dcm2niix.bin, "-z", "n", "-b", "n", "-f", "%d_%s", "-o", out, source], capture_output=True, text=True)
        made = [os.path.join(out, name) for name in os.listdir(out) if name.endswith(".nii")]
        made = [name for name in made if not name.endswith(("_Tilt.nii", "_Eq.nii", "_Tilt_1.nii", "_Eq_1.nii"))]
        if not made:
            lines = [line for line in (run.stdout + run.stderr).splitlines() if line.startswith(("Error", "Warning"))]
            raise ValueError("; ".join(lines)[:200] or "nothing written")
        return with_nibabel(max(made, key=os.path.getsize))


READERS = {"pydicom": with_pydicom, "SimpleITK": with_sitk, "nibabel": with_nibabel, "dcm2niix": with_dcm2niix}
NOT_DICOM = (".nii", ".nii.gz", ".mhd", ".mha", ".nrrd", ".nhdr", ".csv", ".json", ".xml", ".npy", ".xz", ".xlsx", ".xls", ".zraw")


def readers_for(path):
    """A reader that is for other formats has nothing to say."""
    if os.path.isdir(path):
        return ["pydicom", "SimpleITK", "dcm2niix"]
    if path.lower().endswith(NOT_DICOM):
        return ["SimpleITK", "nibabel"]
    with open(path, "rb") as file:
        is_dicom = file.read(132)[128:] == b"DICM"
    return ["pydicom", "SimpleITK", "dcm2niix"] if is_dicom else list(READERS)


for path in json.load(sys.stdin):
    answers = {}
    for name in readers_for(path):
        try:
            answers[name] = READERS[name](path)
        except Exception as error:  # noqa: BLE001
            answers[name] = {"error": f"{type(error).__name__}: {error}".split("\n")[0][:160]}
    print(json.dumps({"path": path, "answers": answers}), flush=True)
