"""The `esvae` command: a thin layer of words over the library."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from esvae_core.errors import ConfigError, DataError, EsvaeError, InputError
from esvae_core.memory import keep_large_blocks

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from esvae_core.config import RunConfig
    from esvae_core.data import ImageSet

app = typer.Typer(
    name="esvae",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Train, measure and use ESVAE, a variational autoencoder of spiking neurons.",
)
data_app = typer.Typer(no_args_is_help=True, help="Data sets: list, fetch, verify.")
app.add_typer(data_app, name="data")

out = Console()
err = Console(stderr=True)


class SamplerName(StrEnum):
    """How rates become spikes."""

    bernoulli = "bernoulli"
    systematic = "systematic"


class SplitName(StrEnum):
    """Part of a data set."""

    train = "train"
    validation = "validation"
    test = "test"


class PathName(StrEnum):
    """Way between two rate vectors."""

    linear = "linear"
    logit = "logit"
    arcsine = "arcsine"


Checkpoint = Annotated[Path, typer.Argument(help="A checkpoint (.safetensors).", show_default=False)]
DataDir = Annotated[
    Path | None, typer.Option(envvar="ESVAE_DATA_DIR", help="Folder with data files; the user's cache unless given.")
]
Steps = Annotated[int | None, typer.Option(min=1, max=1024, help="Time steps T; the model's unless given.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the noise.")]
Sampling = Annotated[SamplerName | None, typer.Option(help="How rates become spikes; the model's unless given.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Columns = Annotated[int | None, typer.Option(min=1, help="Pictures per row of a .png; about a square unless given.")]
Scale = Annotated[int, typer.Option(min=1, max=32, help="Every pixel of a .png becomes this wide and high.")]
OtherHash = Annotated[bool, typer.Option("--accept-other-hash", help="Take files that are not the published ones.")]


def main() -> None:
    """Entry point: user errors become one line and exit code 2."""
    keep_large_blocks()
    try:
        app()
    except EsvaeError as error:
        err.print(Text(f"esvae: {error}", "red"), soft_wrap=True)
        sys.exit(2)


# ---- train -----------------------------------------------------------------------------------------------------------


@app.command(
    epilog="Examples: `esvae train --preset digits` ·"
    " `esvae train --preset published-mnist --data-dir data --out runs/m --set train.seed=1` ·"
    " `esvae train --out runs/m --resume`"
)
def train(
    preset: Annotated[str | None, typer.Option(help="Settings by name; see `esvae presets`.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings from a JSON file, e.g. a run's config.json.")] = None,
    out_dir: Annotated[Path | None, typer.Option("--out", help="Run folder; runs/NAME unless given.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Change one: model.latent_dim=64.")] = None,
    data_dir: DataDir = None,
    resume: Annotated[bool, typer.Option(help="Go on with the run in the folder.")] = False,
    accelerator: Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")] = "auto",
    devices: Annotated[int, typer.Option(min=1, help="Processes per node, one device each.")] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Machines.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Train a model, or go on training one."""
    from esvae_core.training.trainer import Hardware, Interrupted, Progress
    from esvae_core.training.trainer import train as run

    settings = _settings(out_dir, preset, config, set_ or [], resume)
    out_dir = out_dir or Path("runs") / settings.name
    strategy = "ddp" if devices * nodes > 1 else "auto"
    with _bar() as bar:
        task = bar.add_task("starting", total=None)

        def report(progress: Progress) -> None:
            text = f"epoch {progress.epoch}/{progress.epochs} mse {progress.mse:.4f} mmd {progress.mmd:.3f}"
            bar.update(task, description=text, completed=progress.batch, total=progress.batches)
            bar.update(task, left=_duration(progress.seconds_left))
            if progress.row:
                _print_row(progress.row, progress.epochs, as_json)

        try:
            path = run(
                settings,
                out_dir,
                data_dir=data_dir,
                resume=resume,
                hardware=Hardware(accelerator, devices, nodes, strategy),
                report=report,
            )
        except Interrupted as stopped:
            bar.stop()
            err.print(Text(f"esvae: {stopped}"), soft_wrap=True)
            sys.exit(130)
    if not as_json:
        out.print(Text(str(path)), soft_wrap=True)


def _settings(
    out_dir: Path | None, preset: str | None, config: Path | None, changes: list[str], resume: bool
) -> RunConfig:
    from esvae_core.config import PRESETS, RunConfig, parse
    from esvae_core.config import preset as named

    if resume and out_dir and not preset and not config:
        config = out_dir / "config.json"
    if (preset is None) == (config is None):
        raise ConfigError(f"train: expected --preset NAME or --config FILE; presets: {', '.join(PRESETS)}")
    if preset is not None:
        values, where = named(preset).model_dump(), preset
    else:
        assert config is not None
        values, where = _read_json(config), str(config)
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            raise ConfigError(f"--set {change}: expected KEY=VALUE, e.g. train.epochs=10")
        _put(values, key.split("."), text, change)
    return parse(RunConfig, values, where)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{path}: expected JSON: {error}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected a JSON object, found {type(values).__name__}")
    return values


def _put(values: dict[str, Any], keys: list[str], text: str, change: str) -> None:
    for key in keys[:-1]:
        values = values.setdefault(key, {})
        if not isinstance(values, dict):
            raise ConfigError(f"--set {change}: {key} holds no settings")
    try:
        values[keys[-1]] = json.loads(text)
    except ValueError:
        values[keys[-1]] = text  # plain words need no quotes


def _print_row(row: dict[str, float], epochs: int, as_json: bool) -> None:
    if as_json:
        print(json.dumps(row), flush=True)
        return
    out.print(
        f"epoch {row['epoch']:>3.0f}/{epochs}  T {row['time_steps']:.0f}  mse {row['mse']:.4f}  mmd {row['mmd']:.3f}  "
        f"validation mse {row['validation_mse']:.4f}  {_duration(row['seconds'])}"
    )


# ---- evaluate, info --------------------------------------------------------------------------------------------------


@app.command(epilog="Example: `esvae evaluate checkpoints/digits.safetensors --json`")
def evaluate(
    checkpoint: Checkpoint,
    dataset: Annotated[str | None, typer.Option(help="Data set; the one it was trained on unless given.")] = None,
    split: Annotated[SplitName, typer.Option(help="Part of the data set.")] = SplitName.test,
    data_dir: DataDir = None,
    steps: Steps = None,
    sampler: Sampling = None,
    seed: Seed = 0,
    accept_other_hash: OtherHash = False,
    record: Annotated[bool, typer.Option(help="Write the figures into the checkpoint's header.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure a model on a whole split: error, MMD, firing rates, cost."""
    from esvae_core.checkpoint import load, save, stamped
    from esvae_core.evaluation.evaluate import evaluate as measure

    loaded = load(checkpoint)
    data = _dataset(loaded.header, dataset, split, data_dir, accept_other_hash)
    with _bar() as bar:
        task = bar.add_task(escape(f"evaluating {loaded.header.name}"), total=len(data), left="")
        result = measure(
            loaded.model,
            data,
            steps=steps,
            sampler=sampler.value if sampler else None,
            seed=seed,
            report=lambda done, total: bar.update(task, completed=done),
        )
    if record:
        new = {metric.name: metric for metric in result.metrics()}
        kept = [m for m in loaded.header.metrics if m.name not in new or m.protocol != new[m.name].protocol]
        header = loaded.header.model_copy(update={"metrics": (*kept, *new.values())})
        save(checkpoint, loaded.model.state_dict(), stamped(header))
    if as_json:
        print(result.model_dump_json(indent=2))
        return
    table = Table(title=Text(f"{loaded.header.name}: {result.protocol}"), title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_row("MSE on [-1, 1]", f"{result.mse:.4f} ± {result.mse_standard_error:.4f} (standard error)")
    table.add_row(f"MMD, blocks of {result.mmd_block:,}, biased", f"{result.mmd_biased:.4f}")
    if result.mmd_unbiased is not None:
        table.add_row(f"MMD, blocks of {result.mmd_block:,}, unbiased", f"{result.mmd_unbiased:.4f}")
    for name, rate in result.firing_rates.items():
        table.add_row(f"firing rate of {name}", f"{rate:.3f} spikes per step")
    table.add_row("firing rate of the sampled latent", f"{result.latent_rate:.3f} spikes per step")
    table.add_row("parameters", f"{result.parameters:,}")
    table.add_row("dense: multiply-adds per image", f"{result.costs.dense_multiply_adds / 1e6:.1f} M")
    table.add_row("spike-driven: additions per image", f"{result.costs.spike_additions / 1e6:.1f} M")
    table.add_row("spike-driven: multiplications per image", f"{result.costs.spike_multiplications / 1e6:.1f} M")
    out.print(table)


@app.command(epilog="Example: `esvae info checkpoints/mnist.safetensors`")
def info(checkpoint: Checkpoint, as_json: AsJson = False) -> None:
    """What a checkpoint says about itself."""
    from esvae_core.checkpoint import load

    header = load(checkpoint).header
    if as_json:
        print(header.model_dump_json(indent=2))
        return
    model = header.model
    rows = {
        "name": header.name,
        "images": f"{model.image_channels} x {model.image_size} x {model.image_size}",
        "channels": " - ".join(map(str, model.channels)),
        "latent": f"d = {model.latent_dim}, T = {model.time_steps}, {model.sampler} sampling",
        "data": f"{header.dataset.name} ({header.dataset.sha256[:12]})" if header.dataset else "unknown",
        "training": f"{header.training.epochs} epochs, {header.training.steps:,} steps, "
        f"{_duration(header.training.seconds)} on {header.training.device}"
        if header.training
        else "unknown",
        "source": header.source or "trained here",
        "written": f"{header.created} by esvae {header.versions.get('esvae', '?')}, format {header.format_version}",
    }
    rows |= {metric.name: f"{metric.value:.4f} ({metric.protocol})" for metric in header.metrics}
    table = Table(show_header=False)
    for name, value in rows.items():
        table.add_row(name, Text(value))  # text, since names may hold what rich takes for markup
    out.print(table)


# ---- use -------------------------------------------------------------------------------------------------------------


@app.command(
    epilog="Examples: `esvae encode checkpoints/mnist.safetensors cat.png --out rates.npz` ·"
    " `esvae encode checkpoints/digits.safetensors digits --split test --out rates.parquet`"
)
def encode(
    checkpoint: Checkpoint,
    sources: Annotated[list[str], typer.Argument(help="Image files, or one data set.", show_default=False)],
    out_file: Annotated[Path, typer.Option("--out", help=".npz or .parquet of rates.", show_default=False)],
    split: Annotated[SplitName, typer.Option(help="Part of the data set.")] = SplitName.test,
    data_dir: DataDir = None,
    steps: Steps = None,
    accept_other_hash: OtherHash = False,
    as_json: AsJson = False,
) -> None:
    """Images to firing rates."""
    import numpy as np
    import torch

    from esvae_core.arrays import suffix_of, write_rates
    from esvae_core.checkpoint import load
    from esvae_core.data import DATASETS

    suffix_of(out_file, (".npz", ".parquet"))
    loaded = load(checkpoint)
    model = loaded.model
    labels = None
    if len(sources) == 1 and sources[0].partition(":")[0] in DATASETS and not Path(sources[0]).is_file():
        data = _dataset(loaded.header, sources[0], split, data_dir, accept_other_hash)
        names, labels = [f"{data.name}/{data.split}/{i}" for i in data.indices], data.labels
        batches = (data.tensor(slice(i, i + 250)) for i in range(0, len(data), 250))
        count = len(data)
    else:
        pictures = torch.stack([_picture(Path(source), model) for source in sources])
        names, batches, count = sources, (pictures[i : i + 250] for i in range(0, len(pictures), 250)), len(pictures)
    rates = []
    with _bar() as bar, torch.no_grad():
        task = bar.add_task("encoding", total=count, left="")
        for images in batches:
            rates.append(model.encode(images, steps=steps).rates.numpy())
            bar.advance(task, len(images))
    write_rates(out_file, np.concatenate(rates), names, labels)
    _say(as_json, f"{out_file}: {count:,} x {model.config.latent_dim} rates", file=str(out_file), images=count)


@app.command(epilog="Example: `esvae decode checkpoints/mnist.safetensors rates.npz --out pictures.png`")
def decode(
    checkpoint: Checkpoint,
    rates_file: Annotated[Path, typer.Argument(help="Rates: .npz, .parquet or .csv.", show_default=False)],
    out_file: Annotated[Path, typer.Option("--out", help=".png grid, or .npz of pictures.", show_default=False)],
    steps: Steps = None,
    sampler: Sampling = None,
    seed: Seed = 0,
    columns: Columns = None,
    scale: Scale = 2,
    as_json: AsJson = False,
) -> None:
    """Firing rates to pictures."""
    import torch

    from esvae_core.arrays import read_rates, suffix_of, write_pictures
    from esvae_core.checkpoint import load

    suffix_of(out_file, (".npz", ".png"))
    model = load(checkpoint).model
    rates = torch.from_numpy(read_rates(rates_file, model.config.latent_dim))
    images = _decode(model, rates, sampler, steps, seed)
    write_pictures(out_file, images, columns=columns, scale=scale, rates=rates.numpy())
    _say(as_json, f"{out_file}: {len(images):,} pictures", file=str(out_file), images=len(images))


@app.command(epilog="Example: `esvae sample checkpoints/mnist.safetensors --n 64 --seed 1 --out samples.png`")
def sample(
    checkpoint: Checkpoint,
    out_file: Annotated[Path, typer.Option("--out", help=".png grid, or .npz of pictures.", show_default=False)],
    n: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many.")] = 64,
    steps: Steps = None,
    sampler: Sampling = None,
    seed: Seed = 0,
    columns: Columns = None,
    scale: Scale = 2,
    as_json: AsJson = False,
) -> None:
    """New pictures from the prior."""
    from esvae_core.arrays import suffix_of, write_pictures
    from esvae_core.checkpoint import load
    from esvae_core.seeds import generator

    suffix_of(out_file, (".npz", ".png"))
    model = load(checkpoint).model
    rates = model.prior_rates(n, generator=generator(seed, "prior")).detach()
    images = _decode(model, rates, sampler, steps, seed)
    write_pictures(out_file, images, columns=columns, scale=scale, rates=rates.numpy())
    _say(as_json, f"{out_file}: {n:,} pictures", file=str(out_file), images=n)


@app.command(
    epilog="Examples: `esvae interpolate checkpoints/digits.safetensors digits:0 digits:5 --out path.png` ·"
    " `esvae interpolate checkpoints/mnist.safetensors a.png b.png --frames 16 --path linear --out path.npz`"
)
def interpolate(
    checkpoint: Checkpoint,
    start: Annotated[str, typer.Argument(help="Image file, or DATASET:N, the N-th test image.", show_default=False)],
    end: Annotated[str, typer.Argument(help="The same.", show_default=False)],
    out_file: Annotated[Path, typer.Option("--out", help=".png strip, or .npz.", show_default=False)],
    frames: Annotated[int, typer.Option(min=2, max=1000, help="Pictures, both ends included.")] = 12,
    path: Annotated[PathName, typer.Option(help="The way between the rates.")] = PathName.arcsine,
    data_dir: DataDir = None,
    steps: Steps = None,
    sampler: Sampling = None,
    seed: Seed = 0,
    columns: Columns = None,
    scale: Scale = 2,
    as_json: AsJson = False,
) -> None:
    """A path between two images, through the rates, under frozen noise."""
    import torch

    from esvae_core.arrays import suffix_of, write_pictures
    from esvae_core.checkpoint import load
    from esvae_core.explore.interpolate import interpolate as between

    suffix_of(out_file, (".npz", ".png"))
    loaded = load(checkpoint)
    model = loaded.model
    ends = torch.stack([_end(loaded.header, model, source, data_dir) for source in (start, end)])
    with torch.no_grad():
        first, last = model.encode(ends, steps=steps).rates
    rates = between(first, last, frames, path.value)
    images = _decode(model, rates, sampler, steps, seed, frozen=True)
    write_pictures(out_file, images, columns=columns or frames, scale=scale, rates=rates.numpy())
    _say(as_json, f"{out_file}: {frames} pictures", file=str(out_file), images=frames)


# ---- import, presets, atlas ------------------------------------------------------------------------------------------


@app.command("import", epilog="Example: `esvae import published.pth mine.safetensors`")
def import_(
    published: Annotated[Path, typer.Argument(help="A file of the published code (.pth).", show_default=False)],
    out_file: Annotated[Path, typer.Argument(help="Where to write the checkpoint.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Read a network in the published format and write it as a checkpoint."""
    from esvae_core.arrays import suffix_of
    from esvae_core.checkpoint import Header, save, stamped
    from esvae_core.published import read_published

    suffix_of(out_file, (".safetensors",))
    model = read_published(published)
    header = Header(name=out_file.stem, model=model.config, source=f"imported from {published.name}")
    save(out_file, model.state_dict(), stamped(header))
    config = model.config
    text = f"{out_file}: {config.image_channels} x {config.image_size} x {config.image_size}, d = {config.latent_dim}"
    _say(as_json, text, file=str(out_file), model=config.model_dump())


@app.command(epilog="Examples: `esvae presets` · `esvae presets published-mnist`")
def presets(
    name: Annotated[str | None, typer.Argument(help="One preset, whole.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Settings that come with names."""
    from esvae_core.config import PRESETS, preset

    if name:
        run = preset(name)
        if as_json:
            print(run.model_dump_json(indent=2))
            return
        table = _table("setting", "value", "meaning")
        for part in ("model", "data", "train"):
            group = getattr(run, part)
            for field, about in type(group).model_fields.items():
                table.add_row(f"{part}.{field}", _plain(getattr(group, field)), about.description or "")
        out.print(table)
        return
    if as_json:
        print(json.dumps({key: run.model_dump() for key, run in PRESETS.items()}, indent=2))
        return
    table = _table("preset", "data", "images", "d", "T", "epochs", "batch", "rate")
    for key, run in PRESETS.items():
        m, t = run.model, run.train
        row = (f"{m.image_channels} x {m.image_size}²", m.latent_dim, m.time_steps, t.epochs, t.batch_size, f"{t.lr:g}")
        table.add_row(key, run.data.dataset, *map(str, row))
    out.print(table)


@app.command(epilog="Example: `esvae atlas checkpoints/mnist.safetensors --data-dir data`")
def atlas(
    checkpoint: Checkpoint,
    data_dir: DataDir = None,
    count: Annotated[int, typer.Option(min=1, help="Test images in it.")] = 2000,
    as_json: AsJson = False,
) -> None:
    """Write the small file of rates and labels beside a checkpoint that the explorer starts from."""
    from esvae_core.checkpoint import load
    from esvae_core.explore.atlas import beside, build, save

    loaded = load(checkpoint)
    data = _dataset(loaded.header, None, SplitName.test, data_dir, False)
    path = beside(checkpoint)
    save(path, build(loaded.model, data, count=count))
    _say(as_json, f"{path}: {min(count, len(data)):,} test images", file=str(path))


# ---- data ------------------------------------------------------------------------------------------------------------


@data_app.command("list")
def data_list(as_json: AsJson = False) -> None:
    """All data sets."""
    from esvae_core.data import DATASETS

    if as_json:
        rows = {
            name: {
                "title": spec.title,
                "classes": list(spec.class_names),
                "channels": spec.image_channels,
                "sizes": spec.split_sizes,
                "licence": spec.licence,
                "files": [{"name": f.name, "sha256": f.sha256} for f in spec.files],
            }
            for name, spec in DATASETS.items()
        }
        print(json.dumps(rows, indent=2))
        return
    table = _table("name", "what", "colours", "classes", "licence")
    for name, spec in DATASETS.items():
        table.add_row(
            "folder:PATH" if name == "folder" else name,
            spec.title,
            str(spec.image_channels),
            str(len(spec.class_names) or "any"),
            spec.licence,
        )
    out.print(table)


@data_app.command("fetch")
def data_fetch(name: str, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make sure that a data set's files are there; download those that are missing."""
    from esvae_core.data import fetch

    paths = fetch(name, data_dir)
    text = "\n".join(map(str, paths)) or f"{name}: needs no files"
    _say(as_json, text, files=[str(path) for path in paths])


@data_app.command("verify")
def data_verify(name: str, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check the hashes of a data set's files; exit code 2 if one is missing or wrong."""
    from esvae_core.data import verify

    states = verify(name, data_dir)
    if as_json:
        rows = [{"name": s.name, "state": s.state, "path": str(s.path) if s.path else None} for s in states]
        print(json.dumps(rows, indent=2))
    else:
        for s in states:
            out.print(Text(f"{s.state:>10}  {s.name}  {s.path or ''}"), soft_wrap=True)
        if not states:
            out.print(f"{name}: needs no files")
    if any(s.state != "ok" for s in states):
        sys.exit(2)


# ---- helpers ---------------------------------------------------------------------------------------------------------


def _bar() -> Bar:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}"))
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def _table(first: str, *others: str) -> Table:
    """A table whose first column, the one that people copy from, is never cut."""
    table = Table()
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, overflow="fold")
    return table


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _say(as_json: bool, text: str, **values: Any) -> None:
    if as_json:
        print(json.dumps(values))
    else:
        out.print(Text(text), soft_wrap=True)


def _plain(value: Any) -> str:
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return ", ".join(f"{key} {part}" for key, part in value.model_dump().items())
    return str(value)


def _dataset(header: Any, name: str | None, split: SplitName, data_dir: Path | None, other_hash: bool) -> ImageSet:
    """A split as the checkpoint's model takes it."""
    from esvae_core.data import load

    known = header.data.dataset if header.data else header.dataset.name if header.dataset else None
    name = name or known
    if name is None:
        raise DataError(f"{header.name}: its data set is not known; name one with --dataset")
    settings: dict[str, Any] = {}
    if header.data is not None and header.data.dataset == name:
        settings = {
            "validation_fraction": header.data.validation_fraction,
            "validation_seed": header.data.validation_seed,
        }
        other_hash = other_hash or header.data.accept_other_hash
    return load(
        name,
        split.value,
        image_size=header.model.image_size,
        channels=header.model.image_channels,
        data_dir=data_dir,
        accept_other_hash=other_hash,
        **settings,
    )


def _picture(path: Path, model: Any) -> Any:
    """An image file as the model takes it, (C, H, W) in [-1, 1]."""
    import torch

    from esvae_core.data import open_image, to_model_input

    config = model.config
    pixels = to_model_input(open_image(path, str(path)), image_size=config.image_size, channels=config.image_channels)
    return torch.from_numpy(pixels).float() / 127.5 - 1


def _end(header: Any, model: Any, source: str, data_dir: Path | None) -> Any:
    """One end of an interpolation: an image file, or DATASET:N."""
    name, colon, number = source.rpartition(":")
    if colon and number.isdecimal() and not Path(source).exists():
        data = _dataset(header, name, SplitName.test, data_dir, False)
        if int(number) >= len(data):
            raise InputError(f"{source}: {name} has {len(data):,} test images, counted from 0")
        return data.tensor(int(number))[0]
    return _picture(Path(source), model)


def _decode(
    model: Any, rates: Any, sampler: SamplerName | None, steps: int | None, seed: int, *, frozen: bool = False
) -> Any:
    """Pictures from rates, 250 at a time at T = 16; `frozen` gives all the same noise."""
    import torch

    from esvae_core.seeds import generator

    source = generator(seed, "noise")
    images = []
    name = sampler.value if sampler else None
    shared = model.noise(1, generator=source, steps=steps) if frozen else None
    with torch.no_grad():
        for part in rates.split(max(1, 4000 // (steps or model.config.time_steps))):
            noise = shared.expand(-1, len(part), -1) if shared is not None else None
            spikes = model.sample_spikes(part, generator=source, steps=steps, sampler=name, noise=noise)
            images.append(model.decode(spikes))
    return torch.cat(images)
