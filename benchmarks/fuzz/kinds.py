"""The kinds of input that are attacked: sound files to begin with, and what reads them."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from nibabel.freesurfer.mghformat import MGHImage
from PIL import Image

from benchmarks.fuzz import readers
from shaspec.geometry import Grid
from shaspec.io.segmentation_nrrd import write_segmentation
from shaspec.task import load_task
from shaspec.task_files import task_file
from shaspec.training.templates import config_text


@dataclass(frozen=True)
class Kind:
    """A file to mutate within its folder, and what reads it."""

    file: str
    """Its path below the folder of samples; the files beside it stay as they are."""
    read: Callable[[Path], object]
    text: bool = False


VOLUMES = (
    "v/a.nii", "v/a.nii.gz", "v/a.mha", "v/a.nrrd", "v/a.nhdr", "v/a.mgz", "v/p.hdr",
    "v/two.nii.gz",
)  # fmt: skip
PICTURES = ("p/a.png", "p/a.jpg", "p/a.tif", "p/a.bmp")


def make_samples(folder: Path) -> None:
    """Write one sound file of every kind."""
    for name in ("v", "p", "lists/c1", "lists/c2", "nnunet/imagesTr", "nnunet/labelsTr", "t", "m"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _volumes(folder)
    _pictures(folder / "p")
    _lists(folder)
    readers.tiny_model(folder / "m")
    torch.save(
        {"state_dict": {"a.weight": torch.ones(2, 3)}, "epoch": 3}, folder / "t/official.pth"
    )
    readers.checkpoint_file(folder / "t/checkpoint.pt")


def kinds() -> Mapping[str, Kind]:
    """Name -> kind."""
    found = {f"volume {name[2:]}": Kind(name, readers.volume, name.endswith(("mha", "hdr")))
             for name in VOLUMES}  # fmt: skip
    found |= {f"picture {name[4:]}": Kind(name, readers.picture) for name in PICTURES}
    return found | {
        "case, segmented": Kind("lists/c1/c1_flair.nii.gz", readers.segmented),
        "case, labels": Kind("lists/c1/c1_seg.nii.gz", readers.labelled),
        "seg.nrrd": Kind("v/s.seg.nrrd", readers.segmentation, text=True),
        "wav": Kind("p/a.wav", readers.sound),
        "task.toml": Kind("t/task.toml", readers.task, text=True),
        "train.toml": Kind("t/train.toml", readers.train, text=True),
        "cases.csv": Kind("lists/cases.csv", readers.case_list, text=True),
        "cases.txt": Kind("lists/cases.txt", readers.names, text=True),
        "datalist.json": Kind("lists/datalist.json", readers.case_list, text=True),
        "splits.json": Kind("lists/splits.json", readers.names, text=True),
        "dataset.json": Kind("nnunet/dataset.json", readers.nnunet, text=True),
        "metrics.csv": Kind("t/metrics.csv", readers.metrics, text=True),
        "card.json": Kind("m/card.json", readers.model, text=True),
        "safetensors": Kind("m/model.safetensors", readers.model),
        "official.pth": Kind("t/official.pth", readers.official),
        "checkpoint.pt": Kind("t/checkpoint.pt", readers.checkpoint),
        "manifest.jsonl": Kind("t/manifest.jsonl", readers.manifest, text=True),
        "file names": Kind("t/name.txt", readers.file_name, text=True),
    }


def _volumes(folder: Path) -> None:
    rng = np.random.default_rng(0)
    array = rng.integers(0, 900, (6, 5, 4)).astype(np.int16)
    two = rng.integers(0, 900, (6, 5, 4, 4)).astype(np.int16)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    for name, data in (("a.nii", array), ("a.nii.gz", array), ("two.nii.gz", two)):
        nib.save(nib.Nifti1Image(data, affine), folder / "v" / name)
    nib.save(nib.Nifti1Pair(array, affine), folder / "v/p.img")
    nib.save(MGHImage(array.astype(np.float32), affine), folder / "v/a.mgz")
    raw = array.tobytes(order="F")
    (folder / "v/a.raw").write_bytes(raw)
    head = (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        "CompressedData = False\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\n"
        "ElementSpacing = 1 1 1\nDimSize = 6 5 4\nElementType = MET_SHORT\n"
        "ElementDataFile = LOCAL\n"
    )
    (folder / "v/a.mha").write_bytes(head.encode() + raw)
    head = (
        "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 6 5 4\n"
        "space directions: (1,0,0) (0,1,0) (0,0,1)\nkinds: domain domain domain\nendian: little\n"
        "encoding: raw\nspace origin: (0,0,0)\n"
    )
    (folder / "v/a.nrrd").write_bytes(head.encode() + b"\n" + raw)
    (folder / "v/a.nhdr").write_text(f"{head}data file: a.raw\n")
    labels = (array % 3).astype(np.uint8)
    grid = Grid.from_affine(affine, array.shape)
    task = load_task("brats")
    write_segmentation(folder / "v/s.seg.nrrd", grid.from_file(labels), grid, task.labels)
    for case in ("c1", "c2"):
        for name in ("flair", "t1", "t1ce", "t2"):
            big = rng.integers(1, 900, (20, 20, 18)).astype(np.int16)
            path = folder / f"lists/{case}/{case}_{name}.nii.gz"
            nib.save(nib.Nifti1Image(big, affine), path)
        truth = np.zeros((20, 20, 18), np.uint8)
        truth[5:9, 5:9, 5:9], truth[6:8, 6:8, 6:8] = 2, 4
        nib.save(nib.Nifti1Image(truth, affine), folder / f"lists/{case}/{case}_seg.nii.gz")
    for k in range(4):
        nib.save(nib.Nifti1Image(array, affine), folder / f"nnunet/imagesTr/c_{k:04}.nii.gz")
    nib.save(nib.Nifti1Image(labels, affine), folder / "nnunet/labelsTr/c.nii.gz")


def _pictures(folder: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (12, 14)).astype(np.uint8)
    for name in ("a.png", "a.jpg", "a.tif", "a.bmp"):
        Image.fromarray(pixels).save(folder / name)
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.random.default_rng(0).integers(-9000, 9000, 4000, np.int16).tobytes())
    (folder / "a.wav").write_bytes(data.getvalue())


def _lists(folder: Path) -> None:
    files = {name: f"{{0}}/{{0}}_{name}.nii.gz" for name in ("flair", "t1", "t1ce", "t2", "seg")}
    rows = [",".join(["case", *files, "fold"])]
    rows += [",".join([c, *(f.format(c) for f in files.values()), str(k)])
             for k, c in enumerate(("c1", "c2"))]  # fmt: skip
    (folder / "lists/cases.csv").write_text("\n".join(rows) + "\n")
    (folder / "lists/cases.txt").write_text("# held out\nc1\nfolder/c2\n")
    (folder / "lists/splits.json").write_text(json.dumps({"folds": [["c1"], ["c2"]]}, indent=1))
    cases = [{"image": [f.format(c) for f in list(files.values())[:4]],
              "label": files["seg"].format(c), "fold": k}
             for k, c in enumerate(("c1", "c2"))]  # fmt: skip
    (folder / "lists/datalist.json").write_text(json.dumps({"training": cases}, indent=1))
    description = {
        "channel_names": {"0": "FLAIR", "1": "T1", "2": "T1ce", "3": "T2"},
        "labels": {"background": 0, "whole tumor": [1, 2], "edema": 2},
        "numTraining": 1,
        "file_ending": ".nii.gz",
    }
    (folder / "nnunet/dataset.json").write_text(json.dumps(description, indent=1))
    (folder / "t/task.toml").write_text(task_file("brats"))
    text = config_text({"out": Path("run"), "data": Path("data"), "max_steps": 3})
    (folder / "t/train.toml").write_text(text)
    (folder / "t/metrics.csv").write_text(
        "case,subset,region,dice,hd95\nc1,FLAIR,WT,0.9,3.0\nc1,FLAIR,TC,0.8,\nc2,FLAIR,WT,0.7,4.5\n"
    )
    (folder / "t/manifest.jsonl").write_text(
        '{"format":1,"case":"c1","asked":"FLAIR","status":"done","key":"k","outputs":["a.nii.gz"],'
        '"sizes":{"WT":1.5},"inputs":{"FLAIR":{"file":"a","bytes":3,"modified":4,"sha256":"0"}}}\n'
        '{"format":1,"case":"c2","asked":"FLAIR","status":"failed","error":"no"}\n'
    )
    (folder / "t/name.txt").write_text("BraTS20_Training_001_t1ce.nii.gz\nsub-01_FLAIR_preop.nii")
