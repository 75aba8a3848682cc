"""The part of a model card about calibration: a temperature per region, and how it was fitted."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Temperature = Annotated[float, Field(gt=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]


class Calibration(BaseModel):
    """Temperatures by which the probabilities of a model are calibrated.

    A probability p becomes ``sigmoid(logit(p) / temperature)`` (Guo et al., ICML 2017,
    arXiv:1706.04599). One half stays one half, so label maps do not change.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    temperature: dict[str, Temperature]
    """Region -> temperature; above 1: the network is too sure."""
    held_out: bool
    """True: fitted on cases that were not used for training. False: fitted on training cases, where
    a network errs less than on new ones; then the probabilities do not count as calibrated."""
    cases: tuple[str, ...]
    """Names of the cases the temperatures were fitted on."""
    models: tuple[str, ...] = ()
    """Checksums of the models that segmented them: this model, or models of other folds with the
    same settings."""
    error_before: dict[str, Share] = Field(default_factory=dict)
    """Region -> expected calibration error without temperature, over all subsets."""
    error_after: dict[str, Share] = Field(default_factory=dict)
    """Region -> the same with it."""
