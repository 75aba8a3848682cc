"""2D pictures: PNG, JPEG and similar, read and written by Pillow.

The required format depends on the use: three colour channels, one channel of depth, or the codes of
a label map. Conversions that would change the meaning raise an error.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from shaspec.errors import InputError, ShaspecError
from shaspec.files.reading import open_regular
from shaspec.files.writing import write_atomically
from shaspec.geometry import Grid
from shaspec.io.origin import Origin, origin_text
from shaspec.memory import is_out_of_memory

Array = npt.NDArray[Any]

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
LABEL_ENDINGS = (".png",)
MOST_PIXELS = 2**26
"""Largest number of pixels of a picture: 67 million, 200 MB in colour."""
COLOUR = ("RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "P", "PA")


def is_image(path: Path) -> bool:
    """Return whether the file name ends like that of a picture."""
    return path.name.lower().endswith(ENDINGS)


def read_image(path: str | Path, channels: int = 1) -> Array:
    """Read a picture: (3, row, column) uint8 for three ``channels``, (row, column) for one.

    The EXIF orientation is applied. A grey picture is accepted as colour, and a colour picture
    with equal channels as grey. Pixels without a measurement may be NaN. Raises `InputError`
    naming the file and what to do.
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
    """Read the codes of a label map (row, column): grey values, or palette indices."""
    picture = _open(Path(path))
    array = np.asarray(picture)
    if picture.mode in ("LA", "PA"):  # without alpha
        array = array[..., 0]
    return _grey(array, Path(path), "a label map")


def write_label_image(
    path: str | Path, labels: Array, grid: Grid, origin: Origin = Origin.LABELS
) -> Path:
    """Write a label map (row, column) as an 8-bit grey PNG whose values are the codes.

    ``origin`` is noted as a comment. The file is written atomically. Returns ``path``.
    """
    path = Path(path)
    if not path.name.lower().endswith(LABEL_ENDINGS):
        raise InputError(f"{path}: label maps of pictures are written as .png; change the ending")
    from shaspec.io.nifti import checked_labels

    pixels = checked_labels(path, labels, grid)
    data = io.BytesIO()
    text = PngInfo()
    text.add_text("Comment", origin_text(origin, pixels))
    Image.fromarray(pixels).save(data, "PNG", pnginfo=text)
    write_atomically(path, data.getvalue())
    return path


def _open(path: Path) -> Image.Image:
    """Decode a file with one picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with open_regular(path) as file, Image.open(file) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                frames = getattr(picture, "n_frames", 1)
                if frames > 1:
                    raise InputError(f"{path}: contains {frames} pictures; save them separately")
                return ImageOps.exif_transpose(picture)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise InputError(
            f"{path}: has too many pixels, at most {MOST_PIXELS:,}; crop or downsample it"
        ) from None
    except ShaspecError:
        raise
    except Exception as error:  # Pillow's decoders raise many exception types
        if is_out_of_memory(error):
            raise
        raise InputError(
            f"{path}: is damaged or not a picture ({error}); copy or export it again"
        ) from error


def _grey(array: Array, path: Path, what: str) -> Array:
    """The single channel (row, column) of a picture with one channel or three equal ones."""
    if array.ndim == 2:
        return np.ascontiguousarray(array.astype(np.uint8) if array.dtype == bool else array)
    colours = array[..., :3]
    if (colours != colours[..., :1]).any():
        raise InputError(
            f"{path}: is in colour, but {what} has one channel; export it as a grey picture"
        )
    return np.ascontiguousarray(colours[..., 0])
