"""What analyses and interfaces need of a session, wherever it runs.

`shaspec.inference.base.Session` computes on this machine, `shaspec.remote.session.RemoteSession` on
a server. This module imports no torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from shaspec.case import Case
from shaspec.inference.events import Computed, Finished, Notice, Progress
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.prediction import Classification, Prediction

if TYPE_CHECKING:
    from shaspec.models.card import Card, Seen


class KnowsTraining:
    """What a session says about the training of its model; a base of every session."""

    card: Card
    case: Case

    @cached_property
    def seen(self) -> Seen:
        """Whether the model saw this case in training, by content or by name."""
        return self.card.seen(self.case)

    @property
    def seen_in_training(self) -> bool:
        """True if the model was trained on this case: results do not show its accuracy."""
        return self.seen == "by content"


class AnySession(Protocol):
    """One model on one case, for any subset of its modalities."""

    @property
    def card(self) -> Card:
        """The card of the model."""

    @property
    def case(self) -> Case:
        """The case."""

    @property
    def seen(self) -> Seen:
        """Whether the model saw this case in training."""

    @property
    def seen_in_training(self) -> bool:
        """True if the model was trained on this case: results do not show its accuracy."""

    def is_kept(self, present: Iterable[str]) -> bool:
        """Whether a subset can be decoded without encoding anything; answers at once."""

    def release(self) -> None:
        """Free what is kept; the session can still be used. Does not wait."""

    def predict(
        self, present: Iterable[str] | None = None, *, probabilities: bool = False
    ) -> Iterator[Progress | Notice | Finished[Prediction | Classification]]:
        """The result as if only ``present`` had been acquired."""

    def features(
        self, present: Iterable[str] | None = None
    ) -> Iterator[Progress | Notice | Computed[FeatureMaps]]:
        """Feature maps of every modality."""
