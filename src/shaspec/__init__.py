"""Multi-modal segmentation with missing modalities: the engine, without a user interface.

    model = shaspec.load_model("shaspec")
    case = shaspec.read_case("folder")
    result = model.predict(case, present=["FLAIR", "T2"])
    result.save("seg.nii.gz")

The names of `__all__` are imported when they are first used, so that ``import shaspec`` is quick
and needs no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shaspec.lazy import getter

if TYPE_CHECKING:
    from shaspec.case import Case
    from shaspec.case_reading import read_case
    from shaspec.case_session import CaseSession
    from shaspec.errors import InputError, ShaspecError, ShaspecWarning
    from shaspec.io.folders import find_cases
    from shaspec.models.card import bundled_models
    from shaspec.phantom import make_case
    from shaspec.prediction import Classification, Prediction
    from shaspec.predictor import Predictor, load_model
    from shaspec.task import Task, load_task

__version__ = "0.2.0"  # of both distributions: their pyproject.toml files read it here

__all__ = [
    "__version__",
    "load_model",
    "bundled_models",
    "read_case",
    "find_cases",
    "make_case",
    "load_task",
    "Predictor",
    "CaseSession",
    "Case",
    "Task",
    "Prediction",
    "Classification",
    "ShaspecError",
    "InputError",
    "ShaspecWarning",
]

_MODULES = {
    "load_model": "shaspec.predictor",
    "read_case": "shaspec.case_reading",
    "Predictor": "shaspec.predictor",
    "CaseSession": "shaspec.case_session",
    "bundled_models": "shaspec.models.card",
    "find_cases": "shaspec.io.folders",
    "make_case": "shaspec.phantom",
    "load_task": "shaspec.task",
    "Case": "shaspec.case",
    "Task": "shaspec.task",
    "Prediction": "shaspec.prediction",
    "Classification": "shaspec.prediction",
    "ShaspecError": "shaspec.errors",
    "InputError": "shaspec.errors",
    "ShaspecWarning": "shaspec.errors",
}
"""Where the names of the public interface are defined."""


__getattr__ = getter(__name__, _MODULES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
