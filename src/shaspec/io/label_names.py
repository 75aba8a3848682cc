"""Derive the scheme of a label file from label names stored beside it.

The names are read from ``labels`` of a ``dataset.json`` (nnU-Net: name -> value or, for regions, a
list of values; Medical Segmentation Decathlon: value -> name), from a JSON file with the name of
the label file, or from the columns ``index`` and ``name`` of a BIDS table (``x_dseg.tsv``,
``dseg.tsv``).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shaspec.errors import InputError
from shaspec.files.reading import is_file, read_json, read_text
from shaspec.io.names.tokens import fold
from shaspec.io.naming import stem
from shaspec.io.segmentation_nrrd import is_segmentation
from shaspec.io.truth_file import segment_values
from shaspec.task import LabelScheme, Task

DESCRIPTION = "dataset.json"
SECTIONS = ("labels", "LabelMap")
BRITISH = {"oedema": "edema", "oedematous": "edematous",
           "odem": "edema", "oedem": "edema"}  # fmt: skip

Names = dict[str, tuple[int, ...]]
"""Name -> its values; several for a region."""


def described_scheme(labels: Path, task: Task) -> LabelScheme | None:
    """The scheme of the file ``labels`` by names beside it; None if there are none.

    Values with unknown names are not part of the scheme, so a file that contains them is refused.
    If the task defines none of the names, there is no scheme.
    """
    for path in _sidecars(labels.absolute()):
        codes = _codes(_read(path), task) if is_file(path) else {}
        if any(code > 0 for code in codes.values()):
            names_by_value = {label.value: label.name for label in task.labels} | {0: "background"}
            text = ", ".join(f"{value} {names_by_value[code]}" for value, code in codes.items())
            return LabelScheme(
                name=f"{path.name} says ({text})", codes={str(v): c for v, c in codes.items()}
            )
    return None


def _sidecars(labels: Path) -> Iterator[Path]:
    if is_segmentation(labels):
        yield labels
    yield labels.with_name(stem(labels.name) + ".json")
    yield labels.with_name(stem(labels.name) + ".tsv")
    yield labels.with_name("dseg.tsv")
    yield labels.parent / DESCRIPTION
    yield labels.parent.parent / DESCRIPTION


def _read(path: Path) -> Names:
    """The label names in a file; empty if it cannot be read or has none."""
    try:
        if is_segmentation(path):
            return {name: (value,) for name, value in segment_values(path).items()}
        if path.suffix.lower() == ".tsv":
            rows = csv.DictReader(io.StringIO(read_text(path)), delimiter="\t", restval="")
            return {row["name"]: (_value(row["index"]),) for row in rows}
        content = read_json(path)
        section: dict[str, Any] = next((content[key] for key in SECTIONS if key in content), {})
        return dict(_entry(key, value) for key, value in section.items())
    except (
        InputError,
        csv.Error,
        ValueError,
        ArithmeticError,
        KeyError,
        TypeError,
        AttributeError,
    ):
        return {}


def _entry(key: str, value: Any) -> tuple[str, tuple[int, ...]]:
    """``"edema": 2``, ``"whole tumor": [1, 2]`` or ``"2": "edema"``."""
    if isinstance(value, list):
        return key, tuple(map(_value, value))
    if isinstance(value, str) and key.strip().isdecimal():
        return value, (_value(key),)
    return key, (_value(value),)


def _value(text: Any) -> int:
    """A label value; raises ``ValueError`` if it is too large for any file."""
    value = int(text)
    if abs(value) >= 10**9:
        raise ValueError(f"a label of {value}")
    return value


def _codes(names: Names, task: Task) -> dict[int, int]:
    """Value -> code of the task, for values whose names the task defines and that agree."""
    if any(len(values) > 1 for values in names.values()):
        return _by_region(names, task)
    meanings: dict[int, set[int | None]] = {}
    for name, values in names.items():
        for value in values:
            meanings.setdefault(value, set()).add(_label(name, task))
    single = {value: next(iter(codes)) for value, codes in meanings.items() if len(codes) == 1}
    return {value: code for value, code in single.items() if value and code is not None}


def _label(name: str, task: Task) -> int | None:
    """The label that a name refers to: the one with the longest matching word."""
    parts = phrase_of(name)
    words = [(label.value, w) for label in task.labels for w in (label.name, label.title)]
    words += [(label.value, w) for label in task.labels for w in label.words]
    words += [(0, word) for word in task.background_words]
    lengths = [(_run(phrase_of(word), parts), code) for code, word in words]
    longest = max((n for n, _ in lengths), default=0)
    meant = {code for n, code in lengths if n == longest}
    return meant.pop() if longest and len(meant) == 1 else None


def _by_region(names: Names, task: Task) -> dict[int, int]:
    """Value -> code of the label that belongs to the same named regions."""
    named = {region: v for name, v in names.items() if (region := _region(name, task))}
    values = {v for several in named.values() for v in several} - {0}
    inside: dict[frozenset[str], set[int]] = {}
    for label in task.labels:
        key = frozenset(r.name for r in task.regions if r.name in named and label.value in r.labels)
        inside.setdefault(key, set()).add(label.value)
    codes = {}
    for value in sorted(values):
        meant = inside.get(frozenset(r for r, several in named.items() if value in several), set())
        if len(meant) == 1:
            codes[value] = next(iter(meant))
    return codes


def _region(name: str, task: Task) -> str | None:
    """``"whole tumor"``, ``"whole"`` or ``"WT"`` -> ``"WT"``."""
    words = set(phrase_of(name)) - {"tumor"}
    titles: Mapping[str, list[set[str]]] = {
        r.name: [set(phrase_of(r.name)), set(phrase_of(r.title)) - {"tumor"}] for r in task.regions
    }
    return next((region for region, title_words in titles.items() if words in title_words), None)


def phrase_of(text: str) -> list[str]:
    """The words of a name in lower case, British words as American ones."""
    spelled = fold(text).replace("tumour", "tumor")
    return [BRITISH.get(part, part) for part in re.findall(r"[a-z0-9]+", spelled)]


def _run(wanted: list[str], parts: list[str]) -> int:
    """Length of ``wanted`` if it is a contiguous part of ``parts``, else 0."""
    n = len(wanted)
    return n if n and any(parts[k : k + n] == wanted for k in range(len(parts) - n + 1)) else 0
