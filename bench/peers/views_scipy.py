"""The nine views of a 100 cube by SciPy, as the published pipeline makes them: three rotations, nine zooms.

usage: views_scipy.py CUBE.f32 VIEWS.f32 RUNS
CUBE.f32: float32 [100, 100, 100] HU; writes VIEWS.f32: float32 [9, 224, 224]; prints {"version", "milliseconds"}.
"""

import json
import sys
import time

import numpy as np
import scipy
from scipy import ndimage


def nine_views(hu):
    unit = (np.clip(hu, -1000, 500) + 1000) / 1500
    planes = [unit[50], unit[:, 50], unit[:, :, 50]]
    for axes in ((0, 2), (0, 1), (1, 2)):
        turned = ndimage.rotate(unit, 45, axes=axes, reshape=False, order=3)
        planes += [turned.take(50, axis) for axis in axes]
    return np.stack([ndimage.zoom(plane[25:75, 25:75], 224 / 50, order=1) for plane in planes])


cube_path, views_path, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
cube = np.fromfile(cube_path, "<f4").reshape(100, 100, 100)
milliseconds = []
for _ in range(runs):
    start = time.perf_counter()
    views = nine_views(cube)
    milliseconds.append((time.perf_counter() - start) * 1000)
views.astype("<f4").tofile(views_path)
print(json.dumps({"version": scipy.__version__, "milliseconds": milliseconds}))
