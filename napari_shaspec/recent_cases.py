"""The cases that were opened last, stored in napari's preferences.

If napari has no settings of the plugin (in a script), nothing is stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_shaspec import settings
from napari_shaspec.settings import section
from shaspec.files.reading import exists

MOST = 10


@dataclass(frozen=True)
class RecentCase:
    """The folder of a case, or its files."""

    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the folder, or of the first file and how many there are more."""
        more = f" + {len(self.paths) - 1} files" if len(self.paths) > 1 else ""
        return f"{Path(self.paths[0]).name}{more}"

    @property
    def there(self) -> bool:
        """Whether nothing of it was moved or deleted."""
        return all(map(exists, self.paths))

    def holds(self, path: Path) -> bool:
        """Return whether ``path`` is one of its files, or in its folder."""
        return any(path.absolute().is_relative_to(own) for own in self.paths)


def recent_cases() -> tuple[RecentCase, ...]:
    """The cases, the newest first; empty if nothing is stored or the setting is invalid."""
    kept = section("cases")
    try:
        return tuple(
            RecentCase(tuple(map(str, paths))) for paths in json.loads(kept.recent) if paths
        )
    except (AttributeError, ValueError, TypeError, RecursionError):
        return ()


def remember(paths: Sequence[str | Path]) -> None:
    """Puts a case in front of the list; the oldest ones are dropped."""
    case = RecentCase(tuple(str(Path(path).absolute()) for path in paths))
    _store([case, *(other for other in recent_cases() if other != case)])


def forget(case: RecentCase) -> None:
    """Removes a case from the list; its files are kept."""
    _store([other for other in recent_cases() if other != case])


def follow(changed: Callable[[], None]) -> Callable[[], None]:
    """Calls ``changed`` whenever the list changes; call the result to disconnect."""
    return settings.follow("cases", ("recent",), changed)


def _store(cases: Sequence[RecentCase]) -> None:
    kept = section("cases")
    if kept is not None:
        kept.recent = json.dumps([case.paths for case in cases[:MOST]])
