"""The error of a registration that a user has to look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shaspec.errors import InputError
from shaspec.registration import Registration


class DoubtfulError(InputError):
    """A registration that is not to be used without a look at its picture."""

    def __init__(
        self, modality: str, path: Path | None, picture: Path, found: Mapping[str, Registration]
    ) -> None:
        """Make the error.

        Args:
            modality: of the scan.
            path: of the scan.
            picture: the scan over the reference.
            found: modality -> its registration, of all scans: for the run after the decision.
        """
        spread = found[modality].spread
        self.doubt = (
            f"{path}: the registration of {modality} is doubtful: two runs lie {spread:.1f} mm "
            "apart"
        )
        super().__init__(
            f"{self.doubt}; look at {picture}, then accept it with --accept {modality}, or leave "
            "the scan out with --present"
        )
        self.modality, self.picture, self.found = modality, picture, dict(found)
