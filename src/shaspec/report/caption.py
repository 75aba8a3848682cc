"""A picture with a caption below it, as PNG."""

from __future__ import annotations

import io
import textwrap

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

LETTER = 0.55  # width of a letter, in heights
LINES_PER_PICTURE = 45  # height of the picture in lines of text


def captioned_png(picture: npt.NDArray[np.uint8], caption: str) -> bytes:
    """Add a caption below a picture, in white on black.

    Args:
        picture: (rows, columns, 3 or more) with red, green and blue from 0 to 255.
        caption: wrapped to the width of the picture.

    Returns:
        A PNG file; the picture in it is unchanged.
    """
    rows, columns = picture.shape[:2]
    size = max(11, rows // LINES_PER_PICTURE)
    wide = max(10, int((columns - size) / (LETTER * size)))
    lines = [part for line in caption.split("\n") for part in textwrap.wrap(line, wide) or [""]]
    page = Image.new("RGB", (columns, rows + int((1.4 * len(lines) + 0.6) * size)))
    page.paste(Image.fromarray(np.ascontiguousarray(picture[..., :3])), (0, 0))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for k, line in enumerate(lines):
        place = (size / 2, rows + (1.4 * k + 0.3) * size)
        draw.text(place, line, font=font, fill="white")
    data = io.BytesIO()
    page.save(data, "PNG")
    return data.getvalue()
