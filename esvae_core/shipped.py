"""The trained models that come with the library: two in an installed package, all of them in the repository."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent

SHIPPED = _HERE / "checkpoints" if (_HERE / "checkpoints").is_dir() else _HERE.parent / "checkpoints"
"""Their folder; a package has `mnist-poisson` and `digits-plus`, each with its atlas and controls."""


def named(name: str) -> Path | None:
    """The file of a model that is called by its name alone, such as `mnist-poisson`; None if there is none."""
    path = SHIPPED / f"{name}.safetensors"
    return path if name and Path(name).name == name and path.is_file() else None
