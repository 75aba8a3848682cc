"""The kinds of input that are attacked: a sound file each, and what reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fuzz import examinations, network, panels, readers


@dataclass(frozen=True)
class Kind:
    """A file to mutate within its folder, and what reads it."""

    file: str
    """Its path below the folder of samples; the files beside it stay as they are."""
    read: Callable[[Path], object]
    text: bool = False


VOLUMES = (
    "a.nii", "a.nii.gz", "a.nii.bz2", "a.nii.xz", "a.nii.zst", "two.nii.gz", "p.hdr", "p.img",
    "analyze.hdr", "a.mha", "a.mhd", "packed.mha", "a.nrrd", "a.nhdr", "packed.nrrd",
    "a.mgz", "a.mgh",
)  # fmt: skip
TEXT = ("mha", "mhd", "nhdr")
"""Endings of volumes with headers in words that are mutated as words."""
PICTURES = ("a.png", "a.jpg", "a.tif", "a.bmp")


def kinds() -> Mapping[str, Kind]:
    """Name -> kind."""
    found = {f"volume {n}": Kind(f"v/{n}", readers.volume, n.endswith(TEXT)) for n in VOLUMES}
    found |= {f"picture {name[2:]}": Kind(f"p/{name}", readers.picture) for name in PICTURES}
    found |= {
        "DICOM image": Kind("exam/05.dcm", examinations.examined),
        "DICOM zip": Kind("exam.zip", examinations.dropped),
        "DICOM, converted": Kind("exam/02.dcm", examinations.converted),
        "DICOM SEG": Kind("exam/01.dcm", examinations.written_back),
        "request, session": Kind("net/open.json", network.opened, text=True),
        "request, run": Kind("net/run.json", network.run_asked, text=True),
        "volume of a client": Kind("net/volume.zst", network.uploaded),
        "answer, labels": Kind("net/answer.bin", network.answered),
        "answer, features": Kind("net/features.bin", network.features_answered),
        "answer, models": Kind("net/info.json", network.informed, text=True),
        "answer, upload": Kind("net/arrived.txt", network.arrived, text=True),
        "tokens": Kind("net/tokens.txt", network.tokens, text=True),
        "address": Kind("net/address.txt", network.address, text=True),
        "transforms.json": Kind("prepared/transforms.json", panels.restored, text=True),
        "edits.npz": Kind("edits/a.npz", panels.edits),
        "review.csv": Kind("t/shown/review.csv", panels.reviews, text=True),
        "shown manifest": Kind("t/shown/manifest.jsonl", panels.cohort, text=True),
        "picker": Kind("t/picked.txt", panels.picked, text=True),
    }
    return found | {
        "case, segmented": Kind("lists/case1/case1_flair.nii.gz", readers.segmented),
        "case, labels": Kind("lists/case1/case1_seg.nii.gz", readers.labelled),
        "seg.nrrd": Kind("v/s.seg.nrrd", readers.segmentation, text=True),
        "wav": Kind("p/a.wav", readers.sound),
        "task.toml": Kind("t/task.toml", readers.task, text=True),
        "train.toml": Kind("t/train.toml", readers.train, text=True),
        "cases.csv": Kind("lists/cases.csv", readers.case_list, text=True),
        "cases.txt": Kind("lists/cases.txt", readers.names, text=True),
        "datalist.json": Kind("lists/datalist.json", readers.case_list, text=True),
        "splits.json": Kind("lists/splits.json", readers.names, text=True),
        "dataset.json": Kind("nnunet/dataset.json", readers.nnunet, text=True),
        "dseg.tsv": Kind("bids/sub-1_dseg.tsv", readers.names_of_values, text=True),
        "metrics.csv": Kind("t/metrics.csv", readers.metrics, text=True),
        "protocol.json": Kind("run/protocol.json", readers.protocol, text=True),
        "card.json": Kind("m/card.json", readers.model, text=True),
        "safetensors": Kind("m/model.safetensors", readers.model),
        "official.pth": Kind("t/official.pth", readers.official),
        "plans.pkl": Kind("t/official.model.pkl", readers.plans),
        "checkpoint.pt": Kind("run/checkpoint.pt", readers.checkpoint),
        "config.json": Kind("run/config.json", panels.run_folder, text=True),
        "log.jsonl": Kind("run/log.jsonl", panels.run_log, text=True),
        "facts.json": Kind("cache/case/facts.json", readers.prepared, text=True),
        "images.npy": Kind("cache/case/images.npy", readers.prepared),
        "centres.npz": Kind("cache/case/centres.npz", readers.prepared),
        "manifest.jsonl": Kind("t/manifest.jsonl", readers.manifest, text=True),
        "file names": Kind("t/name.txt", readers.file_name, text=True),
        "saved settings": Kind("t/stored.json", panels.saved_settings, text=True),
        "dropped on napari": Kind("lists/case1/case1_t1.nii.gz", panels.dropped),
    }
