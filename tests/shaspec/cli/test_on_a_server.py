"""``--server``: predict, sweep and report with the network elsewhere, and the same files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from shaspec.errors import InputError, ServerError, WeightsError
from tests.serving import Running, make_service, running

pytestmark = pytest.mark.slow

Run = Callable[..., Result]
HERE = ("--device", "cpu", "--precision", "float32")
GONE = "http://a-token@127.0.0.1:9"


@pytest.fixture(scope="module")
def server(shaspec_folder: Path) -> Iterator[Running]:
    with running(make_service([shaspec_folder])) as found:
        yield found


def files_of(folder: Path) -> dict[str, bytes]:
    """Name -> content, of pages without their times and where they were computed."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(
    "words",
    [
        ("predict", "--present", "T2", "--out", "OUT/a_pred.nii.gz", "--volumes", "OUT/v.csv",
         "--probabilities", "--threshold", "WT=0.3,ET=0.6"),
        ("sweep", "--out", "OUT", "--save-labels"),
    ],
    ids=["predict", "sweep"],
)  # fmt: skip
def test_the_files_are_those_of_a_run_here(
    run: Run,
    folder: Path,
    server: Running,
    shaspec_folder: Path,
    tmp_path: Path,
    words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("heat_map_figure", "contributions_figure"):  # which take long
        monkeypatch.setattr(f"shaspec.analysis.robustness_files.{name}", lambda *_: None)
    monkeypatch.setattr("shaspec.analysis.robustness_files.write_figure", lambda path, _: path)
    case = folder / "anna"
    given = [f"T2={next(case.glob('*_t2.nii.gz'))}"] if words[0] == "sweep" else [str(case)]
    for out, where in (
        ("here", ["--model", shaspec_folder, *HERE]),
        ("there", ["--model", "tiny-shaspec", "--server", server.address]),
    ):
        (tmp_path / out).mkdir()
        told = [word.replace("OUT", str(tmp_path / out)) for word in words]
        run(told[0], *given, *told[1:], *where)
    here, there = files_of(tmp_path / "here"), files_of(tmp_path / "there")
    assert list(here) == list(there)
    assert here
    assert [name for name in here if here[name] != there[name]] == []
    assert len(server.service.sessions) == 0  # the command has ended its session


def test_the_variable_names_the_server_and_the_result_says_so(
    run: Run, folder: Path, server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHASPEC_SERVER", server.address)
    words = ["report", folder / "anna", "--present", "T1", "--model", "tiny-shaspec"]
    run(*words, "--out", tmp_path / "page.html")
    record = (tmp_path / "page.json").read_text("utf-8")
    assert f"http://{server.host}" in record
    assert server.address not in record  # the token


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (["--device", "cpu"], InputError, "--device cpu: the device is chosen on the server"),
        (["--model", "other"], WeightsError, "has no model 'other', but tiny-shaspec"),
        (["--server", GONE], ServerError, "no connection to server http://127.0.0.1:9"),
        (["--server", "gpu"], InputError, "https://TOKEN@HOST:PORT"),
    ],
)
def test_what_cannot_run_there_is_said(
    run: Run, folder: Path, server: Running, words: list[str], kind: type[Exception], message: str
) -> None:
    given = {"--server": server.address, "--model": "tiny-shaspec"}
    given |= {words[0]: words[1]}
    options = [word for pair in given.items() for word in pair]
    with pytest.raises(kind, match=message.replace("*", ".")):
        run("predict", folder / "anna", "--out", folder / "x_pred.nii.gz", *options)
    assert not (folder / "x_pred.nii.gz").exists()


def test_many_cases_run_here_alone(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path, server: Running
) -> None:
    for name in ("berta", "clara"):
        (tmp_path / "many" / name).mkdir(parents=True)
        for path in (folder / "anna").iterdir():
            (tmp_path / "many" / name / path.name).write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="is for one case"):
        run("predict", tmp_path / "many", "--model", "tiny-shaspec", "--out", tmp_path / "out",
            "--server", server.address)  # fmt: skip
