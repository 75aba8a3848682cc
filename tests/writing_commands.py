"""The commands that write, with what they read, write, and begin their work with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from typer.testing import Result

Run = Callable[..., Result]


@dataclass(frozen=True)
class Inputs:
    """What the commands read, in one folder."""

    folder: Path
    data: Path
    case: Path
    later: Path
    prepared: Path
    labels: Path
    dicom: Path
    model: Path
    checkpoint: Path

    @property
    def volume(self) -> Path:
        return next(self.case.glob("*_flair.nii.gz"))

    def sums(self) -> dict[str, str]:
        """Path -> checksum of every file."""
        files = sorted(p for p in self.folder.rglob("*") if p.is_file())
        return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@dataclass(frozen=True)
class Command:
    """A command that writes."""

    words: Callable[[Inputs], tuple[object, ...]]
    work: str
    """The function that begins its work, ``module:name``."""
    targets: tuple[str, ...] = ()
    """Files that it writes into its folder."""
    ending: str = ""
    """Ending of the file that it writes; empty: it writes into a folder."""
    option: str = "--out"
    overwrite: bool = True

    def call(self, run: Run, inputs: Inputs, out: Path) -> None:
        more = ["--overwrite"] * self.overwrite
        named = [self.option, out] if self.option else [out]
        run(*self.words(inputs), *named, *more)


COMMANDS = {
    "evaluate": Command(
        lambda i: ("evaluate", i.model, i.data, "--device", "cpu", "--metrics", "dice"),
        "shaspec.evaluation.protocol:evaluate_case",
        ("metrics.csv", "metrics-so-far.csv", "summary.csv", "protocol.json", "table.md",
         "heatmap.svg"),
    ),
    "calibrate": Command(
        lambda i: ("calibrate", i.model, "--data", i.data, "--device", "cpu"),
        "shaspec.evaluation.calibration_run:count_case",
        ("calibration.json", "calibration.csv", "reliability.png", "reliability.svg"),
    ),
    "restore": Command(
        lambda i: ("restore", i.labels, i.prepared),
        "shaspec.preparation.restore_file:restore_file",
        ("anna_seg_on_flair.nii.gz", "anna_seg_on_t1.nii.gz"),
    ),
    "dicom-seg": Command(
        lambda i: ("dicom-seg", i.labels, i.dicom),
        "shaspec.dicom.segmentation:read_truth",
        ending=".dcm",
    ),
    "case": Command(
        lambda i: ("case", i.dicom),
        "shaspec.dicom.case:convert",
        ("out_flair.nii.gz", "out_t2.nii.gz"),
    ),
    "change to a page": Command(
        lambda i: ("change", i.case, i.later, "--model", i.model, "--device", "cpu"),
        "shaspec.analysis.change:change_job",
        ending=".html",
    ),
    "change to a sheet": Command(
        lambda i: ("change", i.case, i.later, "--model", i.model, "--device", "cpu"),
        "shaspec.analysis.change:change_job",
        ending=".pdf",
    ),
    "change to a table": Command(
        lambda i: ("change", i.case, i.later, "--model", i.model, "--device", "cpu"),
        "shaspec.analysis.change:change_job",
        ending=".csv",
        option="--csv",
    ),
    "train": Command(
        lambda i: ("train", "--data", i.data, "--max-steps", 1, "--method", "zero-fill",
                   "--crop", "16,16,16", "--device", "cpu"),
        "shaspec.training.loop:_trained",
        ("config.json", "log.jsonl", "checkpoint.pt", "model.safetensors", "card.json"),
        overwrite=False,
    ),
    "train --init": Command(
        lambda i: ("train", "--init", i.data),
        "shaspec.training.propose:find_layout",
        ("train.toml",),
        overwrite=False,
    ),
    "export": Command(
        lambda i: ("export", i.model, "--to", "onnx"),
        "shaspec.exporting.onnx_graphs:_exported",
        ("encode.onnx", "decode.onnx", "card.json", "README.md"),
    ),
    "export to a bundle": Command(
        lambda i: ("export", i.model, "--to", "monai-bundle"),
        "shaspec.exporting.monai_bundle:write_atomically",
        ("configs/metadata.json", "LICENSE", "models/card.json"),
    ),
    "export for a hub": Command(
        lambda i: ("export", i.model, "--to", "hf"),
        "shaspec.exporting.hugging_face:write_atomically",
        ("model.safetensors", "card.json", "README.md"),
    ),
    "phantom": Command(
        lambda _: ("phantom", "--size", "16,16,16"),
        "shaspec.phantom:make_case",
        ("phantom-9000000_flair.nii.gz", "phantom-9000000_seg.nii.gz"),
        option="",
    ),
    "import-official": Command(
        lambda i: ("import-official", i.checkpoint, "--method", "maml"),
        "shaspec.models.import_official:read_official",
        ("model.safetensors", "card.json"),
        overwrite=False,
    ),
}  # fmt: skip
