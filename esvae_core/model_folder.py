"""A model as others get it: a folder in the layout of the Hugging Face Hub, in a repository there or anywhere.

README.md            model card: YAML for machines, then text, figures and the way to load it
config.json          what the header of the checkpoint says
model.safetensors    the checkpoint
model.atlas.npz      its atlas and its controls, where it has them
model.controls.npz
samples.png          new pictures
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from esvae_core.checkpoint import CONFIG, WEIGHTS, Checkpoint, Header, Metric, load, serialized, shared
from esvae_core.config import SpikingModelConfig
from esvae_core.controls import file as controls_file
from esvae_core.errors import NotACheckpointError, OutputError
from esvae_core.explore import atlas as atlases
from esvae_core.explore.latent_interface import is_explorable
from esvae_core.files import read_regular, write_atomically
from esvae_core.image_model import ImageModel
from esvae_core.pictures import film_strips, grid
from esvae_core.seeds import generator

CARD = "README.md"
SAMPLES = "samples.png"
BESIDE = (atlases.beside(WEIGHTS).name, controls_file.beside(WEIGHTS).name)
NAMES = (CARD, CONFIG, WEIGHTS, *BESIDE, SAMPLES)
_MAX_BESIDE = 2**26  # bytes of an atlas or a file of controls
_SAMPLES = 64
_RECORDINGS = 4  # of a model of recordings
_SEED = 1


def contents(path: Path) -> dict[str, bytes]:
    """The files of the folder that shares a checkpoint, by name; they name no path of this machine.

    Raises:
        CheckpointError: it cannot be read.
        CorruptDataError: its atlas or its controls cannot be used.
    """
    checkpoint = load(path)
    assert checkpoint.path is not None
    header = shared(checkpoint.header)
    files = {
        CARD: card(header).encode(),
        CONFIG: (json.dumps(json.loads(header.model_dump_json()), indent=2) + "\n").encode(),
        WEIGHTS: serialized(checkpoint.model.state_dict(), header),
        SAMPLES: _samples(checkpoint.model),
    }
    return files | _beside(checkpoint, checkpoint.path)


def _beside(checkpoint: Checkpoint[ImageModel], path: Path) -> dict[str, bytes]:
    """Atlas and controls of a checkpoint under their names in the folder, once they are known to be its own."""
    found = {}
    known = atlases.beside(path)
    if is_explorable(checkpoint) and known.exists():
        atlases.load_for(checkpoint, known)
        found[BESIDE[0]] = read_regular(known, _MAX_BESIDE)
    if checkpoint.controls:
        found[BESIDE[1]] = read_regular(controls_file.beside(path), _MAX_BESIDE)
    return found


def _samples(model: ImageModel) -> bytes:
    content, films = io.BytesIO(), model.config.takes_frames
    made = model.sample(_RECORDINGS if films else _SAMPLES, generator(_SEED, "sample")).images
    (film_strips if films else grid)(made, scale=2).save(content, "PNG")
    return content.getvalue()


def read(folder: Path) -> dict[str, bytes]:
    """The files of such a folder, once its model, atlas and controls are known to be whole; others are left out.

    Raises:
        CheckpointError, CorruptDataError: one is not.
    """
    checkpoint = load(folder)
    assert checkpoint.path is not None
    files = {WEIGHTS: serialized(checkpoint.model.state_dict(), checkpoint.header)}
    for name in (CARD, CONFIG, SAMPLES):
        if (folder / name).is_file():
            try:
                files[name] = read_regular(folder / name, _MAX_BESIDE)
            except OSError as error:
                raise NotACheckpointError(f"{folder / name}: cannot be read: {error.strerror or error}") from None
    return files | _beside(checkpoint, checkpoint.path)


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, which is made if need be; if one cannot be written, those that are new are removed.

    Raises:
        OutputError: they cannot be written.
    """
    made: list[Path] = []
    try:
        for part in reversed((folder, *folder.parents)):
            if not part.exists():
                part.mkdir()
                made.append(part)
        blocked = [name for name in files if (folder / name).exists() and not (folder / name).is_file()]
        if blocked:
            raise OutputError(f"{folder / blocked[0]}: cannot be written: it is no file")
        for name, content in files.items():
            if not (folder / name).exists():
                made.append(folder / name)
            write_atomically(folder / name, content)
    except (OSError, OutputError) as error:
        for path in reversed(made):
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"{folder}: cannot be written: {error.strerror or error}") from None


def card(header: Header) -> str:
    """The model card: YAML front matter, whose values are written as JSON, which is YAML; then Markdown."""
    model = header.model
    dataset = header.dataset.name.partition(":") if header.dataset else ("", "", "")
    about: dict[str, Any] = {
        "library_name": "esvae",
        "pipeline_tag": "unconditional-image-generation",
        "tags": ["esvae", "variational-autoencoder", *(["spiking-neural-network"] if _spikes(header) else [])],
        "datasets": [dataset[0]] if dataset[0] and not dataset[1] else [],
        "metrics": list(dict.fromkeys(metric.name for metric in header.metrics)),
    }
    shape = (
        f"{model.image_channels} x {model.image_size} x {model.image_size} pixels, {model.latent_dim} latent numbers"
    )
    if isinstance(model, SpikingModelConfig):
        shape += f", {model.time_steps} time steps"
    films = model.takes_frames
    pictured = f"{_RECORDINGS} new recordings, a row each" if films else f"{_SAMPLES} new pictures"
    parts = [
        "\n".join(["---", *(f"{name}: {json.dumps(value)}" for name, value in about.items() if value), "---"]),
        f"# {_plain(header.name)}",
        f"A model of kind `{model.kind}`: {shape}."
        + (
            f" Trained on {_plain(header.dataset.name)} (SHA-256 `{_plain(header.dataset.sha256)}`)."
            if header.dataset
            else ""
        ),
        f"![{pictured}]({SAMPLES})",
        _LOAD,
    ]
    if header.parts:
        needed = ", ".join(f"{_plain(part)} of {_plain(origin)}" for part, origin in header.parts.items())
        parts.append(f"Before it is loaded, what registers these parts has to be installed or imported: {needed}.")
    if header.metrics:
        parts.append("\n".join(["## Figures", "", "| figure | value | protocol |", "| --- | --- | --- |"]))
        parts[-1] += "".join(f"\n{_row(metric)}" for metric in header.metrics)
    if header.source:
        parts.append(f"Source: {_plain(header.source)}")
    return "\n\n".join(parts) + "\n"


_LOAD = """```python
import esvae_core

model = esvae_core.load("hf://USER/NAME").model   # or the path of this folder
```

`esvae pull hf://USER/NAME --out NAME` and `esvae app NAME` open it in the explorer."""


def _spikes(header: Header) -> bool:
    return isinstance(header.model, SpikingModelConfig)


def _row(metric: Metric) -> str:
    return f"| {_plain(metric.name)} | {metric.value:.4f} | {_plain(metric.protocol)} |"


def _plain(text: str) -> str:
    """Text of a header as Markdown that is nothing but text, in one line."""
    line = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#!" else c for c in line)
