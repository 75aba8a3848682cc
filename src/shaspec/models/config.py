"""What the configurations of all networks have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator


class NetworkConfig(BaseModel):
    """Base of the configurations: immutable, and unknown settings are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    old_names: ClassVar[Mapping[str, str]] = {}
    """Setting in model cards and configurations of earlier versions -> its name now."""

    @classmethod
    def with_current_names(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Settings under their current names.

        An old name beside the current one is left as it is, and so refused.

        Args:
            values: settings by current or old name.

        Returns:
            The same settings by current name.
        """
        current = {old: new for old, new in cls.old_names.items() if new not in values}
        return {current.get(name, name): value for name, value in values.items()}

    @model_validator(mode="before")
    @classmethod
    def _read_old_names(cls, values: Any) -> Any:
        return cls.with_current_names(values) if isinstance(values, Mapping) else values
