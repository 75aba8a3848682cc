"""SimpleITK's resampling and rigid registration as a second opinion on ours, on made-up pairs.

Run by ``tox run -e simpleitk``, which installs SimpleITK; neither package needs it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from shaspec.geometry import Grid
from shaspec.io.resample import resample
from shaspec.phantom import make_case
from shaspec.registration import Rigid, Scan, register

SHAPE, SPACING = (48, 60, 52), (4.0, 4.0, 4.0)
GRIDS = {
    "thick": ((20, 50, 44), (9.0, 4.5, 5.0), (-10.0, 4.0, 6.0)),
    "fine": ((60, 60, 60), (2.0, 2.5, 3.0), (30.0, 20.0, 10.0)),
    "same": (SHAPE, SPACING, (0.0, 0.0, 0.0)),
}
"""Shape, spacing, and origin relative to the case."""
TURNS = (((0.05, -0.1, 0.08), (6, -9, 4)), ((-0.3, 0.2, 0.25), (-18, 12, 15)))
GOOD_MM = 1.0


@pytest.fixture(scope="module")
def case() -> Any:
    return make_case(9_000_004, SHAPE, SPACING)


def grid_of(case: Any, name: str) -> Grid:
    shape, spacing, offset = GRIDS[name]
    return Grid(shape, spacing, tuple(np.add(case.grid.origin, offset)))


def pose_of(case: Any, number: int) -> Rigid:
    """A turn about the middle of the case, and a shift."""
    middle = case.grid.world(np.array(SHAPE)[:, None] / 2)[:, 0]
    return Rigid.about(middle, *TURNS[number])


def image_of(array: Any, grid: Grid) -> sitk.Image:
    """An image in LPS millimetres, as ours are."""
    image = sitk.GetImageFromArray(np.asarray(array, np.float32))
    image.SetSpacing([float(mm) for mm in grid.spacing[::-1]])
    image.SetOrigin([float(mm) for mm in grid.origin[::-1]])
    return image


def transform_of(pose: Rigid) -> sitk.Transform:
    found = sitk.AffineTransform(3)
    found.SetMatrix(pose.matrix[:3, :3].ravel().tolist())
    found.SetTranslation(pose.matrix[:3, 3].tolist())
    return found


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("number", range(len(TURNS)))
def test_resampling_agrees(case: Any, name: str, order: int, number: int) -> None:
    grid, pose = grid_of(case, name), pose_of(case, number)
    volume = case.volumes["T1"].astype(np.float32) if order else case.labels
    ours = resample(volume, case.grid, grid, order=order, fill=0, through=pose.matrix)
    target = image_of(np.zeros(grid.shape), grid)
    way = sitk.sitkLinear if order else sitk.sitkNearestNeighbor
    theirs = sitk.GetArrayFromImage(
        sitk.Resample(image_of(volume, case.grid), target, transform_of(pose), way, 0.0)
    )
    inside = resample(
        np.ones(SHAPE, np.float32), case.grid, grid, order=1, fill=0, through=pose.matrix
    )
    sure = inside > 0.999  # at the faces of the volume they differ by design
    off = np.abs(ours.astype(np.float64) - theirs)[sure]
    assert sure.mean() > 0.3
    if order:
        assert off.max() < 1e-3 * volume.max()
    else:  # halfway between two voxels either may be chosen
        assert np.mean(off > 0) < 1e-3


def register_theirs(fixed: Scan, moving: Scan, centre: Any) -> Rigid:
    """Mattes mutual information on three levels, from the headers' pose."""
    one, other = image_of(fixed.array, fixed.grid), image_of(moving.array, moving.grid)
    start = sitk.Euler3DTransform()
    start.SetCenter([float(c) for c in centre])
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(0.3, 1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 1e-4, 200)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([2, 1, 0])
    method.SetInitialTransform(start, inPlace=True)
    method.Execute(one, other)
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(start.GetMatrix()).reshape(3, 3)
    origin = np.array(start.TransformPoint((0.0, 0.0, 0.0)))
    matrix[:3, 3] = origin
    return Rigid(matrix)


@pytest.mark.parametrize(("first", "second"), [("T1", "T2"), ("FLAIR", "T1ce")])
def test_registration_agrees_with_the_truth_and_with_theirs(
    case: Any, first: str, second: str
) -> None:
    pose = pose_of(case, 0)
    grid = Grid((32, 60, 52), (6.0, 4.0, 4.0), case.grid.origin)
    moved = resample(
        case.volumes[second], case.grid, grid, order=1, fill=0, through=pose.inverse.matrix
    )
    fixed, moving = Scan(case.volumes[first], case.grid, first), Scan(moved, grid, second)
    voxels = np.argwhere(case.volumes[first] > 0)[::97].T
    head = case.grid.world(voxels)
    ours = register(fixed, moving)
    theirs = register_theirs(fixed, moving, head.mean(axis=1))
    errors = {"ours": ours.transform.apart(pose, head), "theirs": theirs.apart(pose, head)}
    assert errors["ours"] <= GOOD_MM, errors
    assert not ours.doubtful
    assert errors["ours"] <= errors["theirs"] + 0.5, "they are clearly better"
    assert ours.transform.apart(theirs, head) <= 2 * GOOD_MM
