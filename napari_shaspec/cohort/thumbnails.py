"""A small picture of each result: the slice with most of what was segmented. Made in a worker.

Pictures are kept in a hidden folder of the results, so that a folder is opened again at once.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.cohort.reading import read_labels
from napari_shaspec.cohort.state import Picture, Pictured, Row
from napari_shaspec.layers.layer_data import contrast_limits
from shaspec.errors import ShaspecError
from shaspec.files.reading import is_file
from shaspec.geometry import Grid
from shaspec.task import Task

FOLDER = ".thumbnails"
SIDE = 96  # pixels
OPACITY = 0.55
AIR = 0.04  # around the head, as a fraction of the slice


def pictures(rows: Sequence[Row], out: Path, task: Task) -> Iterator[Pictured | None]:
    """The pictures of all results, one by one; None where one cannot be made."""
    for row in rows:
        yield picture_of(row, out, task)


def picture_of(row: Row, out: Path, task: Task) -> Pictured | None:
    """The picture of a result, from the folder or drawn again; None: no result, or unreadable."""
    if row.record is None or not row.record.outputs:
        return None
    try:
        result = out / row.record.outputs[0]
        kept = out / FOLDER / f"{result.name}.png"
        if is_file(kept) and kept.stat().st_mtime_ns >= result.stat().st_mtime_ns:
            return Pictured(row.name, _read(kept))
        picture = _made(row, result, task)
        if picture is None:
            return None
        _keep(kept, picture)
        return Pictured(row.name, picture)
    except (ShaspecError, OSError, ValueError, MemoryError):  # no result waits for its picture
        return None


def drawn(image: npt.NDArray[Any], labels: npt.NDArray[Any], task: Task, grid: Grid) -> Picture:
    """The slice of ``labels`` with most voxels over ``image``; 2D: the whole picture.

    Args:
        image: (S, P, L), or (row, column) or (rgb, row, column).
        labels: on the grid of the image.
        task: gives the colours.
        grid: of ``labels``.
    """
    spacing, image = grid.spacing[-2:], np.nan_to_num(image)
    if grid.dims == 3:
        most = (labels > 0).sum(axis=(1, 2))
        place = int(most.argmax()) if most.any() else len(labels) // 2
        image, labels = image[place], labels[place]
    if image.ndim == 3:
        image = np.moveaxis(image, 0, -1)
    else:
        box = _inside(image, labels)
        image, labels = image[box], labels[box]
    low, high = (0.0, 255.0) if image.ndim == 3 else contrast_limits(image)
    grey = np.clip((image.astype(np.float32) - low) / max(high - low, 1e-6), 0, 1)
    page = grey if grey.ndim == 3 else np.repeat(grey[..., None], 3, axis=-1)
    for label in task.labels:
        code = label.colour.lstrip("#")
        colour = np.array([int(code[k : k + 2], 16) for k in (0, 2, 4)], np.float32) / 255
        mask = labels == label.value
        page[mask] = (1 - OPACITY) * page[mask] + OPACITY * colour
    return _sized(np.asarray(255 * page, np.uint8), spacing)


def _made(row: Row, result: Path, task: Task) -> Picture | None:
    labels, grid = read_labels(result, task)
    assert row.record is not None
    for modality in task.parse_subset(row.record.subset):
        image, own = _image(row, modality, task)
        if own.matches(grid):  # a modality on another grid was resampled
            return drawn(image, labels, task, grid)
    return None


def _image(row: Row, modality: str, task: Task) -> tuple[npt.NDArray[Any], Grid]:
    from shaspec.io import read_channels, read_image, read_volume

    path, channel = row.files.volumes[modality], row.files.channel
    if task.dims == 2:
        picture = read_image(path, task.modality(modality).channels)
        shape = picture.shape[-2:]
        return picture, Grid(shape, (1.0,) * len(shape))
    volume = read_volume(path) if channel is None else read_channels(path)[channel[modality]]
    return volume.array, volume.grid


def _inside(image: npt.NDArray[Any], labels: npt.NDArray[Any]) -> tuple[slice, ...]:
    """Box of what is neither background nor unlabelled, with some air."""
    shown, box = (image > image.min()) | (labels > 0), []
    for axis, size in enumerate(shown.shape):
        hits = np.flatnonzero(shown.any(axis=1 - axis))
        first, last = (int(hits[0]), int(hits[-1])) if hits.size else (0, size - 1)
        air = max(1, round(AIR * size))
        box.append(slice(max(0, first - air), last + 1 + air))
    return tuple(box)


def _sized(page: Picture, spacing: Sequence[float]) -> Picture:
    """``page`` with square pixels in the middle of a black square of `SIDE` pixels."""
    from PIL import Image

    rows, columns = (size * mm for size, mm in zip(page.shape[:2], spacing, strict=True))
    zoom = SIDE / max(rows, columns)
    size = (max(1, round(columns * zoom)), max(1, round(rows * zoom)))
    small = Image.fromarray(page).resize(size, Image.Resampling.BILINEAR)
    square = Image.new("RGB", (SIDE, SIDE))  # so that names in a table begin below each other
    square.paste(small, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return np.asarray(square)


def _read(path: Path) -> Picture:
    from PIL import Image

    with Image.open(path) as image:
        if max(image.size) > SIDE:
            raise ValueError(f"{path}: not a picture of this program")
        return np.asarray(image.convert("RGB"))


def _keep(path: Path, picture: Picture) -> None:
    """Keeps a picture where the folder can be written."""
    from PIL import Image

    from shaspec.files.writing import make_folder, write_atomically

    data = io.BytesIO()
    Image.fromarray(picture).save(data, format="png")
    try:
        make_folder(path.parent)
        write_atomically(path, data.getvalue())
    except (ShaspecError, OSError):
        return
