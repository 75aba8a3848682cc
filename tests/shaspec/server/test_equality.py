"""A run on a server gives what a run on this machine gives, voxel by voxel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shaspec.analysis.features.measure_job import measure_job
from shaspec.analysis.robustness import RowAdded, sweep
from shaspec.case import Case
from shaspec.geometry import Grid
from shaspec.inference.classification import ClassificationSession
from shaspec.inference.events import Finished, Progress
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.inference.session import InferenceSession
from shaspec.io import case_from_arrays, read_case, write_case
from shaspec.models.weights import Model, load_model
from shaspec.task import Task, load_task
from tests.serving import Running, make_service, running

pytestmark = pytest.mark.slow  # sockets, and requests that wait for each other

SUBSETS = load_task("brats").subsets()
TIMES = {"seconds", "server", "source"}


def last(events: Any) -> Any:
    """What the last event of a job holds."""
    *_, event = events
    return event.prediction if isinstance(event, Finished) else event.value


@pytest.fixture(scope="module")
def both(server: Running, shaspec_folder: Path, small_case: Case) -> tuple[Any, Any]:
    """A session on this machine and one on the server."""
    model = load_model(shaspec_folder)
    here = InferenceSession(model, small_case, device="cpu", precision="float32")
    return here, server.connect().session("tiny-shaspec", small_case, precision="float32")


@pytest.mark.parametrize("subset", SUBSETS, ids="+".join)
def test_every_subset_gives_the_same_labels(subset: Any, both: Any) -> None:
    here, there = (last(session.predict(subset)) for session in both)
    assert here.labels.any()
    np.testing.assert_array_equal(here.labels, there.labels)
    assert there.labels.dtype == np.uint8
    assert there.labels.flags.writeable
    assert (there.case, there.subset, there.grid) == (here.case, here.subset, here.grid)


def test_the_provenance_is_that_of_a_local_run(both: Any) -> None:
    here, there = (last(session.predict()).provenance for session in both)
    assert {k: v for k, v in here.items() if k not in TIMES} == {
        k: v for k, v in there.items() if k not in TIMES
    }
    assert there["server"].startswith("http://127.0.0.1:")
    assert there["source"] == ""  # not a model of this machine


def test_probabilities_are_the_same(both: Any) -> None:
    here, there = (last(s.predict(("T1", "T2"), probabilities=True)) for s in both)
    assert list(here.probabilities) == list(there.probabilities)
    for region, values in here.probabilities.items():
        np.testing.assert_array_equal(values, there.probabilities[region])


def test_feature_maps_are_the_same(both: Any) -> None:
    here, there = (last(session.features(("T1", "T2"))) for session in both)
    assert isinstance(there, FeatureMaps)
    assert here.maps.keys() == there.maps.keys()
    assert here.windows.keys() == there.windows.keys()
    for key, values in here.maps.items():
        np.testing.assert_array_equal(values, there.maps[key])
    for key, values in here.windows.items():
        np.testing.assert_array_equal(values, there.windows[key])
    np.testing.assert_array_equal(here.inside, there.inside)
    assert (here.grid.shape, here.grid.spacing) == (there.grid.shape, there.grid.spacing)
    np.testing.assert_array_equal(here.grid.affine, there.grid.affine)
    assert here.present == there.present


def test_an_untrained_network_is_the_same(both: Any) -> None:
    here, there = (last(measure_job(s, last(s.features(("T1", "T2"))))) for s in both)
    assert here == there


def test_a_sweep_is_the_same(both: Any) -> None:
    tables = []
    for session in both:
        rows = [e for e in sweep(session, truth=session.case.labels) if isinstance(e, RowAdded)]
        tables.append(rows[-1].table)
    here, there = tables
    assert [row.values for row in here.rows] == [row.values for row in there.rows]
    assert here.complete
    assert there.complete


def test_a_toggle_encodes_nothing_again(both: Any) -> None:
    _, there = both
    last(there.predict())
    assert there.is_kept(("FLAIR", "T2"))
    steps = [e for e in there.predict(("FLAIR", "T2")) if isinstance(e, Progress)]
    assert not [step for step in steps if "encode" in step.stage or "upload" in step.stage]
    there.release()
    assert not there.is_kept(("FLAIR", "T2"))
    steps = [e for e in there.predict(("FLAIR", "T2")) if isinstance(e, Progress)]
    assert [step for step in steps if "encode" in step.stage]


def test_any_type_and_layout_of_voxels(server: Running, shaspec_folder: Path, brats: Task) -> None:
    """Big-endian, integer, half precision, and views along other axes, as readers make them."""
    rng = np.random.default_rng(0)
    volume = np.zeros((40, 44, 36))
    volume[4:36, 5:40, 3:30] = rng.integers(1, 255, (32, 35, 27))
    volumes = {
        "FLAIR": volume.astype(">i2"),
        "T1": np.asfortranarray(volume.astype("<f4")),
        "T1ce": volume.astype(np.uint8)[::-1],
        "T2": volume.astype(np.float16),
    }
    case = case_from_arrays(volumes, brats, name="any")
    case = replace(case, volumes=volumes)
    here = InferenceSession(load_model(shaspec_folder), case, device="cpu", precision="float32")
    there = server.connect().session("tiny-shaspec", case)
    np.testing.assert_array_equal(last(here.predict()).labels, last(there.predict()).labels)


def test_settings_reach_the_server(server: Running, shaspec_folder: Path, small_case: Case) -> None:
    options: dict[str, Any] = {"window": (24, 24, 24), "overlap": 0.5}
    model = load_model(shaspec_folder)
    here = InferenceSession(model, small_case, device="cpu", precision="float32", **options)
    there = server.connect().session("tiny-shaspec", small_case, keep=0, **options)
    local, remote = (last(session.predict(("T1",))) for session in (here, there))
    np.testing.assert_array_equal(local.labels, remote.labels)
    assert remote.provenance["overlap"] == 0.5
    assert not there.is_kept(("T1",))


def test_pictures_and_classes(
    model_of: Callable[[Task, str], Model], picture_case: Case, digit_case: Case
) -> None:
    pictures = model_of(picture_case.task, "shaspec")
    digits = model_of(digit_case.task, "shaspec-classifier")
    with running(make_service([Path(pictures.source), Path(digits.source)])) as server:
        client = server.connect()
        assert client.models() == ["tiny-shaspec", "tiny-shaspec-classifier"]
        for subset in picture_case.task.subsets():
            here = InferenceSession(pictures, picture_case, device="cpu", precision="float32")
            there = client.session("tiny-shaspec", picture_case)
            one, other = (last(session.predict(subset)) for session in (here, there))
            np.testing.assert_array_equal(one.labels, other.labels)
        for subset in digit_case.task.subsets():
            classes = ClassificationSession(digits, digit_case, device="cpu")
            remote = client.session("tiny-shaspec-classifier", digit_case)
            a, b = (last(session.predict(subset)) for session in (classes, remote))
            np.testing.assert_array_equal(a.probabilities, b.probabilities)


def test_a_subset_on_a_grid_of_its_own(
    server: Running, shaspec_folder: Path, small_case: Case, tmp_path: Path
) -> None:
    """T2 has thicker slices: alone, it is segmented on its own grid."""
    thick = small_case.volumes["T2"][::2]
    affine = small_case.grid.affine.copy()
    affine[:3, 2] *= 2
    grid = Grid.from_affine(affine, thick.shape[::-1])
    others = small_case.only(("FLAIR", "T1", "T1ce"))
    write_case(tmp_path / "thin", replace(others, labels=None))
    write_case(tmp_path / "thick", Case("thick", small_case.task, grid, {"T2": thick}))
    files = {n: next(tmp_path.glob(f"thin/*_{n.lower()}.nii*")) for n in others.present}
    case = read_case(files | {"T2": next((tmp_path / "thick").iterdir())}, small_case.task)
    here = InferenceSession(load_model(shaspec_folder), case, device="cpu", precision="float32")
    there = server.connect().session("tiny-shaspec", case)
    assert case.own(("T2",)) is not None
    for subset in (("T2",), ("FLAIR", "T2"), case.present):
        one, other = (last(session.predict(subset)) for session in (here, there))
        np.testing.assert_array_equal(one.labels, other.labels)
        assert one.provenance["notices"] == other.provenance["notices"]


def test_the_names_of_the_case_stay_here(
    server: Running, small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    client = server.connect()
    ask, stream = client.connection.ask, client.connection.stream

    def spied(method: str, path: str, body: bytes | None = None, **options: Any) -> Any:
        sent.append(f"{method} {path} {options}".encode() + (body or b""))
        return ask(method, path, body, **options)

    monkeypatch.setattr(client.connection, "ask", spied)
    case = replace(small_case, name="Jane Doe", files={"T1": Path("/home/Jane Doe/t1.nii")})
    result = last(client.session("tiny-shaspec", case).predict(("T1",)))
    assert result.case == result.provenance["case"] == "Jane Doe"
    assert result.provenance["files"]
    assert sent
    assert not [text for text in sent if b"Jane" in text]
    assert stream
