"""Correct the brain mask of a prepared case with the brush, and strip the scans again."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_shaspec.free_folder import free_folder
from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.waiting import alive
from napari_shaspec.layers import brain_mask
from napari_shaspec.segment.preparing import Made, Preparing, Request
from napari_shaspec.segment.state import SegmentState
from shaspec.errors import ShaspecError
from shaspec.files.reading import is_folder

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from shaspec.task import Task

EDITED = "brain/edited_mask.nii.gz"
"""Where the corrected mask is kept, in the folder of the prepared case."""
MADE_OF = r"(_prepared)?(_\d+)?$"
"""What the folder of a prepared case adds to the name of the folder of its scans."""


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
        """Disconnects from the viewer."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _on_removed(self, _event: object) -> None:
        self._check()

    def _check(self) -> None:
        made = self._preparing.made_case()
        if made is None or made.transforms.brain_mask is None:
            self._state.brain_mask = "none"
        else:
            editing = brain_mask.shown(self._viewer, self._state.case) is not None
            self._state.brain_mask = "edited" if editing else "offered"

    def edit(self, source: Path | None = None) -> bool:
        """Shows the brain mask over the scan with its skull, to be painted.

        Args:
            source: folder of the scans as they were acquired, if they have to be looked for.

        Returns:
            False if it is not known where the scans are; nothing is shown then.
        """
        from shaspec.io.given_files import files_of
        from shaspec.io.volumes import read_volume
        from shaspec.preparation.strip import MASK_FILE

        made, task = self._preparing.made_case(), self._state.task
        if made is None or made.transforms.brain_mask is None or task is None:
            return True
        try:
            request = self._request(made, source, task)
        except ShaspecError as error:
            self._job.refuse(str(error))
            return False
        if request is None:
            return False
        try:
            head = files_of(request.source, task, True).volumes[made.transforms.reference]
            paths = (made.folder / MASK_FILE, head)
            mask, scan = alive(lambda: [read_volume(path) for path in paths], "reading the mask")
        except ShaspecError as error:
            self._job.refuse(str(error))
            return True
        brain_mask.show(self._viewer, self._state.case, mask, scan)
        self._check()
        self._job.say(
            f"Paint or erase in the layer {brain_mask.MASK!r}, then press Strip again. The scan "
            "below it is the reference with its skull."
        )
        return True

    def _request(self, made: Made, source: Path | None, task: Task) -> Request | None:
        """What the case was prepared from: known, or the scans of ``source``, or of the folder
        that it has its name from; None: not known. Raises `InputError` if ``source`` has others."""
        from shaspec.preparation import acquired_files

        if made.request is not None:
            return made.request
        if source is None:
            beside = made.folder.with_name(re.sub(MADE_OF, "", made.folder.name))
            if beside != made.folder and is_folder(beside):
                with suppress(ShaspecError):  # of another case: the user is asked
                    return self._request(made, beside, task)
            return None
        files = alive(lambda: acquired_files(source, made.folder, task), "looking for the scans")
        return self._preparing.remember(made, files)

    def strip_again(self) -> None:
        """Prepares the scans once more with the edited mask, in another new folder. Nothing is
        registered again."""
        made = self._preparing.made_case()
        layer = brain_mask.shown(self._viewer, self._state.case)
        if made is None or made.request is None or layer is None or self._state.status.busy:
            return
        try:
            path = brain_mask.writing(layer, made.folder / EDITED)()
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        brain_mask.remove(self._viewer)
        again = replace(
            made.request, out=free_folder(made.folder, "_"), brain_mask=path, check=False,
            reference=made.transforms.reference, accept=frozenset(made.transforms.found),
        )  # fmt: skip
        self._preparing.again(again, made.transforms.found)
