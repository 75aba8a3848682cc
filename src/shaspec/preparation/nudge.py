"""A scan over its reference, for a user who moves it by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shaspec.io.resample import voxel_map
from shaspec.io.volumes import Volume
from shaspec.preparation.overlay import checkerboard, edges_over, scaled
from shaspec.preprocessing import background, foreground
from shaspec.registration import Registration, Rigid
from shaspec.registration.register import head_corners

Picture = npt.NDArray[np.uint8]


class Nudge:
    """Two scans, and the pose to begin from.

    Args:
        fixed: the reference.
        moving: the scan to move.
        start: how it lies to the reference.
    """

    def __init__(self, fixed: Volume, moving: Volume, start: Registration) -> None:
        self._grid, self._source = fixed.grid, moving.grid
        self._fixed, self._moving = scaled(fixed.array), scaled(moving.array)
        self._start = start
        head = np.argwhere(foreground(fixed.array, background(fixed.array)))
        self._middle = np.round(head.mean(axis=0)).astype(int)
        self._centre = self._grid.world(self._middle[:, None])[:, 0]
        self._corners = self._grid.world(head_corners(head))

    def moved(
        self, shift: tuple[float, float, float], degrees: tuple[float, float, float]
    ) -> Registration:
        """The pose after the scan was moved and turned about the middle of the head.

        Args:
            shift: mm to the left, to posterior and to superior, as seen over the reference.
            degrees: about these axes, counter-clockwise seen from their end.

        Returns:
            A registration that is placed by hand.
        """
        hand = Rigid.about(self._centre, np.radians(degrees), shift)
        transform = self._start.transform @ hand.inverse  # points of the reference, moved back
        distance = transform.apart(Rigid(), self._corners)
        return replace(self._start, transform=transform, distance=distance, by_hand=True)

    def pictures(self, registration: Registration, *, fields: bool = False) -> list[Picture]:
        """The scan in a pose over the reference, in three planes through the middle of the head.

        Args:
            registration: the pose.
            fields: a checkerboard of both; default: edges of the scan over the reference.

        Returns:
            Axial, coronal and sagittal, each (rows, columns, 3) with pixels of the same height and
            width in mm; the head above, anterior above in the axial plane.
        """
        matrix = voxel_map(self._source, self._grid, registration.transform.matrix)
        pictures = []
        for axis in range(3):
            index = list(np.indices((*self._grid.shape[:axis], 1, *self._grid.shape[axis + 1 :])))
            index[axis] = index[axis] + self._middle[axis]
            places = np.stack([one.ravel() for one in index]).astype(np.float64)
            source = matrix[:3, :3] @ places + matrix[:3, 3:]
            values = ndimage.map_coordinates(self._moving, source, order=1, cval=0.0)
            shape = [n for k, n in enumerate(self._grid.shape) if k != axis]
            spacing = [mm for k, mm in enumerate(self._grid.spacing) if k != axis]
            plane, moved = np.take(self._fixed, self._middle[axis], axis), values.reshape(shape)
            picture = checkerboard(plane, moved, spacing) if fields else edges_over(plane, moved)
            if picture.ndim == 2:
                picture = np.repeat(picture[..., None], 3, axis=2)
            picture = picture[::-1] if axis else picture
            zoom = [mm / min(spacing) for mm in spacing]
            picture = ndimage.zoom(picture, (*zoom, 1), order=0) if max(zoom) > 1 else picture
            pictures.append(np.ascontiguousarray(np.clip(picture * 255, 0, 255), np.uint8))
        return pictures
