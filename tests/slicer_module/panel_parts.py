"""A scene and an engine for tests of the panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

NAMES = {"v1": "anna_flair", "v2": "anna_t1", "v3": "anna_t1ce", "v4": "notes"}
MODALITIES = ("FLAIR", "T1", "T1ce", "T2")


class FakeWorld:
    def __init__(self) -> None:
        self.names = dict(NAMES)
        self.headers: dict[str, Path] = {}
        self.shown: list[Any] = []
        self.files: dict[str, Path] = {}
        self.broken = ""

    def volumes(self) -> Mapping[str, Any]:
        from ShaSpecLib.controller import Volume

        return {node: Volume(name, self.headers.get(node)) for node, name in self.names.items()}

    def write(self, volume: str, path: Path) -> None:
        if volume == self.broken:
            raise ValueError("anna_t1 is under a transform that is not linear: harden it first")
        path.write_text(volume, "utf-8")

    def source(self, volume: str) -> Path | None:
        return self.files.get(volume)

    def show_result(self, path: Path, result: Mapping[str, Any], *, surfaces: bool) -> None:
        self.shown.append((path.name, result["subset"], surfaces))

    def show_subsets(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.shown.append([row["subset"] for row in rows])


class FakeEngine:
    request: Any = None

    def run(self, request: Any, listener: Any) -> None:
        self.request, self.listener = request, listener

    def cancel(self) -> None:
        self.listener.cancelled()

    def close(self) -> None:
        self.closed = True


class Ready:
    is_ready = True

    def install(self) -> bool:
        type(self).is_ready = True
        return True


def shown(panel: Any) -> dict[str, tuple[bool, str]]:
    """Modality -> tick and name of its volume."""
    return {name: (tick.checked, box.currentText) for name, (tick, box) in panel._rows.items()}
