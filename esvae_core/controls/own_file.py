"""A control that a person made in the explorer, as the file that the Map view saves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from esvae_core.controls.directions import Control, Coordinates, along
from esvae_core.errors import CorruptDataError, InputError
from esvae_core.files import read_regular

_MAX_BYTES = 2**20


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=200)
    source: str
    model: str
    checkpoint: str
    coordinates: Coordinates
    step: list[FiniteFloat] = Field(min_length=1, max_length=4096)
    recipe: dict[str, Any]


def read_own_control(path: Path | str, size: int) -> Control:
    """Read a control that was saved as JSON.

    Args:
        path: the file.
        size: d of the latent that it is for.

    Raises:
        CorruptDataError: the file cannot be read, or is something else.
        InputError: the control is of a latent with another d.
    """
    try:
        told = _File.model_validate_json(read_regular(Path(path), _MAX_BYTES))
    except OSError as error:
        raise CorruptDataError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise CorruptDataError(
            f"{path}: expected a control as the Map view saves it: {where}: {first['msg']}"
        ) from None
    if len(told.step) != size:
        raise InputError(f"{path}: a control of a latent with d = {len(told.step)}; expected d = {size}")
    return along(told.name, np.array(told.step), told.coordinates)
