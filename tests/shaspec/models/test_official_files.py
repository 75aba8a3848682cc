"""Foreign checkpoints are read without executing code in them."""

from __future__ import annotations

import os
import pickle
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from shaspec.errors import InputError
from shaspec.models.official_files import read_official
from shaspec.models.safe_unpickle import SafeUnpickler

LEGACY = {"_use_new_zipfile_serialization": False}
FORMATS = pytest.mark.parametrize("options", [{}, LEGACY], ids=["zip", "legacy"])


@pytest.fixture
def foreign() -> Iterator[type[nn.Module]]:
    """A network class in a module that is gone when the file is read."""

    class Foreign(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv3d(1, 2, 3)
            self.norm = nn.BatchNorm3d(2)
            self.layers = [torch.zeros(100)]  # ShaSpec's backbone keeps its activations like this

    module = ModuleType("DualNet_SS")
    Foreign.__module__, Foreign.__qualname__ = "DualNet_SS", "Foreign"
    module.Foreign = Foreign  # type: ignore[attr-defined]
    sys.modules["DualNet_SS"] = module
    yield Foreign
    sys.modules.pop("DualNet_SS", None)


@FORMATS
@pytest.mark.filterwarnings("ignore:Couldn't retrieve source code")
def test_a_module_that_was_pickled_whole_gives_its_state_dict(
    tmp_path: Path, foreign: type[nn.Module], options: dict[str, Any]
) -> None:
    network = foreign()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    network.conv(torch.ones(1, 1, 3, 3, 3)).sum().backward()
    optimiser.step()
    path = tmp_path / "final.pth"
    torch.save({"model": network, "optimizer": optimiser, "iter": 7}, path, **options)
    expected = network.state_dict()
    del sys.modules["DualNet_SS"]
    tensors, report = read_official(path)
    assert list(tensors) == list(expected)
    assert all(torch.equal(tensors[name], value) for name, value in expected.items())
    assert report.taken == "model"
    assert "DualNet_SS.Foreign" in report.inert
    assert "DualNet_SS" not in sys.modules
    text = "\n".join(report.lines())
    assert "took 7 tensors at model" in text
    assert "not imported and not run" in text
    assert "DualNet_SS.Foreign" in text
    assert report.other_tensors >= 3  # two momenta and the activation
    assert report.other_bytes >= 400


@FORMATS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int64])
def test_tensors_come_back_bit_for_bit(
    tmp_path: Path, dtype: torch.dtype, options: dict[str, Any]
) -> None:
    base = torch.arange(60).to(dtype).view(3, 4, 5)
    state = {"whole": base, "part": base[1:, ::2].transpose(0, 2), "number": base[0, 0, 3]}
    state["empty"] = base[:0]
    torch.save(state, tmp_path / "x.pth", **options)
    tensors, _ = read_official(tmp_path / "x.pth")
    for name, value in state.items():
        assert tensors[name].dtype == dtype
        assert torch.equal(tensors[name], value)
    assert tensors["part"].is_contiguous()


def test_the_largest_table_is_taken_unless_another_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m3l.pth"
    content = {
        "epoch": 3,
        "small": {"a": torch.zeros(1)},
        "state_dict": {"a": torch.ones(1), "b": torch.ones(2)},
        "optimizer": {"state": {0: {"exp_avg": torch.zeros(1)}}},
    }
    torch.save(content, path)
    tensors, report = read_official(path)
    assert set(tensors) == {"a", "b"}
    assert report.found == {"state_dict": 2, "small": 1, "optimizer/state/0": 1}
    assert set(read_official(path, part="small")[0]) == {"a"}
    with pytest.raises(InputError, match="no tensors at other: choose one of small, state_dict"):
        read_official(path, part="other")


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_the_description_beside_an_nnunet_model_is_read(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "model_final_checkpoint.model"
    torch.save({"state_dict": {"fusion.weight": torch.ones(2)}, "epoch": 1}, path)
    plans = {
        "num_classes": 3,
        "modalities": {0: "T1", 1: "FLAIR"},
        "patch_size": np.array([128, 96, 64]),
        "spacing": np.array([[1.0, 0.5], [2, 3]], order="F", dtype=">f4"),
        "mean": np.float64(1.5),
        "all": {1, 2},
    }
    beside = path.with_name(path.name + ".pkl")
    beside.write_bytes(pickle.dumps({"name": "MAMLTrainerV2", "plans": plans}, protocol))
    tensors, report = read_official(path)
    assert set(tensors) == {"fusion.weight"}
    read = report.extra["plans"]
    assert read["num_classes"] == 3
    assert read["modalities"] == {0: "T1", 1: "FLAIR"}
    assert read["patch_size"].tolist() == [128, 96, 64]
    assert read["spacing"].tolist() == [[1.0, 0.5], [2, 3]]
    assert read["mean"] == 1.5
    assert read["all"] == {1, 2}
    assert report.inert == {}


# -- files that mean harm --------------------------------------------------------------------


class Attack:
    """Pickled, it is a call of ``function(*args)``."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


def attacks(target: Path) -> dict[str, Attack]:
    touch = f"open({str(target)!r}, 'w')"
    return {
        "system": Attack(os.system, f"touch '{target}'"),
        "exec": Attack(exec, touch),
        "eval": Attack(eval, touch),
        "open": Attack(open, str(target), "w"),
        "path": Attack(Path.touch, target),
        "getattr": Attack(getattr, target, "touch"),
        "numpy": Attack(np.save, str(target), [1]),
        "torch": Attack(torch.save, [1], str(target)),
    }


@FORMATS
@pytest.mark.parametrize("name", sorted(attacks(Path())))
def test_a_checkpoint_that_would_touch_a_file_does_not(
    tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    target, path = tmp_path / "touched", tmp_path / "evil.pth"
    content = {"state_dict": {"a": torch.ones(1)}, "evil": attacks(target)[name]}
    torch.save(content, path, **options)
    tensors, report = read_official(path)
    assert not target.exists()
    assert not (tmp_path / "touched.npy").exists()
    assert set(tensors) == {"a"}
    assert report.inert


def test_a_description_that_would_touch_a_file_does_not(tmp_path: Path) -> None:
    target, path = tmp_path / "touched", tmp_path / "evil.model"
    torch.save({"state_dict": {"a": torch.ones(1)}}, path)
    evil = pickle.dumps({"plans": attacks(target)["system"]})
    path.with_name(path.name + ".pkl").write_bytes(evil)
    _, report = read_official(path)
    assert not target.exists()
    assert any("system" in name for name in report.inert)


def test_a_state_on_a_function_or_class_of_ours_is_refused() -> None:
    state = b"N}\x8c\x08__code__K\x01s\x86b."  # BUILD with (None, {"__code__": 1})
    for name in (b"ctorch._utils\n_rebuild_tensor_v2\n", b"cposix\nsystem\n"):
        import io

        with pytest.raises((pickle.UnpicklingError, TypeError, AttributeError)):
            SafeUnpickler(io.BytesIO(b"\x80\x04" + name + state)).load()


def save_zip(path: Path, data: bytes, compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("x/data.pkl", data)


def tensor_pickle(size: tuple[int, ...], stride: tuple[int, ...], numel: int, offset: int) -> bytes:
    """{"a": a tensor with these claims} in the words of torch."""

    class Storage:
        pass

    class Writer(pickle._Pickler):
        def persistent_id(self, obj: Any) -> Any:
            if isinstance(obj, Storage):
                return "storage", torch.FloatStorage, "0", "cpu", numel
            return None

    import io

    rebuild = torch._utils._rebuild_tensor_v2
    buffer = io.BytesIO()
    Writer(buffer, 2).dump({"a": Attack(rebuild, Storage(), offset, size, stride, False, {})})
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("size", "stride", "numel", "offset"),
    [
        ((4,), (1,), 5, 0),  # the storage is shorter than it says
        ((5,), (1,), 4, 0),
        ((4,), (1,), 4, 1),
        ((2,), (-1,), 4, 3),
        ((2,), (1,), 4, -1),
        ((1 << 40,), (0,), 4, 0),
        ((2, 2), (2,), 4, 0),
    ],
)
def test_a_tensor_that_reaches_beyond_its_storage_is_refused(
    tmp_path: Path, size: tuple[int, ...], stride: tuple[int, ...], numel: int, offset: int
) -> None:
    path = tmp_path / "x.pth"
    save_zip(path, tensor_pickle(size, stride, numel, offset))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x/data/0", struct.pack("<4f", 1, 2, 3, 4))
    with pytest.raises(InputError, match=r"x\.pth cannot be read"):
        read_official(path)


# -- files that are something else -----------------------------------------------------------


def test_a_file_that_is_not_a_checkpoint_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    with pytest.raises(InputError, match=r"x\.pth: no such file"):
        read_official(path)
    for content in (b"", b"hello", b"PK\x03\x04 no zip", b"\x80\x04K\x01.", b"\x80\x02garbage"):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"x\.pth"):
            read_official(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(InputError, match="was not written by PyTorch"):
        read_official(path)
    save_zip(path, pickle.dumps({}), zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match="compressed"):
        read_official(path)
    torch.save({"epoch": 3}, path)
    with pytest.raises(InputError, match="no table of named tensors"):
        read_official(path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), legacy=st.booleans())
def test_damage_anywhere_is_a_message_and_no_traceback(
    tmp_path: Path, data: st.DataObject, legacy: bool
) -> None:
    path = tmp_path / "x.pth"
    options = LEGACY if legacy else {}
    torch.save({"state_dict": {"a": torch.ones(2), "b": torch.ones(3)}, "n": 1.5}, path, **options)
    raw = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1))
    if data.draw(st.booleans()):
        raw[place] ^= data.draw(st.integers(1, 255))
    else:
        del raw[place:]
    path.write_bytes(raw)
    try:
        tensors, _ = read_official(path)
    except InputError:
        return
    assert tensors
