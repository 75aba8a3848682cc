"""Pictures of two axes: PNG, JPEG and the like, read and written by Pillow.

What a picture must be follows from what it is for: three channels of colour, one channel of depth,
or the codes of a label map. Nothing is converted silently where that would change its meaning.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from shaspec.errors import InputError, ShaspecError
from shaspec.files.reading import open_regular
from shaspec.files.writing import write_atomically
from shaspec.geometry import Grid
from shaspec.io.nifti import checked_labels
from shaspec.memory import is_out_of_memory

Array = npt.NDArray[Any]

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
LABEL_ENDINGS = (".png",)
MOST_PIXELS = 2**26
"""Of a picture: 67 million, 200 MB in colour."""
COLOUR = ("RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "P", "PA")


def is_image(path: Path) -> bool:
    """True if the name ends like a picture's."""
    return path.name.lower().endswith(ENDINGS)


def read_image(path: str | Path, channels: int = 1) -> Array:
    """A picture as stored: (3, row, column) uint8 for three ``channels``, (row, column) for one.

    Turned upright where a camera noted how it was held. A grey picture serves as colour, and a
    colour picture without any colour as grey. Pixels that were not measured may be NaN. Raises
    `InputError` naming the file and the mend.
    """
    picture = _open(Path(path))
    if channels == 3:
        if picture.mode not in (*COLOUR, "L", "LA", "1"):
            raise InputError(f"{path}: has {picture.mode} pixels; save it as an 8-bit RGB picture")
        array = np.asarray(picture.convert("RGB"))
        return np.ascontiguousarray(np.moveaxis(array, -1, 0))
    array = np.asarray(picture.convert("RGB") if picture.mode in COLOUR else picture)
    if picture.mode == "LA":
        array = array[..., 0]
    array = _grey(array, Path(path), "this modality")
    if np.isinf(array).any():
        raise InputError(f"{path}: has infinite pixels; replace them by NaN or 0")
    return array


def read_label_image(path: str | Path) -> Array:
    """The codes of a label map (row, column): grey values, or the indices of a palette."""
    picture = _open(Path(path))
    array = np.asarray(picture)
    if picture.mode in ("LA", "PA"):  # without the opacity
        array = array[..., 0]
    return _grey(array, Path(path), "a label map")


def write_label_image(path: str | Path, labels: Array, grid: Grid) -> Path:
    """Write a label map (row, column) as an 8-bit grey PNG whose values are the codes.

    The file appears whole or not at all. Returns ``path``.
    """
    path = Path(path)
    if not path.name.lower().endswith(LABEL_ENDINGS):
        raise InputError(f"{path}: label maps of pictures are written as .png; change the ending")
    pixels = checked_labels(path, labels, grid)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    write_atomically(path, data.getvalue())
    return path


def _open(path: Path) -> Image.Image:
    """The decoded first picture of a file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with open_regular(path) as file, Image.open(file) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                frames = getattr(picture, "n_frames", 1)
                if frames > 1:
                    raise InputError(f"{path}: holds {frames} pictures; save each as its own file")
                return ImageOps.exif_transpose(picture)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise InputError(
            f"{path}: has too many pixels, at most {MOST_PIXELS:,}; crop it or make it smaller"
        ) from None
    except ShaspecError:
        raise
    except Exception as error:  # Pillow's decoders raise all kinds
        if is_out_of_memory(error):
            raise
        raise InputError(
            f"{path}: is damaged or no picture ({error}); copy or export it again"
        ) from error


def _grey(array: Array, path: Path, what: str) -> Array:
    """One channel (row, column) of what has only one, or the same one thrice."""
    if array.ndim == 2:
        return np.ascontiguousarray(array.astype(np.uint8) if array.dtype == bool else array)
    colours = array[..., :3]
    if (colours != colours[..., :1]).any():
        raise InputError(
            f"{path}: is in colour, but {what} has one channel; export it as a grey picture"
        )
    return np.ascontiguousarray(colours[..., 0])
