"""What a result says of a patient; see docs/privacy.md."""

from __future__ import annotations

import gzip
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import pytest
from typer.testing import Result

Run = Callable[..., Result]
NAME = "Erika.Mustermann"


@pytest.fixture
def marked(folder: Path, tmp_path: Path) -> Path:
    """A case with a name in all text fields of its headers, and in an extension."""
    case = tmp_path / "data" / "anna"
    shutil.copytree(folder / "anna", case)
    for path in case.glob("*.nii.gz"):
        image = nib.load(path)
        for field, length in (("descrip", 79), ("aux_file", 23), ("intent_name", 15)):
            image.header[field] = NAME[:length]
        image.header["db_name"] = NAME[:17]
        image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", NAME.encode()))
        path.write_bytes(gzip.compress(image.to_bytes()))
    return case


def unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def test_text_of_headers_reaches_no_result_and_nothing_asks_a_network(
    run: Run, marked: Path, shaspec_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_: object) -> None:
        pytest.fail("a network was asked")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    with pytest.raises(pytest.fail.Exception):
        socket.create_connection(("localhost", 9))
    out = tmp_path / "results"
    options = ["--model", shaspec_folder, "--device", "cpu"]
    run("predict", marked, "--out", out / "a.nii.gz", "--volumes", out / "a.csv",
        "--probabilities", *options)  # fmt: skip
    run("cohort", marked.parent, "--out", out / "cohort", "--subsets", "FLAIR", *options)
    written = [path for path in out.rglob("*") if path.is_file()]
    assert {"a.nii.gz", "a.csv", "summary.html", "manifest.jsonl"} <= {p.name for p in written}
    assert not [path.name for path in written if NAME[:10].encode() in unpacked(path)]
