"""A case of pictures, from a folder or from files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.io import read_case
from shaspec.task import Task


def test_a_case_of_pictures_is_read_from_a_folder_or_from_files(
    write_pictures: Callable[..., Path], picture_case: Case, rgbd: Task, tmp_path: Path
) -> None:
    folder = write_pictures(tmp_path / "39", picture_case, "rgb.png", "depth.png", "label.png")
    write_pictures(tmp_path, picture_case, "rgb/40.png", "depth/40.png")
    case = read_case(folder, rgbd)
    assert case.name == "39"
    assert case.grid.shape == (40, 52)
    for name, array in picture_case.volumes.items():
        np.testing.assert_array_equal(case.volumes[name], array)
    np.testing.assert_array_equal(case.labels, picture_case.labels)
    loose = read_case([tmp_path / "depth" / "40.png", tmp_path / "rgb" / "40.png"], rgbd)
    assert (loose.name, loose.present, loose.labels) == ("40", ("RGB", "depth"), None)
    named = read_case({"depth": tmp_path / "depth" / "40.png"}, rgbd)
    assert (named.name, named.present) == ("40", ("depth",))


def test_pictures_that_do_not_fit_together_are_named_in_the_error(
    write_pictures: Callable[..., Path], picture_case: Case, rgbd: Task, tmp_path: Path
) -> None:
    folder = write_pictures(tmp_path / "a", picture_case, "rgb.png", "depth.png", "label.png")
    Image.new("L", (52, 40), 7).save(folder / "depth.png")
    case = read_case(folder, rgbd)
    assert case.present == ("RGB",)
    assert any("depth (depth.png) is empty (every value is 7)" in n for n in case.notices)
    Image.linear_gradient("L").save(folder / "depth.png")
    with pytest.raises(InputError, match=r"depth has 256 x 256 pixels, rgb\.png has 52 x 40"):
        read_case(folder, rgbd)
    (folder / "depth.png").unlink()
    Image.new("L", (52, 40), 9).save(folder / "label.png")
    with pytest.raises(InputError, match=r"label\.png: contains the label values 9"):
        read_case(folder, rgbd)
    Image.new("L", (8, 8)).save(folder / "label.png")
    with pytest.raises(InputError, match="labels has 8 x 8 pixels"):
        read_case(folder, rgbd)
