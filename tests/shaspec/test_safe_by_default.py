"""No pickle, no network, no change of global state, and weights that are checked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shaspec.case import Case
from shaspec.errors import WeightsError
from shaspec.io import write_case
from shaspec.models.card import bundled_models, model_folder
from shaspec.task import load_task
from tests.tiny_models import TINY, save_tiny

SCRIPT = """
import decimal, gc, json, locale, logging, os, pickle, random, signal, socket, sys, threading
import warnings
import matplotlib, nibabel, numpy, pydantic, rich.style, safetensors.torch, scipy.ndimage, torch


def state():
    hooks = sys.excepthook, threading.excepthook, sys.displayhook, sys.unraisablehook
    signals = {str(s): str(signal.getsignal(s)) for s in signal.valid_signals()}
    return {
        "errors of numpy": numpy.geterr(), "printing of numpy": str(numpy.get_printoptions()),
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "type": str(torch.get_default_dtype()), "gradients": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "cudnn": (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic),
        "precision": torch.get_float32_matmul_precision(),
        "warnings": list(map(str, warnings.filters)), "locale": locale.setlocale(locale.LC_ALL),
        "matplotlib": {k: str(v) for k, v in matplotlib.rcParams.items()},
        "chance": random.getstate(), "chance of numpy": str(numpy.random.get_state()),
        "chance of torch": torch.get_rng_state().tolist(), "environment": dict(os.environ),
        "hooks": list(map(str, hooks)), "signals": signals, "folder": os.getcwd(),
        "paths": sys.path, "decimal": str(decimal.getcontext()), "gc": gc.get_threshold(),
        "log": (logging.root.level, len(logging.root.handlers)), "recursion":
        sys.getrecursionlimit(), "integers": sys.get_int_max_str_digits(),
    }


def copied(values):
    return json.loads(json.dumps(values))


used = []


def refuse(name):
    def refused(*words, **more):
        used.append(name)
        raise AssertionError(name)
    return refused


def blocked(kind, *names):
    return type("Blocked", (kind,), {name: refuse(f"{kind.__name__}.{name}") for name in names})


pickle.load, pickle.loads, torch.load = map(refuse, ("pickle.load", "pickle.loads", "torch.load"))
pickle.Unpickler = blocked(pickle.Unpickler, "load")
pickle._Unpickler = blocked(pickle._Unpickler, "load")
socket.socket = blocked(socket.socket, "connect", "connect_ex", "bind", "sendto")
socket.getaddrinfo = socket.create_connection = refuse("socket.getaddrinfo")

before = copied(state())
import shaspec
imported = copied(state())
folder, name, out = sys.argv[1:]
shaspec.load_model(name, device="cpu").predict(folder).save(out)
after = copied(state())
changed = {name: [k for k in before if before[k] != then[k]]
           for name, then in (("import", imported), ("prediction", after))}
print("RESULT", json.dumps({"changed": changed, "used": used}))
"""


@pytest.fixture(scope="module")
def case(small_case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("safe") / "anna"
    write_case(folder, small_case)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("model", [None, "shaspec"], ids=["own", "bundled"])
def test_a_prediction_needs_no_pickle_and_no_network_and_changes_no_global_state(
    model: str | None, case: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "labels.nii.gz"
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(case), str(model or shaspec_folder), str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout.rpartition("RESULT ")[2])
    assert found == {"changed": {"import": [], "prediction": []}, "used": []}
    assert out.is_file()


@pytest.mark.parametrize("method", TINY)
def test_loading_a_model_imports_no_compiler(method: str, tmp_path: Path) -> None:
    task = load_task("avmnist" if method == "shaspec-classifier" else "brats")
    folder = save_tiny(tmp_path / "model", task, method)
    code = (
        "import sys; from shaspec.models.weights import load_model; "
        "load_model(sys.argv[1]); print('torch._dynamo' in sys.modules)"
    )
    words = [sys.executable, "-c", code, str(folder)]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"  # it takes a second, and sets a variable of the environment


@pytest.mark.slow
@pytest.mark.parametrize("name", bundled_models())
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_changed_bit_of_bundled_weights_is_noticed(
    name: str, place: float, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from shaspec.models.weights import load_model

    folder = tmp_path_factory.mktemp("flipped") / name
    shutil.copytree(model_folder(name), folder)
    path = folder / "model.safetensors"
    with path.open("r+b") as file:
        file.seek(int(place * path.stat().st_size))
        (byte,) = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1 << bit]))
    with pytest.raises(WeightsError, match="sha256 differs"):
        load_model(folder)
    shutil.rmtree(folder)
