"""Correct the brain mask of a prepared case with the brush, and strip the scans again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_shaspec.free_folder import free_folder
from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.waiting import alive
from napari_shaspec.layers import brain_mask
from napari_shaspec.segment.preparing import Preparing
from napari_shaspec.segment.state import SegmentState
from shaspec.errors import ShaspecError

if TYPE_CHECKING:
    from napari.components import ViewerModel

EDITED = "brain/edited_mask.nii.gz"
"""Where the corrected mask is kept, in the folder of the prepared case."""


class MaskEditing:
    """Keeps ``brain_mask`` of a `SegmentState`.

    Args:
        preparing: knows how the case was prepared.
    """

    def __init__(
        self, viewer: ViewerModel, state: SegmentState, job: JobControl, preparing: Preparing
    ) -> None:
        self._viewer, self._state, self._job, self._preparing = viewer, state, job, preparing
        for field in ("case", "sources"):
            state.events[field].connect(self._check, max_args=0)
        viewer.layers.events.removed.connect(self._on_removed)

    def close(self) -> None:
        """Lets go of the viewer."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _on_removed(self, _event: object) -> None:
        self._check()

    def _check(self) -> None:
        made = self._preparing.made_case()
        if made is None or made[1].transforms.brain_mask is None:
            self._state.brain_mask = "none"
        else:
            editing = brain_mask.shown(self._viewer, self._state.case) is not None
            self._state.brain_mask = "edited" if editing else "offered"

    def edit(self) -> None:
        """Shows the brain mask over the scan with its skull, to be painted."""
        from shaspec.io.cases import files_of
        from shaspec.io.volumes import read_volume
        from shaspec.preparation.strip import MASK_FILE

        made, task = self._preparing.made_case(), self._state.task
        if made is None or task is None:
            return
        request, done = made
        try:
            files = files_of(request.source, task, True)
            head = files.volumes[done.transforms.reference]
            paths = (done.folder / MASK_FILE, head)
            mask, scan = alive(lambda: [read_volume(path) for path in paths], "reading the mask")
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        brain_mask.show(self._viewer, self._state.case, mask, scan)
        self._check()
        self._job.say(
            f"Paint or erase in the layer {brain_mask.MASK!r}, then press Strip again. The scan "
            "below it is the reference with its skull."
        )

    def strip_again(self) -> None:
        """Prepares the scans once more with the edited mask, in another new folder. Nothing is
        registered again."""
        made, layer = (
            self._preparing.made_case(),
            brain_mask.shown(self._viewer, self._state.case),
        )
        if made is None or layer is None or self._state.status.busy:
            return
        request, done = made
        try:
            path = brain_mask.writing(layer, done.folder / EDITED)()
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        brain_mask.remove(self._viewer)
        again = replace(
            request, out=free_folder(done.folder, "_"), brain_mask=path,
            reference=done.transforms.reference, accept=frozenset(done.transforms.found),
        )  # fmt: skip
        self._preparing.again(again, done.transforms.found)
