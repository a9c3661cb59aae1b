"""Reads all of a DICOM series with pydicom, as HU in the order of its positions; prints milliseconds."""

import json
import os
import sys
import time

import numpy as np
import pydicom

folder = sys.argv[1]
start = time.perf_counter()
slices = [pydicom.dcmread(os.path.join(folder, name)) for name in os.listdir(folder)]
slices.sort(key=lambda s: float(s.ImagePositionPatient[2]))
volume = np.stack([s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices])
print(json.dumps({"ms": 1000 * (time.perf_counter() - start), "shape": volume.shape}))
