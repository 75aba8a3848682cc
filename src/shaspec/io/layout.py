"""Infer the layout of an unknown data folder from file names and a ``dataset.json``.

The file names of one case share a prefix, and their suffixes recur in other cases: the suffixes
are the modalities and the labels.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from shaspec.errors import InputError
from shaspec.files.reading import is_file, is_folder, read_json
from shaspec.io.description import DESCRIPTION
from shaspec.io.folders import DEPTH
from shaspec.io.formats.table import header_files, is_volume
from shaspec.io.naming import find_word, parts, stem
from shaspec.task import FULL, Modality
from shaspec.task_names import as_file_name_part

LABEL_WORDS = (
    "seg", "segmentation", "label", "labels", "mask", "gt", "truth", "ot", "lesion", "roi",
)  # fmt: skip
RECURS = 0.25  # minimum share of cases with a suffix


@dataclass(frozen=True)
class Layout:
    """Modalities in the order of their names (or of ``dataset.json``), and words for labels."""

    modalities: tuple[Modality, ...]
    label_words: tuple[str, ...]
    label_names: dict[int, str]
    """Label names in ``dataset.json`` by value, without background."""
    regions: dict[str, tuple[int, ...]]
    """The values of each region, if ``dataset.json`` defines regions, as in nnU-Net."""


def find_layout(folder: Path, modalities: Sequence[str] = (), labels_word: str = "") -> Layout:
    """Infer the layout of ``folder``.

    Args:
        folder: one folder per case, files side by side, or a Decathlon or nnU-Net folder.
        modalities: words in the file names to use, each ``WORD`` or ``NAME=WORD``.
        labels_word: the word of the label files.

    Raises:
        InputError: if the names are ambiguous, with the words found and the options to use.
    """
    described = _description(folder)
    channels = _channels(described)
    values = _labels(described, folder)
    regions = values if any(len(v) > 1 for v in values.values()) else {}
    label_words = (labels_word,) if labels_word else LABEL_WORDS
    if modalities:
        chosen = [_named(text) for text in modalities]
        return Layout(_modalities(chosen), label_words, _value_names(values), regions)
    groups = _groups(folder)
    words = {} if channels else _endings(groups)
    labels = [w for w in words if any(find_word(word, parts(w)) for word in label_words)]
    if len(labels) > 1:
        raise InputError(
            f"{folder}: {' and '.join(labels)} both look like labels; name one: --labels-word WORD"
        )
    chosen = [(name, word) for word, name in words.items() if word not in labels]
    chosen = channels or chosen
    if not chosen or (len(chosen) == 1 and not channels):
        seen = ", ".join(path.name for group in groups[:2] for path in group[:5]) or "no volume"
        raise InputError(
            f"{folder}: the modalities cannot be inferred from the file names ({seen}); give a "
            "part of the file names for each, e.g. --modalities T1=t1w,T2=t2w"
        )
    if labels:
        label_words = tuple(dict.fromkeys((labels[0], *label_words)))
    return Layout(_modalities(chosen), label_words, _value_names(values), regions)


def _modalities(named: Sequence[tuple[str, str]]) -> tuple[Modality, ...]:
    names = [as_file_name_part(name) for name, _ in named]
    if len(set(names)) != len(names) or any(FULL in name for name in names):
        raise InputError(f"modalities need unique names without {FULL!r}: {', '.join(names)}")
    return tuple(
        Modality(name=as_file_name_part(name), words=() if parts(name) == parts(word) else (word,))
        for name, word in named
    )


def _named(text: str) -> tuple[str, str]:
    name, _, word = text.partition("=")
    if not parts(name):
        raise InputError(f"--modalities: {text!r} is neither WORD nor NAME=WORD")
    return name.strip(), (word or name).strip()


# -- file names ----------------------------------------------------------------------------------


def _groups(folder: Path) -> list[list[Path]]:
    """The image files of each case, without the label folders of nnU-Net and the Decathlon."""
    if not is_folder(folder):
        raise InputError(f"{folder}: no such folder")
    folders: dict[Path, list[Path]] = {}
    for path in header_files(sorted(folder.rglob("*"))):
        where = path.relative_to(folder)
        hidden = any(part.startswith((".", "labelsT")) for part in where.parts)
        if not hidden and len(where.parts) <= DEPTH + 1 and is_volume(path) and is_file(path):
            folders.setdefault(path.parent, []).append(path)
    groups = [group for files in folders.values() for group in _split(files)]
    return sorted(groups, key=len, reverse=True)


def _split(files: list[Path]) -> list[list[Path]]:
    """The files of one folder by case: the longest prefix that leaves recurring suffixes."""
    names = {path: parts(path.name) for path in files}
    for length in range(max(map(len, names.values())) - 1, 0, -1):
        groups: dict[tuple[str, ...], list[Path]] = {}
        for path, name in names.items():
            groups.setdefault(tuple(name[:length]), []).append(path)
        endings = Counter(tuple(name[length:]) for name in names.values())
        several = [group for group in groups.values() if len(group) > 1]
        if len(several) > 1 and () not in endings and min(endings.values()) > 1:
            return list(groups.values())
    return [files]


def _endings(groups: list[list[Path]]) -> dict[str, str]:
    """Word -> name as spelled, for the words that distinguish the files of a case, sorted."""
    rests: list[list[tuple[str, ...]]] = []
    spelled: dict[tuple[str, ...], str] = {}
    for group in groups:
        if len(group) < 2 and len(groups) > 1:
            continue
        names = [parts(path.name) for path in group]
        shared = len(list(takewhile(lambda c: len(set(c)) == 1, zip(*names, strict=False))))
        shared = min(shared, min(map(len, names)) - 1)
        rests.append([tuple(name[shared:]) for name in names])
        for path, name in zip(group, names, strict=True):
            pieces = re.findall(r"[A-Za-z0-9]+", stem(path.name))
            for start in range(shared, len(name)):
                spelled.setdefault(tuple(name[start:]), "_".join(pieces[start:]))
    count = Counter(
        ending
        for names in rests
        for ending in {name[start:] for name in names for start in range(len(name))}
    )
    least = max(1, round(RECURS * len(rests))) if len(rests) < 4 else max(2, RECURS * len(rests))
    endings = {
        next((e for e in (name[s:] for s in range(len(name))) if count[e] >= least), None)
        for names in rests
        for name in names
    }
    endings.discard(None)
    words = sorted("_".join(ending) for ending in endings if ending)
    return {word: _title(spelled[tuple(word.split("_"))]) for word in words}


def _title(spelled: str) -> str:
    """The name of a modality: as spelled in the file name; numbers become ``channelN``."""
    return f"channel{int(spelled)}" if re.fullmatch(r"\d{4}", spelled) else spelled


# -- dataset.json --------------------------------------------------------------------------------


def _description(folder: Path) -> dict[str, Any]:
    path = folder / DESCRIPTION
    if not is_file(path):
        return {}
    content = read_json(path)
    return content if isinstance(content, dict) else {}


def _channels(described: dict[str, Any]) -> list[tuple[str, str]]:
    """(name, word) per channel, in their order."""
    named = described.get("channel_names") or described.get("modality") or {}
    if not isinstance(named, dict) or not all(str(key).isdigit() for key in named):
        return []
    names = [str(named[key]).replace(FULL, "-") for key in sorted(named, key=int)]
    return [(name, name) for name in names]


def _labels(described: dict[str, Any], folder: Path) -> dict[str, tuple[int, ...]]:
    """Name -> values, without background.

    Decathlon: ``{"1": "tumour"}``; nnU-Net: ``{"tumour": 1}``, or a list of values for a region.
    """
    labels = described.get("labels") or {}
    values_by_label: dict[str, tuple[int, ...]] = {}
    try:
        for key, value in labels.items():
            if key.isdigit() and isinstance(value, str):
                values_by_label[f"{value}-{key}" if value in values_by_label else value] = (
                    int(key),
                )
            else:
                values_by_label[key] = tuple(
                    map(int, value if isinstance(value, list) else [value])
                )
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(
            f'{folder / DESCRIPTION}: "labels" does not give each label a number, as '
            '{"1": "tumour"} or {"tumour": 1} do; correct or remove it'
        ) from error
    real = {name: tuple(v for v in values if v) for name, values in values_by_label.items()}
    return {name: values for name, values in real.items() if values}


def _value_names(labels: dict[str, tuple[int, ...]]) -> dict[int, str]:
    """The name of each value: the smallest region that contains it, numbered if shared."""
    smallest: dict[int, str] = {}
    for name in sorted(labels, key=lambda name: -len(labels[name])):
        smallest |= dict.fromkeys(labels[name], name)
    shared = Counter(smallest.values())
    return {v: n if shared[n] == 1 else f"{n}-{v}" for v, n in sorted(smallest.items())}
