"""A row against the common baseline: MONAI's SegResNet-16 with MONAI's sliding window.

Both read the same four files and write a NIfTI. The baseline has untrained weights: its seconds do
not depend on them. The Dice of trained networks is in docs/RESULTS.md.
"""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from monai.inferers import sliding_window_inference
from monai.networks.nets import SegResNet

from benchmarks.performance.measure import Row, cpu_seconds
from shaspec.inference.session import InferenceSession
from shaspec.io import read_case, write_labels
from shaspec.models.weights import Model

WINDOW, OVERLAP = (128, 128, 128), 0.25


def monai_row(model: Model, folder: Path) -> Row:
    """A first run from the files of ``folder`` to a NIfTI, against the baseline."""
    out = folder.parent
    ours, labels = cpu_seconds(lambda: _our_run(model, folder, out / "ours.nii.gz"))
    reference, baseline = cpu_seconds(lambda: _baseline(folder, out / "baseline.nii.gz"))
    same = "the same shape" if labels == baseline else f"shapes {labels} and {baseline}"
    what = f"first run, {model.card.name}, files to NIfTI"
    against = f"MONAI SegResNet-16, windows of {WINDOW[0]}^3, overlap {OVERLAP}"
    return Row("monai", what, against, ours, reference, f"both write {same}", 1 / 40)


def _our_run(model: Model, folder: Path, path: Path) -> tuple[int, ...]:
    case = read_case(folder, model.card.task, with_labels=False)
    *_, last = InferenceSession(model, case, device="cpu").predict()
    prediction = last.prediction
    write_labels(path, prediction.labels, prediction.grid, prediction.task.labels)
    return tuple(sorted(prediction.labels.shape))


@torch.inference_mode()
def _baseline(folder: Path, path: Path) -> tuple[int, ...]:
    files = sorted(p for p in folder.glob("*.nii.gz") if "seg" not in p.name)
    images = [nib.load(p) for p in files]
    volumes = [np.asarray(image.dataobj, np.float32) for image in images]
    tensor = torch.from_numpy(np.stack([_standardised(v) for v in volumes]))[None]
    network = SegResNet(init_filters=16, in_channels=len(files), out_channels=3).eval()
    logits = sliding_window_inference(tensor, WINDOW, 1, network, OVERLAP, mode="gaussian")
    labels = (logits[0] > 0).any(dim=0).to(torch.uint8).numpy()
    nib.save(nib.Nifti1Image(labels, images[0].affine), path)
    return tuple(sorted(labels.shape))


def _standardised(volume: np.ndarray) -> np.ndarray:
    head = volume[volume != 0]
    return np.where(volume != 0, (volume - head.mean()) / head.std(), 0).astype(np.float32)
