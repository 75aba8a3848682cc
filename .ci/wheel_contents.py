"""The wheel (first argument) holds what the source tree has, and nothing besides."""

from __future__ import annotations

import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"napari_shaspec": ROOT / "napari_shaspec", "shaspec": ROOT / "src" / "shaspec"}

wanted = {
    f"{name}/{path.relative_to(folder).as_posix()}"
    for name, folder in PACKAGES.items()
    for path in folder.rglob("*")
    if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
}
with ZipFile(sys.argv[1]) as wheel:
    held = set(wheel.namelist())
licences = {Path(name).name for name in held if "/licenses/" in name}
packaged = {name for name in held if ".dist-info/" not in name}

assert packaged == wanted, f"differs from the source tree: {sorted(packaged ^ wanted)}"
assert {"LICENSE", "WEIGHTS_LICENSE.md"} <= licences, licences
for needed in ("napari_shaspec/napari.yaml", "shaspec/tasks/brats.toml", "shaspec/py.typed"):
    assert needed in held, needed
weights = [name for name in held if name.endswith(".safetensors")]
assert weights, "no bundled weights"
for name in weights:
    assert f"{name.rpartition('/')[0]}/card.json" in held, f"{name} has no card"
size = Path(sys.argv[1]).stat().st_size
print(f"{Path(sys.argv[1]).name}: {len(packaged)} files, {size / 2**20:.1f} MiB")
