"""The same volume in every format: the same voxels in the same place, or a refusal by name."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from shaspec.errors import InputError
from shaspec.geometry import RAS_TO_LPS
from shaspec.io import find_cases, read_case
from shaspec.io.formats.table import ENDINGS, is_volume
from shaspec.io.volumes import OPENERS, read_header, read_volume
from shaspec.task import Task

Writers = dict[str, Callable[[Path, Any, Any], Path]]
NAMES = [
    "nii", "nii.bz2", "nii.zst", "nii.xz", "mgz", "mgh", "hdr", "mha", "mha compressed",
    "mha big endian", "mhd", "mhd compressed", "nrrd", "nrrd raw RAS", "nrrd bzip2 LPS",
    "nrrd big endian", "nrrd in the scanner", "nhdr", "nhdr raw",
]  # fmt: skip
SIZES = st.tuples(*(st.integers(2, 6) for _ in range(3)))
EDGES = st.tuples(*(st.floats(0.3, 8) for _ in range(3)))
TURNS = st.tuples(*(st.floats(-180, 180) for _ in range(3)))
PLACES = st.tuples(*(st.floats(-300, 300) for _ in range(3)))
FLIPS = st.tuples(*(st.sampled_from((-1, 1)) for _ in range(3)))


def affine_of(turn: Any, edges: Any, flips: Any, place: Any) -> np.ndarray:
    """Any rotation, voxel size and handedness; exact in float32, which some formats store."""
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
    affine[:3, :3] *= np.array(edges) * flips
    affine[:3, 3] = place
    return affine


def volume_of(shape: tuple[int, ...], dtype: str = "i2") -> np.ndarray:
    return np.random.default_rng(1).integers(0, 200, shape).astype(dtype)


def test_every_format_and_every_writer_is_tested(writers: Writers) -> None:
    assert set(NAMES) == set(writers)
    assert {ending for known in OPENERS for ending in known.endings} == set(ENDINGS)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(
    shape=SIZES, turn=TURNS, edges=EDGES, flips=FLIPS, place=PLACES,
    dtype=st.sampled_from(("u1", "i2", "i4", "f4")),
)  # fmt: skip
def test_voxels_and_their_place_are_those_that_were_written(
    name: str, writers: Writers, shape: Any, turn: Any, edges: Any, flips: Any, place: Any,
    dtype: str,
) -> None:  # fmt: skip
    affine, array = affine_of(turn, edges, flips, place), volume_of(shape, dtype)
    with tempfile.TemporaryDirectory() as folder:
        path = writers[name](Path(folder), array, affine)
        volume, header = read_volume(path), read_header(path)
    assert header.shape == shape
    np.testing.assert_array_equal(volume.grid.to_file(volume.array), array)
    np.testing.assert_allclose(volume.grid.affine, affine, rtol=0, atol=2e-3)
    corner = tuple(n - 1 for n in shape)
    lps = (RAS_TO_LPS @ affine @ [*corner, 1])[:3]
    inside = np.argwhere(volume.grid.from_file(np.arange(array.size).reshape(shape))
                         == np.ravel_multi_index(corner, shape))[0]  # fmt: skip
    np.testing.assert_allclose(volume.grid.world(inside[:, None])[:, 0], lps, rtol=0, atol=2e-3)
    assert volume.oriented
    assert volume.array.dtype == np.dtype(dtype)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_cut_off_anywhere_is_refused_by_name(
    name: str, writers: Writers, tmp_path: Path
) -> None:
    path = writers[name](tmp_path, volume_of((9, 8, 7)), np.diag([-1.0, -1, 2, 1]))
    files = [file for file in tmp_path.iterdir() if file.suffix in (".img", ".raw", ".gz")]
    victim = files[0] if files else path
    whole = victim.read_bytes()
    for share in (0.0, 0.03, 0.3, 0.7, 0.9):
        victim.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(InputError, match=rf"{tmp_path.name}.*(x\.|its voxels)"):
            read_volume(path)


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_found_and_read_alike_in_every_format(
    name: str, writers: Writers, brats: Task, tmp_path: Path
) -> None:
    affine = affine_of((10, 20, 30), (1, 1.5, 3), (-1, -1, 1), (5, 6, 7))
    volumes = {"flair": volume_of((6, 5, 4)), "t1": volume_of((6, 5, 4))[::-1] + 1}
    labels = np.zeros((6, 5, 4), np.uint8)
    labels.flat[:60:5], labels.flat[1:60:5], labels.flat[2:60:5] = 1, 2, 4
    for role, array in (volumes | {"seg": labels}).items():
        made = tmp_path / "made"
        made.mkdir()
        writers[name](made, array, affine)
        folder = tmp_path / "cases" / "anna"
        folder.mkdir(parents=True, exist_ok=True)
        for file in made.iterdir():
            content = file.read_bytes()
            if file.suffix in (".mhd", ".nhdr"):
                content = content.replace(b"x.raw", f"anna_{role}.raw".encode())
            (folder / file.name.replace("x.", f"anna_{role}.", 1)).write_bytes(content)
            file.unlink()
        made.rmdir()
    (files,) = find_cases(tmp_path / "cases", brats)
    assert (files.name, sorted(files.volumes)) == ("anna", ["FLAIR", "T1"])
    assert files.labels is not None
    case = read_case(files, brats)
    assert case.labels is not None
    np.testing.assert_array_equal(case.grid.to_file(case.labels), labels)
    for role, array in volumes.items():
        stored = case.volumes[role.upper()]
        np.testing.assert_array_equal(case.grid.to_file(stored), array)


@pytest.mark.parametrize("content", [b"", b"\0" * 600, b"x" * 5000, b"NRRD0004\n", b"NDims = 3\n"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_only_ends_like_a_volume_is_refused_by_name(
    ending: str, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / f"scan{ending}"
    path.write_bytes(content)
    (tmp_path / "scan.img").write_bytes(content)
    assert is_volume(path)
    with pytest.raises(InputError, match=r"scan\."):
        read_volume(path)
