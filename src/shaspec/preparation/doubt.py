"""The error of a registration that a user has to look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shaspec.errors import InputError
from shaspec.io.volumes import Volume
from shaspec.registration import Registration


class DoubtfulError(InputError):
    """A registration that is not to be used without a look at its picture."""

    def __init__(
        self,
        modality: str,
        reference: str,
        volumes: Mapping[str, Volume],
        picture: Path,
        found: Mapping[str, Registration],
    ) -> None:
        """Make the error.

        Args:
            modality: of the scan.
            reference: modality of the scan that is not moved.
            volumes: modality -> the scan as it was read.
            picture: the scan over the reference.
            found: modality -> its registration, of all scans: for the run after the decision.
        """
        self.modality, self.picture, self.found = modality, picture, dict(found)
        self.fixed, self.moving = volumes[reference], volumes[modality]
        registration = found[modality]
        if registration.doubtful:
            problem = (
                f"the registration of {modality} is doubtful: two runs lie "
                f"{registration.spread:.1f} mm apart"
            )
        else:
            problem = f"{modality} was {registration}"
        self.what = problem
        self.doubt = f"{self.moving.path}: {problem}"
        super().__init__(
            f"{self.doubt}; look at {picture}, then accept it with --accept {modality}, or leave "
            "the scan out with --present"
        )
