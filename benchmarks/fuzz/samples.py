"""The sound files that are mutated: one of every kind, a few voxels each."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import sys
import wave
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from nibabel.freesurfer.mghformat import MGHImage
from PIL import Image

from benchmarks.fuzz import examinations, network, panels, readers
from shaspec.geometry import Grid
from shaspec.io.segmentation_nrrd import write_segmentation
from shaspec.task import load_task
from shaspec.task_files import task_file
from shaspec.training.events import Step, Validation, as_json
from shaspec.training.templates import config_text

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FOLDERS = (
    "v", "p", "lists/case1", "lists/case2", "nnunet/imagesTr", "nnunet/labelsTr", "bids", "t", "m",
    "run", "cache/case", "exam", "net", "edits", "prepared", "t/shown",
)  # fmt: skip
AFFINE = np.diag([-1.0, -1.0, 1.0, 1.0])


def make_samples(folder: Path) -> None:
    """Write one sound file of every kind."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    _volumes(folder / "v")
    _cases(folder)
    _pictures(folder / "p")
    _lists(folder)
    _run(folder / "run")
    _cache(folder / "cache/case")
    readers.tiny_model(folder / "m")
    examinations.make_examination(folder)
    network.make_messages(folder / "net", folder / "m")
    panels.make_edits(folder / "edits")
    panels.make_prepared(folder / "prepared")
    weights = {"state_dict": {"a.weight": torch.ones(2, 3)}, "epoch": 3}
    for name in ("official.pth", "official.model"):
        torch.save(weights, folder / "t" / name)
    plans = {"plans": {"num_stages": 5, "modalities": {0: "FLAIR"}, "patch_size": [8, 8, 8]}}
    (folder / "t/official.model.pkl").write_bytes(pickle.dumps(plans, protocol=2))


def _array() -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return np.random.default_rng(0).integers(0, 900, (6, 5, 4)).astype(np.int16)


def _volumes(folder: Path) -> None:
    array = _array()
    two = np.random.default_rng(1).integers(0, 900, (6, 5, 4, 4)).astype(np.int16)
    for name, data in (("a.nii", array), ("a.nii.gz", array), ("two.nii.gz", two)):
        nib.save(nib.Nifti1Image(data, AFFINE), folder / name)
    plain = (folder / "a.nii").read_bytes()
    (folder / "a.nii.bz2").write_bytes(bz2.compress(plain))
    (folder / "a.nii.xz").write_bytes(lzma.compress(plain))
    (folder / "a.nii.zst").write_bytes(zstd.compress(plain))
    nib.save(nib.Nifti1Pair(array, AFFINE), folder / "p.img")
    analyze = nib.AnalyzeImage(array, AFFINE)
    nib.save(analyze, folder / "analyze.img")
    for name in ("a.mgz", "a.mgh"):
        nib.save(MGHImage(array.astype(np.float32), AFFINE), folder / name)
    _headed(folder, array.tobytes(order="F"))
    labels = (array % 3).astype(np.uint8)
    grid = Grid.from_affine(AFFINE, array.shape)
    write_segmentation(
        folder / "s.seg.nrrd", grid.from_file(labels), grid, load_task("brats").labels
    )


def _headed(folder: Path, raw: bytes) -> None:
    """MetaImage and NRRD: plain, compressed, and with the voxels in another file."""
    (folder / "a.raw").write_bytes(raw)
    head = (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        "CompressedData = False\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\n"
        "ElementSpacing = 1 1 1\nDimSize = 6 5 4\nElementType = MET_SHORT\nElementDataFile = "
    )
    (folder / "a.mha").write_bytes(f"{head}LOCAL\n".encode() + raw)
    (folder / "a.mhd").write_text(f"{head}a.raw\n")
    packed = zlib.compress(raw)
    head = head.replace("CompressedData = False", "CompressedData = True").replace(
        "\nDimSize", f"\nCompressedDataSize = {len(packed)}\nDimSize"
    )
    (folder / "packed.mha").write_bytes(f"{head}LOCAL\n".encode() + packed)
    head = (
        "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 6 5 4\n"
        "space directions: (1,0,0) (0,1,0) (0,0,1)\nkinds: domain domain domain\nendian: little\n"
        "encoding: raw\nspace origin: (0,0,0)\n"
    )
    (folder / "a.nrrd").write_bytes(f"{head}\n".encode() + raw)
    (folder / "a.nhdr").write_text(f"{head}data file: a.raw\n")
    packed = gzip.compress(raw, mtime=0)
    head = head.replace("encoding: raw", "encoding: gzip")
    (folder / "packed.nrrd").write_bytes(f"{head}\n".encode() + packed)


def _cases(folder: Path) -> None:
    rng, array = np.random.default_rng(0), _array()
    labels = (array % 3).astype(np.uint8)
    for case in ("case1", "case2"):
        for name in ("flair", "t1", "t1ce", "t2"):
            big = rng.integers(1, 900, (20, 20, 18)).astype(np.int16)
            path = folder / f"lists/{case}/{case}_{name}.nii.gz"
            nib.save(nib.Nifti1Image(big, AFFINE), path)
        truth = np.zeros((20, 20, 18), np.uint8)
        truth[5:9, 5:9, 5:9], truth[6:8, 6:8, 6:8] = 2, 4
        nib.save(nib.Nifti1Image(truth, AFFINE), folder / f"lists/{case}/{case}_seg.nii.gz")
    for k in range(4):
        nib.save(nib.Nifti1Image(array, AFFINE), folder / f"nnunet/imagesTr/c_{k:04}.nii.gz")
    nib.save(nib.Nifti1Image(labels, AFFINE), folder / "nnunet/labelsTr/c.nii.gz")
    nib.save(nib.Nifti1Image(labels, AFFINE), folder / "bids/sub-1_dseg.nii.gz")
    (folder / "bids/sub-1_dseg.tsv").write_text(
        "index\tname\tabbreviation\n0\tbackground\tBG\n1\tNCR\tN\n2\tED\tE\n4\tET\tT\n"
    )


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
             for k, c in enumerate(("case1", "case2"))]  # fmt: skip
    (folder / "lists/cases.csv").write_text("\n".join(rows) + "\n")
    (folder / "lists/cases.txt").write_text("# held out\ncase1\nfolder/case2\n")
    (folder / "lists/splits.json").write_text(
        json.dumps({"folds": [["case1"], ["case2"]]}, indent=1)
    )
    cases = [{"image": [f.format(c) for f in list(files.values())[:4]],
              "label": files["seg"].format(c), "fold": k}
             for k, c in enumerate(("case1", "case2"))]  # fmt: skip
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
        "case,subset,region,dice,hd95\ncase1,FLAIR,WT,0.9,3.0\ncase1,FLAIR,TC,0.8,\n"
        "case2,FLAIR,WT,0.7,4.5\n"
    )
    (folder / "t/manifest.jsonl").write_text(
        '{"format":1,"case":"case1","asked":"FLAIR","status":"done","key":"k",'
        '"outputs":["a.nii.gz"],"sizes":{"WT":1.5},"inputs":{"FLAIR":{"file":"a","bytes":3,"modified":4,"sha256":"0"}}}\n'
        '{"format":1,"case":"case2","asked":"FLAIR","status":"failed","error":"no"}\n'
    )
    stored = {"brats: t1 weighted": "T1", "shaspec": {"first": 1.5, "toggle": 0.1, "device": "cpu"}}
    (folder / "t/stored.json").write_text(json.dumps(stored))
    (folder / "t/shown/manifest.jsonl").write_bytes((folder / "t/manifest.jsonl").read_bytes())
    (folder / "t/shown/review.csv").write_text(
        "case,subset,mark,key,time\ncase1,FLAIR,accepted,k-,2026-01-01T00:00:00Z\ncase2,FLAIR,,,\n"
    )
    (folder / "t/picked.txt").write_text("case1_flair.nii\ncase1_t1.nii\ncase1_seg.nii\nT2.nii")
    (folder / "t/name.txt").write_text("BraTS20_Training_001_t1ce.nii.gz\nsub-01_FLAIR_preop.nii")


def _run(folder: Path) -> None:
    """What a training leaves in its folder, and an evaluation beside its table."""
    config = readers.run_config(folder / "checkpoint.pt")
    (folder / "config.json").write_text(config.model_dump_json(indent=1))
    readers.checkpoint_file(folder / "checkpoint.pt")
    steps = [Step(step=k, minutes=0.1 * k, losses={"dice": 1.0 / k}, progress=0.1) for k in (1, 2)]
    events = [*steps, Validation(2, 0.2, ("case1",), {"all": {"WT": 0.5}}, "")]
    (folder / "log.jsonl").write_text("".join(f"{as_json(event)}\n" for event in events))
    (folder / "protocol.json").write_text(json.dumps({"rules": "challenge", "cases": ["case1"]}))


def _cache(folder: Path) -> None:
    """A case that was prepared for training."""
    shape = (8, 7, 6)
    rng = np.random.default_rng(0)
    np.save(folder / "images.npy", rng.integers(0, 99, (4, *shape)).astype(np.int16))
    np.save(folder / "labels.npy", rng.integers(0, 4, shape).astype(np.uint8))
    np.savez(folder / "centres.npz", region000=rng.integers(0, 6, (5, 3)).astype(np.int32))
    facts = {"available": [True] * 4, "scales": [0.5] * 4, "fingerprints": {"FLAIR": "ab"}}
    (folder / "facts.json").write_text(json.dumps(facts))
