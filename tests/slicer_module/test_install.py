"""The engine is installed when the user asks, by what the application has for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError
from subprocess import CalledProcessError
from types import SimpleNamespace
from typing import Any

import pytest

LATEST = {"shaspec": "99.0", "torch": "99.0"}


def installer(there: dict[str, str], server: bool = False, **modules: Any) -> Any:
    """With these packages in these versions, and these modules of the application."""
    from ShaSpecLib.install import Installer

    names = {name.replace("_", "."): module for name, module in modules.items()}

    def version(name: str) -> str:
        if there[name]:
            return there[name]
        raise PackageNotFoundError(name)

    return Installer(
        lambda name: name if name in there or name in names else None,
        names.__getitem__,
        version,
        server,
    )


def packaging(there: dict[str, str], ensure: Callable[..., None]) -> Any:
    """As of Slicer: what is missing, is installed."""

    def load(path: str) -> list[str]:
        with open(path, encoding="utf-8") as file:
            return file.read().split()

    def pip_ensure(wanted: list[str], requester: str, skip_packages: Sequence[str] = ()) -> None:
        ensure(wanted, requester, *skip_packages)
        there.update({name: new for name, new in LATEST.items() if name not in skip_packages})

    return SimpleNamespace(load_requirements=load, pip_ensure=pip_ensure)


@pytest.mark.parametrize(
    ("there", "ready"),
    [
        ({"shaspec": "0.2.0", "torch": "2.10.0+cpu"}, True),
        ({"shaspec": "0.2.0"}, False),
        ({"torch": "2.10.0"}, False),
        ({"shaspec": "0.1.9", "torch": "2.10.0"}, False),
        ({"shaspec": "0.2.0", "torch": "2.9.1"}, False),
        ({"shaspec": "", "torch": "2.10.0"}, True),  # a source tree
    ],
)
def test_the_engine_is_there_in_the_versions_that_are_needed(
    there: dict[str, str], ready: bool
) -> None:
    assert installer(there).is_ready is ready


def test_torch_comes_through_its_extension_and_the_rest_through_slicers_packaging() -> None:
    there: dict[str, str] = {}
    asked: list[Any] = []

    def install_torch(askConfirmation: bool, torchVersionRequirement: str) -> object:
        asked.append((askConfirmation, torchVersionRequirement))
        there["torch"] = "2.10.0"
        return object()

    logic = SimpleNamespace(installTorch=install_torch)
    made = installer(
        there,
        PyTorchUtils=SimpleNamespace(PyTorchUtilsLogic=lambda: logic),
        slicer_packaging=packaging(there, lambda *words: asked.append(words)),
    )
    assert made.install()
    assert asked == [(True, ">=2.10"), (["shaspec>=0.2.0", "torch>=2.10"], "ShaSpec")]


def test_where_networks_run_on_a_server_there_is_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    from ShaSpecLib.install import Installer

    there: dict[str, str] = {}
    asked: list[Any] = []
    made = installer(there, True, slicer_packaging=packaging(there, lambda *w: asked.append(w)))
    assert made.install()
    assert asked == [(["shaspec>=0.2.0"], "ShaSpec", "torch", "lightning-fabric")]
    assert "torch" not in there
    assert not installer(there).is_ready
    monkeypatch.setenv("SHASPEC_SERVER", "http://token@127.0.0.1:8642")
    assert Installer(there.get, version=there.__getitem__).is_ready


@pytest.mark.parametrize("there", [{}, {"shaspec": "0.2.0"}, {"shaspec": "0.1", "torch": "2.12"}])
def test_what_is_missing_or_old_is_installed(there: dict[str, str]) -> None:
    assert installer(there, slicer_packaging=packaging(there, lambda *_: None)).install()


def raising(error: Exception) -> Callable[..., None]:
    def call(*_: Any, **__: Any) -> None:
        raise error

    return call


FAILED = [CalledProcessError(1, "pip"), OSError("no space left on device")]


def test_a_user_who_declines_is_no_error() -> None:
    declined = raising(RuntimeError("User declined package installation"))
    assert not installer({}, slicer_packaging=packaging({}, declined)).install()
    logic = SimpleNamespace(installTorch=lambda **_: None)
    torch = SimpleNamespace(PyTorchUtilsLogic=lambda: logic)
    assert not installer({}, PyTorchUtils=torch).install()


@pytest.mark.parametrize("error", FAILED)
def test_a_failure_says_what_to_do(error: Exception) -> None:
    from ShaSpecLib.install import InstallError

    util = SimpleNamespace(
        confirmOkCancelDisplay=lambda text, windowTitle: True, pip_install=raising(error)
    )
    torch = SimpleNamespace(PyTorchUtilsLogic=lambda: SimpleNamespace(installTorch=raising(error)))
    for modules in (
        {"slicer_packaging": packaging({}, raising(error))},
        {"slicer_util": util},
        {"PyTorchUtils": torch},
    ):
        with pytest.raises(InstallError, match="check the network and the free disk space"):
            installer({}, **modules).install()


@pytest.mark.parametrize("agrees", [True, False])
def test_without_slicers_packaging_the_user_is_asked_here(agrees: bool) -> None:
    ran: list[str] = []
    util = SimpleNamespace(
        confirmOkCancelDisplay=lambda text, windowTitle: agrees, pip_install=ran.append
    )
    assert not installer({}, slicer_util=util).install()  # the fake installs nothing
    assert [text.startswith("-r ") for text in ran] == [True] * agrees
