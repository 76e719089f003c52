"""The explorer in a cell of a notebook: `esvae_core.widget`, which needs the extra `notebook`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from esvae_core.checkpoint import Checkpoint, Header, shown_name
from esvae_core.errors import ConfigError, KindError
from esvae_core.explore import atlas as atlases
from esvae_core.explore.latent_interface import is_explorable, load_explorable, why_not_explorable
from esvae_core.explore.original_images import originals_of
from esvae_core.explore.page import page
from esvae_core.explore.views import STANDALONE
from esvae_core.shipped import named

if TYPE_CHECKING:
    from esvae_core.explore.latent_interface import Explorable
    from esvae_core.explorer_widget import ExplorerWidget


def widget(
    model: Explorable | Checkpoint[Any] | Path | str, view: str = STANDALONE[0].name, *, height: int = 720
) -> ExplorerWidget:
    """The explorer of one model, for the last line of a notebook's cell.

    Args:
        model: A model, a checkpoint, its path, or the name of one that ships. From a file the atlas and the controls
            beside it come along; a model alone has neither.
        view: What it opens at: explore, draw, spikes or map.
        height: Of the cell, in pixels.

    Raises:
        InputError: there is no such view, or no map to open at.
        KindError: a model whose latent cannot be explored.
        CheckpointError: the file cannot be read.
        ConfigError: anywidget is not installed.
    """
    try:
        from esvae_core.explorer_widget import ExplorerWidget
    except ModuleNotFoundError as error:
        raise ConfigError(f"the explorer in a notebook needs {error.name}: pip install 'esvae[notebook]'") from None
    checkpoint = _checkpoint(model)
    path = checkpoint.path
    known = atlases.beside(path) if path else None
    atlas = atlases.load_for(checkpoint, known) if known and known.exists() else None
    config = checkpoint.header.model
    name = shown_name(path, checkpoint.header)
    text = page(
        checkpoint,
        name,
        path=path.as_posix() if path else f"{name}.safetensors",
        atlas=atlas,
        originals=originals_of(atlas, path, config.image_size, config.image_channels) if atlas and path else None,
        controls=checkpoint.controls,
        view=view,
        embedded=True,
    )
    return ExplorerWidget(checkpoint.model, atlas, text, height)


def _checkpoint(model: Explorable | Checkpoint[Any] | Path | str) -> Checkpoint[Explorable]:
    if isinstance(model, Path | str):
        path = Path(model)
        return load_explorable(path if path.exists() else named(str(model)) or path)
    made = model if isinstance(model, Checkpoint) else Checkpoint(model, Header(name="model", model=model.config))
    if problem := why_not_explorable(made.header.name, made.header.model):
        raise KindError(problem)
    assert is_explorable(made)
    return made
