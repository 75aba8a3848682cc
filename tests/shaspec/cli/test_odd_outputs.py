"""Outputs that cannot be written are refused before the work, and no input is changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shaspec.case import Case
from shaspec.errors import ShaspecError
from shaspec.io import write_case, write_labels
from tests.made_up_dicom import write_examination
from tests.writing_commands import COMMANDS, Command, Inputs, Run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="no loop of links, FIFO or device on Windows"),
]


class WorkReached(BaseException):
    """The command has begun its work."""


@pytest.fixture(scope="module")
def inputs(
    tmp_path_factory: pytest.TempPathFactory, small_case: Case, shaspec_folder: Path
) -> Inputs:
    from shaspec.preparation import prepare
    from shaspec.task import load_task

    folder = tmp_path_factory.mktemp("inputs")
    write_case(folder / "data" / "anna", small_case)
    later = {name: volume * 1.1 for name, volume in small_case.volumes.items()}
    write_case(folder / "anna-2", replace(small_case, name="anna-2", volumes=later))
    write_case(folder / "two", small_case.only(("FLAIR", "T1")))
    prepare(folder / "two", load_task("brats"), folder / "prepared", strip="never")
    labels = folder / "anna_seg.nii.gz"
    assert small_case.labels is not None
    write_labels(labels, small_case.labels, small_case.grid)
    write_examination(folder / "dicom")
    (folder / "old.pth").write_bytes(b"a checkpoint")
    return Inputs(
        folder, folder / "data", folder / "data" / "anna", folder / "anna-2", folder / "prepared",
        labels, folder / "dicom", Path(shutil.copytree(shaspec_folder, folder / "model")),
        folder / "old.pth",
    )  # fmt: skip


def _loop(path: Path, _: Inputs) -> Path:
    path.symlink_to(path)
    return path


def _below_a_file(path: Path, inputs: Inputs) -> Path:
    return inputs.volume / path.name


def _link(path: Path, inputs: Inputs) -> Path:
    path.symlink_to(inputs.volume)
    return path


def _fifo(path: Path, _: Inputs) -> Path:
    os.mkfifo(path)
    return path


def _folder(path: Path, _: Inputs) -> Path:
    path.mkdir(parents=True)
    return path


ODD: dict[str, Callable[[Path, Inputs], Path]] = {
    "loop": _loop,
    "device": lambda path, _: Path("/dev/null"),
    "below a device": lambda path, _: Path("/dev/null") / path.name,
    "no permission": lambda path, _: Path("/proc") / path.name,  # nobody may write there
    "no permission, deep": lambda path, _: Path("/proc/a/b") / path.name,
    "long name": lambda path, _: path.with_name(300 * "n" + path.suffix),
    "long folder": lambda path, _: path.parent / (300 * "n") / path.name,
    "control": lambda path, _: path.with_name("a\nb\x07" + path.suffix),
    "input": lambda _, inputs: inputs.volume,
    "below an input": _below_a_file,
    "link to an input": _link,
    "FIFO": _fifo,
}
ADVICE = (
    "choose another", "choose a name", "change the ending", "leave them out", "shorten it",
    "name that file", "name a file",
)  # fmt: skip
PLANTED = {"folder": _folder, "link": _link, "loop": _loop, "FIFO": _fifo}


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> Callable[[Command], None]:
    """Make a command raise `WorkReached` where its work begins."""

    def stop(command: Command) -> None:
        def reached(*_: object, **__: object) -> None:
            raise WorkReached

        monkeypatch.setattr(command.work.replace(":", "."), reached)

    return stop


@pytest.fixture
def unchanged(inputs: Inputs) -> Iterator[None]:
    """See that the test has left all inputs as they were."""
    before = inputs.sums()
    yield
    assert inputs.sums() == before


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.usefixtures("unchanged")
def test_an_odd_output_is_refused_before_the_work(
    name: str,
    odd: str,
    run: Run,
    inputs: Inputs,
    stopped: Callable[[Command], None],
    tmp_path: Path,
) -> None:
    command = COMMANDS[name]
    stopped(command)
    out = ODD[odd](tmp_path / f"out{command.ending}", inputs)
    with pytest.raises(ShaspecError) as refused:
        command.call(run, inputs, out)
    said = str(refused.value)
    named = (str(out), str(out.parent), repr(str(out))[1:-1], out.name[:40])
    assert any(word in said for word in named), said
    assert any(advice in said for advice in ADVICE), said
    assert "\n" not in said


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("name", [n for n, c in COMMANDS.items() if c.targets])
@pytest.mark.usefixtures("unchanged")
def test_what_is_in_the_place_of_a_result_is_refused_before_the_work(
    name: str,
    planted: str,
    run: Run,
    inputs: Inputs,
    stopped: Callable[[Command], None],
    tmp_path: Path,
) -> None:
    command = COMMANDS[name]
    stopped(command)
    for number, target in enumerate(command.targets):
        out = tmp_path / str(number) / "out"
        (out / target).parent.mkdir(parents=True)
        PLANTED[planted](out / target, inputs)
        with pytest.raises(ShaspecError) as refused:
            command.call(run, inputs, out)
        assert Path(target).name in str(refused.value)


@pytest.mark.parametrize("name", COMMANDS)
def test_an_ordinary_output_reaches_the_work(
    name: str, run: Run, inputs: Inputs, stopped: Callable[[Command], None], tmp_path: Path
) -> None:
    command = COMMANDS[name]
    stopped(command)
    with pytest.raises(WorkReached):
        command.call(run, inputs, tmp_path / "new" / "folder" / f"out{command.ending}")


@pytest.mark.parametrize("kind", ["itself", "hard link", "other case"])
@pytest.mark.usefixtures("unchanged")
def test_an_input_under_another_name_is_no_output(
    kind: str, run: Run, inputs: Inputs, stopped: Callable[[Command], None], tmp_path: Path
) -> None:
    image = next(path for path in inputs.dicom.rglob("*") if path.is_file())
    named = {
        "dicom-seg": Path(shutil.copytree(inputs.dicom, tmp_path / "dicom")) / "a.dcm",
        "import-official": tmp_path / "old" / "model.safetensors",
    }
    named["import-official"].parent.mkdir()
    for path in named.values():
        shutil.copy(image, path)
    mine = replace(inputs, dicom=tmp_path / "dicom", checkpoint=named["import-official"])
    for name, path in named.items():
        stopped(COMMANDS[name])
        out = path
        if kind == "hard link":
            out = tmp_path / name / path.name
            out.parent.mkdir()
            out.hardlink_to(path)
        elif kind == "other case":
            out = path.with_name(path.name.replace(path.stem, path.stem.upper()))
            if name == "import-official":  # its names are fixed: the input has the other case
                mine = replace(mine, checkpoint=path.rename(out))
        with pytest.raises(ShaspecError, match=r"this is the input file .*; choose another"):
            COMMANDS[name].call(run, mine, out if name == "dicom-seg" else out.parent)
    assert all(path.read_bytes() == image.read_bytes() for path in tmp_path.rglob("*.safetensors"))
