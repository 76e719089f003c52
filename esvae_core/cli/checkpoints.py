"""Checkpoint files: `esvae info`, `import`, `atlas`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.table import Table

from esvae_core.cli import console
from esvae_core.cli.options import AsJson, Checkpoint, DataDir, Dataset, SplitName, Verbose, group
from esvae_core.cli.sources import dataset_of
from esvae_core.errors import CorruptDataError

if TYPE_CHECKING:
    from esvae_core.checkpoint import StoredWeights
    from esvae_core.config import ImageModelConfig
    from esvae_core.explore.map import Metric

app = group()


@app.command(epilog="Example: `esvae info checkpoints/mnist.safetensors`")
def info(checkpoint: Checkpoint, as_json: AsJson = False) -> None:
    """What a checkpoint says about itself."""
    from esvae_core.checkpoint import read_weights

    stored = read_weights(checkpoint)
    header = stored.header
    if as_json:
        console.say_json(header)
        return
    model = header.model
    rows = {
        "name": header.name,
        "kind": model.kind,
        ("recordings" if model.takes_frames else "images"): " x ".join(map(str, model.input_shape)),
        "channels": " - ".join(map(str, model.channels)),
        "latent": _latent(model) + (f", the first were taught {', '.join(header.taught)}" if header.taught else ""),
        "data": f"{header.dataset.name} ({header.dataset.sha256[:12]})" if header.dataset else "unknown",
        "training": f"{header.training.epochs} epochs, {header.training.steps:,} steps, "
        f"{console.duration(header.training.seconds)} on {header.training.device}"
        + (f", {console.duration(header.training.cpu_seconds)} of a core" if header.training.cpu_seconds else "")
        if header.training
        else "unknown",
        "own parts": ", ".join(f"{part} from {origin}" for part, origin in header.parts.items()) or "none",
        "controls": _controls(stored),
        "source": header.source or "trained here",
        "written": f"{header.created} by esvae {header.versions.get('esvae', '?')}, format {header.format_version}",
    }
    # a figure may be there by several protocols, so its name is no key
    figures = [(metric.name, f"{metric.value:.4f} ({metric.protocol})") for metric in header.metrics]
    table = Table(show_header=False)
    for name, value in [*rows.items(), *figures]:
        table.add_row(console.text(name), console.text(value))
    console.out.print(table)


def _controls(stored: StoredWeights) -> str:
    """Names of those that pictures follow, or why there are none."""
    try:
        controls = stored.controls
    except CorruptDataError as error:
        return f"none: {error}"
    followed = [name for name, control in controls.items() if control.steerable and control.source != "component"]
    return ", ".join(followed) or "none"


def _latent(model: ImageModelConfig) -> str:
    from esvae_core.config import ModelConfig, SpikingModelConfig

    words = [f"d = {model.latent_dim}"]
    if isinstance(model, SpikingModelConfig):
        words.append(f"T = {model.time_steps}")
    if isinstance(model, ModelConfig):
        words.append(f"{model.sampler} sampling")
        if model.prior_components:
            words.append(f"prior: mixture of {model.prior_components} Gaussians, fitted after training")
    return ", ".join(words)


@app.command("import", epilog="Example: `esvae import published.pth mine.safetensors`")
def import_(
    published: Annotated[Path, typer.Argument(help="A file of the published code (.pth).", show_default=False)],
    out_file: Annotated[Path, typer.Argument(help="Where to write the checkpoint.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Read a network in the published format and write it as a checkpoint."""
    from esvae_core.arrays import suffix_of
    from esvae_core.checkpoint import Header, load, save, stamped
    from esvae_core.published import read_published

    suffix_of(out_file, (".safetensors",))
    model = read_published(published)
    header = Header(name=out_file.stem, model=model.config, source=f"imported from {published.name}")
    save(out_file, model.state_dict(), stamped(header), check=True)
    config = load(out_file).model.config  # what is there now
    text = f"{out_file}: {config.image_channels} x {config.image_size} x {config.image_size}, d = {config.latent_dim}"
    console.say(as_json, text, file=str(out_file), model=config.model_dump())


@app.command(epilog="Example: `esvae atlas checkpoints/mnist.safetensors --data-dir data`")
def atlas(
    checkpoint: Checkpoint,
    dataset: Dataset = None,
    data_dir: DataDir = None,
    count: Annotated[int, typer.Option(min=1, help="Test images in it.")] = 2000,
    neighbors: Annotated[int, typer.Option(help="Map: nearest points that each is tied to.")] = 15,
    min_dist: Annotated[float, typer.Option(help="Map: how close points may lie, 0 to 1.")] = 0.1,
    metric: Annotated[str, typer.Option(help="Map: euclidean, geodesic, manhattan or cosine.")] = "euclidean",
    originals: Annotated[
        bool,
        typer.Option("--originals", help="Also write the test images themselves, if their licence allows it."),
    ] = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Write the small file beside a checkpoint that the explorer starts from: rates, errors, dimensions, map."""
    from esvae_core.explore import original_images
    from esvae_core.explore.atlas import beside, build, save
    from esvae_core.explore.latent_interface import load_explorable
    from esvae_core.explore.map import MapSettings

    layout = MapSettings(neighbors, min_dist, cast("Metric", metric))
    loaded = load_explorable(checkpoint)
    data = dataset_of(loaded.header, dataset, SplitName.test, data_dir, False)
    path = beside(checkpoint)
    with console.bar() as bar:
        task = bar.add_task("", total=100, left="")

        def report(stage: str, share: float) -> None:
            bar.update(task, description=stage, completed=round(100 * share))

        made = build(loaded.model, data, count=count, layout=layout, report=report)
    save(path, made)
    text = f"{path}: {len(made):,} test images"
    found: dict[str, Any] = {"file": str(path), "images": len(made)}
    if originals:
        place = original_images.beside(checkpoint, data.name, data.images.shape[-1])
        original_images.save(place, data, made)
        found["originals"] = str(place)
    if made.map is not None:
        trust = {"trust_2d": round(made.map.flat.trust, 4), "trust_3d": round(made.map.solid.trust, 4)}
        text += f", map with trustworthiness {trust['trust_2d']:.3f} in 2-D, {trust['trust_3d']:.3f} in 3-D"
        found |= trust
    console.say(as_json, text, **found)
