"""A session on a server, with the interface of a local one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from shaspec.case import Case
from shaspec.errors import ServerError
from shaspec.inference.events import Computed, Finished, Notice, Progress
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.inference.fit import check_fit
from shaspec.inference.interface import KnowsTraining
from shaspec.inference.regridding import on_grid
from shaspec.models.card import Card
from shaspec.prediction import Classification, Prediction
from shaspec.remote import results
from shaspec.remote.connection import AnswerError, Connection
from shaspec.remote.reading import Array, events_of, said_by
from shaspec.remote.uploads import DELETED, packed, upload
from shaspec.remote.wire import Done, GridFacts, OpenRequest, RunRequest, Started, VolumeFacts
from shaspec.task import Subset

FAREWELL = 5.0
"""Seconds for a message that nobody waits for."""
TRIES = 3
"""How often a session that the server has closed is opened again for one run."""
Arrays = dict[tuple[str, ...], Array]


class RemoteSession(KnowsTraining):
    """One model on one case, for any subset of its modalities; the network runs on a server.

    The first run uploads the volumes. The name of the case and its files stay here. If the server
    has closed the session meanwhile, or was restarted, the next run opens it again.

    Args:
        connection: to the server.
        card: of the model, as the server has it.
        case: a case of the task of the model.
        model: name of the model on the server.
        chunk: bytes of a part of an upload.
        window: voxels (S, P, L), or pixels (row, column); default: that of the model's card.
        overlap: least share of a window that overlaps with the next, from 0 to below 1.
        keep: bytes of features to keep at most; default: as many as the server allows.
        precision: ``float32``, ``bfloat16``, or ``auto``: that of the server.
        outdated: called if the server turns out to have another model under this name.

    Raises:
        InputError: if the case is of another task than the model, or an option cannot be used.
    """

    def __init__(
        self,
        connection: Connection,
        card: Card,
        case: Case,
        *,
        model: str,
        chunk: int,
        window: Sequence[int] | None = None,
        overlap: float = 0.25,
        keep: int | None = None,
        precision: str = "auto",
        outdated: Callable[[], None] = lambda: None,
    ) -> None:
        check_fit(card, case)
        self._outdated = outdated
        self.card, self.case, self.task = card, case, card.task
        self._connection, self._model, self._chunk = connection, model, chunk
        self._options: dict[str, Any] = {
            "window": tuple(window or ()),
            "overlap": overlap,
            "keep": keep,
            "precision": precision,
        }
        self._facts: dict[str, VolumeFacts] = {}  # of the volumes, once they were compressed
        self._name = ""  # on the server; empty: not open
        self._kept: frozenset[Subset] = frozenset()
        self._farewell: threading.Thread | None = None

    def is_kept(self, present: Iterable[str]) -> bool:
        """Whether the server could decode a subset without encoding anything after its last run.

        Args:
            present: names of modalities of the case.

        Returns:
            True if all features were kept.

        Raises:
            InputError: for an unknown name, or without any name.
        """
        subset = self.task.subset(present)
        return subset in self._kept and self.case.has_grid_of(subset)

    def release(self) -> None:
        """Close the session on the server, without waiting; it can still be used here."""
        name, self._name, self._kept = self._name, "", frozenset()
        if name:
            self._tell(f"sessions/{name}")

    def wait(self) -> None:
        """Wait until all pending requests were sent to the server, at most some seconds."""
        if self._farewell is not None:
            self._farewell.join()

    def predict(
        self, present: Iterable[str] | None = None, *, probabilities: bool = False
    ) -> Iterator[Progress | Notice | Finished[Prediction | Classification]]:
        """The result as if only ``present`` had been acquired, as of a local session.

        Args:
            present: names of modalities of the case; default: all that it has.
            probabilities: also the probability of every region.

        Yields:
            `Progress` of the upload and of the run, `Notice`, and `Finished` at the end. Closing
            the generator cancels the run on the server.

        Raises:
            InputError: for modalities that the case does not have.
            OutOfMemoryError: if the memory of the server does not suffice.
            ServerError: if there is no connection, or the server refuses the run.
        """
        subset = self._subset(present)
        own = self.case.own(subset)
        if own is not None:
            yield from self._on_own_grid(own, subset, probabilities)
            return
        request = RunRequest(present=subset, probabilities=probabilities)
        done, arrays = yield from self._run(request)
        facts = self._provenance(done)
        yield Finished(results.prediction(self.card, self.case, subset, arrays, facts))

    def features(
        self, present: Iterable[str] | None = None
    ) -> Iterator[Progress | Notice | Computed[FeatureMaps]]:
        """The feature maps of every modality of the case, as of a local session.

        Args:
            present: what counts as acquired; default: all modalities of the case.

        Yields:
            Events as in `predict`, the last one `Computed` with `FeatureMaps`.

        Raises:
            InputError: for modalities that the case does not have, and for a model without features
                of single modalities.
            OutOfMemoryError: if the memory of the server does not suffice.
            ServerError: if there is no connection, or the server refuses the run.
        """
        yield from self._maps(RunRequest(present=self._subset(present), kind="features"))

    def untrained_features(
        self, present: Iterable[str] | None = None, seed: int = 0
    ) -> Iterator[Progress | Notice | Computed[FeatureMaps]]:
        """`features` of a network of the same configuration with random weights.

        Args:
            present: as of `features`.
            seed: of the weights.

        Yields:
            Events as of `features`.

        Raises:
            InputError: as `features`.
            OutOfMemoryError: as `features`.
            ServerError: as `features`.
        """
        subset = self._subset(present)
        yield from self._maps(RunRequest(present=subset, kind="untrained", seed=seed))

    def _maps(self, request: RunRequest) -> Iterator[Progress | Notice | Computed[FeatureMaps]]:
        done, arrays = yield from self._run(request)
        facts, subset = self._provenance(done), request.present
        yield Computed(results.feature_maps(self.card, self.case, subset, arrays, done, facts))

    def _on_own_grid(
        self, own: Case, subset: Subset, probabilities: bool
    ) -> Iterator[Progress | Notice | Finished[Prediction | Classification]]:
        """The prediction on the grid of a subset, resampled to the grid of this case."""
        options = self._options | {"keep": 0}
        alone = RemoteSession(
            self._connection, self.card, own, model=self._model, chunk=self._chunk,
            outdated=self._outdated, **options,
        )  # fmt: skip
        try:
            for event in alone.predict(subset, probabilities=probabilities):
                if isinstance(event, Finished) and isinstance(event.prediction, Prediction):
                    yield Finished(on_grid(event.prediction, self.case.grid))
                else:
                    yield event
        finally:
            alone.release()

    # -- the server ------------------------------------------------------------------------------

    def _run(self, request: RunRequest) -> Generator[Progress | Notice, None, tuple[Done, Arrays]]:
        """One run; opens the session if it is not open, or not any more."""
        for number in range(1, TRIES + 1):
            if not self._name:
                yield from self._open()
            try:
                return (yield from self._attempt(request))
            except AnswerError as error:
                if error.answer.status != 404 or number == TRIES:
                    raise
                self._name, self._kept = "", frozenset()
        raise AssertionError("the last try returns or raises")

    def _open(self) -> Iterator[Progress]:
        """Open the session; uploads the volumes that the server does not have."""
        for number in range(1, TRIES + 1):
            if self._facts:
                answer = self._connection.ask("POST", "sessions", self._request(), accept=(409,))
                if answer.status != 409:
                    self._name = str(answer.content.get("session", ""))
                    return
                if number == TRIES:
                    raise AnswerError(DELETED.format(self._connection.address), answer)
            volumes = {}
            for name, volume in self.case.volumes.items():
                yield Progress(0, 0, f"compressing {name}")
                volumes[name] = packed(volume)
            yield from upload(self._connection, volumes, self._chunk)
            self._facts = {name: volume.facts for name, volume in volumes.items()}

    def _request(self) -> bytes:
        grid, options = GridFacts.of(self.case.grid), self._options
        request = OpenRequest(model=self._model, grid=grid, volumes=self._facts, **options)
        return request.model_dump_json().encode()

    def _attempt(
        self, request: RunRequest
    ) -> Generator[Progress | Notice, None, tuple[Done, Arrays]]:
        """One run of the open session."""
        arrays: Arrays = {}
        job, last, address = "", Progress(0, 0, ""), str(self._connection.address)
        most = results.most_bytes(self.card, self.case, request.kind)
        body = request.model_dump_json().encode()
        with self._connection.stream(f"sessions/{self._name}/runs", body) as stream:
            try:
                for event in events_of(stream, arrays, most):
                    if isinstance(event, Started):
                        job = event.job
                    elif isinstance(event, Done):
                        job = ""
                        if request.kind != "untrained" and not results.is_of(self.card, event):
                            self._outdated()
                            self._name, self._kept = "", frozenset()
                            raise ServerError(results.EXCHANGED.format(address, self._model))
                        self._kept = frozenset(event.kept)
                        return event, arrays
                    else:
                        said = said_by(event, last, address)
                        last = said if isinstance(said, Progress) else last
                        yield said
            finally:
                if job:
                    self._tell(f"jobs/{job}")
        raise AssertionError("the last event returns or raises")

    def _tell(self, path: str) -> None:
        """Delete something on the server; an interface does not wait for it."""

        def tell() -> None:
            with suppress(ServerError):  # it expires on the server
                self._connection.ask("DELETE", path, patience=FAREWELL)

        self._farewell = threading.Thread(target=tell, name="shaspec-farewell", daemon=True)
        self._farewell.start()

    # -- subsets and provenance ------------------------------------------------------------------

    def _subset(self, present: Iterable[str] | None) -> Subset:
        subset = self.task.subset(self.case.present if present is None else present)
        self.case.require(subset)
        return subset

    def _provenance(self, done: Done) -> dict[str, Any]:
        address = str(self._connection.address)
        return results.provenance(done, self.case, self._source, self.seen, address)

    @cached_property
    def _source(self) -> str:
        return results.source_of(self.card)
