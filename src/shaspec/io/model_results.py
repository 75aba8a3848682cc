"""Set aside results of models that have the name of a truth; see `shaspec.io.origin`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shaspec.errors import InputError
from shaspec.io.images import is_image, read_label_image
from shaspec.io.naming import parts
from shaspec.io.origin import checksum, marked_checksum
from shaspec.io.truth_file import read_truth
from shaspec.notices import CaseNotice, NoticeKind

AUTOMATIC = frozenset(
    [
        "auto",
        "automatic",
        "automated",
        "automatically",
        "approx",
        "approximate",
        "autoseg",
        "nnunet",
        "deepmedic",
        "deepseg",
        "hdglio",
        "glistrboost",
        "raidionics",
        "monai",
        "swinunetr",
        "unet",
    ]
)
"""Words of names that stand for a program as the author of labels, and for a reader:"""
CORRECTED = frozenset(
    ["corrected", "manual", "manually", "manuallycorrected", "edited", "reviewed"]
)


def is_unedited_result(path: Path) -> bool:
    """Return whether a file is the result of a model as this program wrote it.

    Reads voxels only if the header has the mark. False for a file that cannot be read.
    """
    said = marked_checksum(path)
    if not said:
        return False
    try:
        labels = read_label_image(path) if is_image(path) else read_truth(path).array
    except InputError:
        return False
    return bool(np.array_equal(labels, labels.astype(np.uint8))) and checksum(labels) == said


def result_notice(path: Path) -> CaseNotice:
    """The notice about a result that is not used as a truth."""
    return CaseNotice(
        f"not used as labels: {path.name} is an unedited result of a model; if it is to be used, "
        f"give it as labels={path.name}",
        NoticeKind.LABELS_UNUSED,
    )


def automatic_notice(path: Path) -> str:
    """The notice about labels whose name says that a program made them; empty for others."""
    words = set(parts(path.name))
    said = sorted(words & AUTOMATIC)
    if not said or words & CORRECTED:
        return ""
    return (
        f"labels {path.name}: the name contains {said[0]!r}, so a program may have made them "
        "without a correction"
    )
