"""Each wheel (the arguments) holds what its package in the source tree has, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"napari_shaspec": ROOT / "napari_shaspec", "shaspec": ROOT / "src" / "shaspec"}
NEEDED = {
    "napari_shaspec": {"napari_shaspec/napari.yaml"},
    "shaspec": {"shaspec/tasks/brats.toml", "shaspec/py.typed"},
}
LICENCES = {"napari_shaspec": {"LICENSE"}, "shaspec": {"LICENSE", "WEIGHTS_LICENSE.md"}}


def check(wheel: Path) -> None:
    package = wheel.name.partition("-")[0]
    folder = PACKAGES[package]
    wanted = {
        f"{package}/{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    with ZipFile(wheel) as file:
        held = set(file.namelist())
    packaged = {name for name in held if ".dist-info/" not in name}
    licences = {Path(name).name for name in held if "/licenses/" in name}
    weights = {name for name in held if name.endswith(".safetensors")}

    assert packaged == wanted, f"differs from the source tree: {sorted(packaged ^ wanted)}"
    assert held >= NEEDED[package], NEEDED[package] - held
    assert licences == LICENCES[package], licences
    assert bool(weights) == (package == "shaspec"), f"{package}: {weights}"
    for name in weights:
        beside = {Path(other) for other in held if Path(other).parent == Path(name).parent}
        assert any(path.suffix == ".json" for path in beside), f"{name} has no card"
    size = wheel.stat().st_size / 2**20
    print(f"{wheel.name}: {len(packaged)} files, {size:.1f} MiB")


for argument in sys.argv[1:]:
    check(Path(argument))
