"""Networks and presets by name.

Networks are named after the method that they were published for. Training methods are in
`shaspec.training.methods.METHODS`.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from shaspec.errors import InputError, in_words
from shaspec.models.base import Network
from shaspec.models.classifier import ClassifierConfig, ShaSpecClassifier
from shaspec.models.config import NetworkConfig
from shaspec.models.linear_fusion import LinearFusion, LinearFusionConfig
from shaspec.models.maml import Maml, MamlConfig
from shaspec.models.shaspec import ShaSpec, ShaSpecConfig
from shaspec.models.shaspec_encoder import EncoderConfig
from shaspec.models.simmlm import SimMlm, SimMlmConfig
from shaspec.models.zero_fill import ZeroFill, ZeroFillConfig
from shaspec.task import Task

CLASSIFIER = "shaspec-classifier"

NETWORKS: dict[str, tuple[type[Network], type[NetworkConfig]]] = {
    "shaspec": (ShaSpec, ShaSpecConfig),
    CLASSIFIER: (ShaSpecClassifier, ClassifierConfig),
    "maml": (Maml, MamlConfig),
    "simmlm": (SimMlm, SimMlmConfig),
    "linear-fusion": (LinearFusion, LinearFusionConfig),
    "zero-fill": (ZeroFill, ZeroFillConfig),
}

_PAPER_ENCODER = EncoderConfig(
    stem_width=64,
    widths=(256, 512, 1024, 1280),
    depths=(3, 4, 6, 3),
    bottleneck=(64, 128, 256, 320),
)
# Half resolution from the first layer on and features at an eighth, so that a whole brain takes
# seconds on two cores and a feature map can be looked at. Specific encoders are half as wide: they
# only add to the bottleneck.
_LIGHT_SHARED = EncoderConfig(
    stem_width=16,
    stem_kernel=3,
    stem_stride=(2, 2, 2),
    max_pool=False,
    widths=(32, 80),
    depths=(2, 2),
    channels=80,
    dilations=(1, 2, 4),
    image_pool=False,
)
_LIGHT_SPECIFIC = _LIGHT_SHARED.model_copy(
    update={"stem_width": 8, "widths": (16, 40), "dilations": (2,)}
)

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "shaspec": {
        "paper": {
            "shared": _PAPER_ENCODER,
            "specific": _PAPER_ENCODER,
            "decoder_widths": (256, 128, 64, 32),
            "standardised": True,
        },
        "light": {
            "shared": _LIGHT_SHARED,
            "specific": _LIGHT_SPECIFIC,
            "decoder_widths": (64, 24),
            "standardised": False,
        },
    },
    CLASSIFIER: {"light": {}},
    "maml": {
        "paper": {"base_features": 16, "max_features": 320, "n_downsamplings": 5},
        # Full resolution costs most, so it gets one convolution a level and a pointwise join.
        # Regions by sigmoid like the other light presets, so that one evaluation fits all.
        "light": {
            "base_features": 8,
            "n_downsamplings": 4,
            "convs": 1,
            "join_kernel": 1,
            "exclusive": False,
        },
    },
    "simmlm": {
        "paper": {},
        # Half resolution from the first layer on, as in ShaSpec's, and wider levels instead.
        "light": {
            "base_features": 16,
            "max_features": 128,
            "n_downsamplings": 3,
            "stem_stride": 2,
            "n_gate_downsamplings": 4,
        },
    },
    "linear-fusion": {
        "paper": {},
        # The widths and depths of MiT-B0; regions by sigmoid like the other light presets.
        "light": {"widths": (32, 64, 160, 256), "depths": (2, 2, 2, 2), "exclusive": False},
    },
    "zero-fill": {"light": {}},
}


OF_TASK = ("modalities", "in_channels", "out_channels", "dims")
"""Settings of a network that follow from the task."""


def network_config(method: str, preset: str, task: Task, /, **overrides: Any) -> BaseModel:
    """Configuration of a network for the modalities and regions of a task.

    All modalities get the largest number of channels, see `Network.widened`. Sources of the
    networks: ``shaspec`` and ``shaspec-classifier``, Wang et al., CVPR 2023 (arXiv 2307.14126);
    ``maml``, Zhang et al., MICCAI 2021 (arXiv 2107.09842); ``linear-fusion``, Maheshwari et al.,
    WACV 2024 (arXiv 2304.10756).

    Args:
        method: name of the network, a key of `NETWORKS`.
        preset: ``light`` or ``paper``; not every network has both.
        task: gives modalities, channels, axes and outputs.
        overrides: single settings that differ from the preset.

    Returns:
        A checked configuration for `build`.

    Raises:
        InputError: for an unknown method or preset, one that does not fit the task, and settings
            that the network does not have.
    """
    fixed = [key for key in (*OF_TASK, "method", "preset", "task") if key in overrides]
    if fixed:
        named = ", ".join(fixed)
        why = "follows from the task" if fixed[0] in OF_TASK else "is a key beside network"
        raise InputError(f"network: {named} cannot be set here, it {why}: leave it out")
    if method not in NETWORKS or preset not in PRESETS[method]:
        choices = ", ".join(f"{m}/{p}" for m, presets in PRESETS.items() for p in presets)
        raise InputError(f"no method {method!r} with preset {preset!r}: choose one of {choices}")
    fitting = [m for m in NETWORKS if (m == CLASSIFIER) == (task.kind == "classification")]
    if method not in fitting:
        raise InputError(
            f"method {method!r} does not fit the {task.kind} task {task.name!r}: choose "
            f"{' or '.join(fitting)}"
        )
    values = {
        "modalities": len(task.modalities),
        "in_channels": max(task.channels),
        "dims": task.dims,
        **PRESETS[method][preset],
        **NETWORKS[method][1].with_current_names(overrides),
    }
    return check_config(method, values | {"out_channels": _outputs(method, values, task)})


def _outputs(method: str, values: dict[str, Any], task: Task) -> int:
    """Output channels for ``task``: classes, background and labels, or regions."""
    if method == CLASSIFIER:
        return len(task.labels)
    field = NETWORKS[method][1].model_fields.get("exclusive")
    exclusive = values.get("exclusive", field.default if field else False)
    return 1 + len(task.labels) if exclusive else len(task.regions)


def check_config(method: str, values: dict[str, Any]) -> BaseModel:
    """Validated configuration of a network of ``method``, e.g. from a model card."""
    if method not in NETWORKS:
        raise InputError(f"unknown method {method!r}: choose one of {', '.join(NETWORKS)}")
    try:
        return NETWORKS[method][1].model_validate(values)
    except ValidationError as error:
        wrong = in_words(error.errors(), NETWORKS[method][1].model_fields)
        raise InputError(f"the {method} network's configuration: {wrong}") from error


def build(method: str, config: BaseModel) -> Network:
    """A network with random weights.

    Args:
        method: name of the network, a key of `NETWORKS`.
        config: its configuration, from `network_config`.

    Returns:
        The network, in training mode.
    """
    return NETWORKS[method][0](config)
