"""`shaspec prepare` and `shaspec restore` on files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import pytest
from typer.testing import Result

from shaspec.errors import ShaspecError
from shaspec.io import write_case
from shaspec.phantom import make_case

pytestmark = pytest.mark.slow

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of two registered scans."""
    case = make_case(9_000_005, (32, 40, 34), (5.0, 5.0, 5.0)).only(("FLAIR", "T1"))
    out = tmp_path_factory.mktemp("case")
    write_case(out, case)
    return out


def test_a_case_is_prepared_and_a_result_restored(run: Run, folder: Path, tmp_path: Path) -> None:
    done = run("prepare", folder, "--out", tmp_path / "p", "--reference", "T1")
    assert "FLAIR: already registered" in done.output
    assert "no skull was found: nothing was stripped" in done.output
    seg = next((tmp_path / "p").glob("*seg*")).rename(tmp_path / "a.b_seg.nii.gz")
    run("restore", seg, tmp_path / "p", "--out", tmp_path / "r")
    names = sorted(path.name for path in (tmp_path / "r").iterdir())
    assert names == [f"a.b_seg_on_{name}.nii.gz" for name in ("flair", "t1")]
    before, after = (nibabel.load(p) for p in (seg, tmp_path / "r" / names[0]))
    assert (before.get_fdata() == after.get_fdata()).all()
    with pytest.raises(ShaspecError, match="exists already"):
        run("restore", seg, tmp_path / "p", "--out", tmp_path / "r")


def test_a_reference_that_is_missing_is_refused_by_its_option(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ShaspecError, match="--reference T2: this modality is missing"):
        run("prepare", folder, "--out", tmp_path / "p", "--reference", "T2")


def test_an_unknown_way_to_strip_is_refused_with_the_choices(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ShaspecError, match="--strip yes: choose auto, always or never"):
        run("prepare", folder, "--out", tmp_path / "p", "--strip", "yes")


def test_a_task_of_pictures_is_refused(run: Run, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ShaspecError, match="only volumes are registered"):
        run("prepare", folder, "--out", tmp_path / "p", "--task", "rgbd")
