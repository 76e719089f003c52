"""`esvae train`."""

from __future__ import annotations

import itertools
import json
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from esvae_core.cli import console
from esvae_core.cli.options import AsJson, DataDir, Verbose, group
from esvae_core.cli.sources import absolute
from esvae_core.errors import ConfigError
from esvae_core.settings_file import read_settings

if TYPE_CHECKING:
    from esvae_core.config import RunConfig

app = group()

_MAX_DEPTH = 10
_FOLDER = "ESVAE_RUN_FOLDER"  # tells the processes that a run launches which folder its first one chose


@app.command(
    epilog="Examples: `esvae train --preset digits` ·"
    " `esvae train --preset published-mnist --data-dir data --out runs/m --set train.seed=1` ·"
    " `esvae train --out runs/m --resume` · `esvae train --set data.dataset=folder:pictures`"
)
def train(
    preset: Annotated[str | None, typer.Option(help="Settings by name; see `esvae presets`.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings from a JSON, TOML or YAML file, e.g. a run's config.json.")
    ] = None,
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="Run folder; runs/NAME, NAME-2 ... unless given.")
    ] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Change one: model.latent_dim=64.")] = None,
    data_dir: DataDir = None,
    resume: Annotated[bool, typer.Option(help="Go on with the run in the folder.")] = False,
    accelerator: Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")] = "auto",
    devices: Annotated[int, typer.Option(min=1, help="Processes per node, one device each.")] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Machines.")] = 1,
    logger: Annotated[
        str, typer.Option(help="Beside log.csv: tensorboard, wandb, mlflow, several with commas, or none.")
    ] = "tensorboard",
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Train a model, or go on training one; --resume --set train.epochs=N makes a run longer."""
    settings = settings_of(out_dir, preset, config, set_ or [], resume)
    out_dir = out_dir or _run_folder(settings.name, resume)

    # after what is wrong with the settings was said: these take seconds
    from lightning_fabric.utilities.rank_zero import rank_zero_only

    from esvae_core.training.trainer import Hardware, Interrupted, Progress
    from esvae_core.training.trainer import train as run

    _quiet_lightning()
    os.environ[_FOLDER] = str(out_dir)
    strategy = "ddp" if devices * nodes > 1 else "auto"
    with console.bar() as bar:
        task = bar.add_task("starting", total=None)

        def report(progress: Progress) -> None:
            terms = " ".join(f"{name} {value:.4f}" for name, value in progress.terms.items())
            text = f"epoch {progress.epoch}/{progress.epochs} {terms}"
            bar.update(task, description=text, completed=progress.batch, total=progress.batches)
            bar.update(task, left=console.duration(progress.seconds_left))
            if progress.row:
                _print_row(progress.row, [*progress.terms], progress.epochs, as_json)

        try:
            path = run(
                settings,
                out_dir,
                data_dir=data_dir,
                resume=resume,
                hardware=Hardware(accelerator, devices, nodes, strategy),
                report=report,
                loggers=[name for name in logger.split(",") if name not in ("csv", "none", "")],
            )
        except Interrupted as stopped:
            bar.stop()
            console.err.print(console.text(f"esvae: {stopped}"), soft_wrap=True)
            sys.exit(130)
        finally:
            os.environ.pop(_FOLDER, None)
    if getattr(rank_zero_only, "rank", 0) == 0:  # with several processes each comes to this line
        console.say(as_json, str(path), checkpoint=str(path))


def _quiet_lightning() -> None:
    """Leave out what Lightning says in every process: that processes meet, and what it will change in itself."""
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", "torch.distributed.nn.functional.all_gather is deprecated")


def _run_folder(name: str, resume: bool) -> Path:
    """runs/NAME; for a new run runs/NAME-2 and so on where that is there already.

    Raises:
        ConfigError: the name is no plain name of a folder.
    """
    if _FOLDER in os.environ:
        return Path(os.environ[_FOLDER])
    if name in ("", ".", "..") or set(name) & set("/\\:") or not name.isprintable() or len(name.encode()) > 200:
        raise ConfigError(
            f"name: expected 1 to 200 bytes that name a folder, without / or \\ or :, found {name!r:.80};"
            " or choose the run's folder with --out"
        )
    folder = Path("runs") / name
    if resume:
        return folder
    tried = itertools.chain([folder], (Path(f"{folder}-{i}") for i in itertools.count(2)))
    return next(path for path in tried if not path.exists())


def settings_of(
    out_dir: Path | None, preset: str | None, config: Path | None, changes: list[str], resume: bool
) -> RunConfig:
    """Settings as the command line gives them: of a preset or a file, some changed by KEY=VALUE.

    Raises:
        ConfigError: not exactly one source, a file that holds no settings, or a change that does not fit.
    """
    from esvae_core.config import RunConfig, parse
    from esvae_core.presets import PRESETS, for_dataset
    from esvae_core.presets import preset as named
    from esvae_core.sweep.plan import put

    if resume and out_dir and not preset and not config:
        config = out_dir / "config.json"
    dataset = next((text for key, _, text in (c.partition("=") for c in changes) if key == "data.dataset"), None)
    if (preset is None) == (config is None) and (preset is not None or dataset is None):
        raise ConfigError(
            "train: expected --preset NAME, --config FILE, or --set data.dataset=folder:PATH; "
            f"presets: {', '.join(PRESETS)}"
        )
    if preset is None and config is None:
        values, where = for_dataset(str(value_of(dataset or "", ""))).model_dump(), "train"
    elif preset is not None:
        values, where = named(preset).model_dump(), preset
    else:
        assert config is not None
        values, where = read_settings(config), str(config)
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            raise ConfigError(f"--set {change}: expected KEY=VALUE, e.g. train.epochs=10")
        if key.count(".") >= _MAX_DEPTH:
            found = f"{key.count('.') + 1} names in a row"
            raise ConfigError(f"--set {change:.80}: {found}; expected KEY=VALUE, e.g. train.epochs=10")
        put(values, key, value_of(text, f"--set {change}"), f"--set {change}")
    settings = parse(RunConfig, values, where)
    if resume:  # with the words that the run was started with
        return settings
    place = absolute(settings.data.dataset)
    return settings.model_copy(update={"data": settings.data.model_copy(update={"dataset": place})})


def value_of(text: str, where: str) -> Any:
    """What stands behind KEY=: JSON, or plain words, which need no quotes."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ConfigError(f"{where:.86}: expected JSON that is not so deeply nested") from None
    except ValueError:
        return text


def _print_row(row: dict[str, float], terms: list[str], epochs: int, as_json: bool) -> None:
    if as_json:
        print(json.dumps(row), flush=True)
        return
    time = f"T {row['time_steps']:.0f}  " if "time_steps" in row else ""
    values = "  ".join(f"{name} {row[name]:.4f}" for name in terms)
    console.out.print(
        f"epoch {row['epoch']:>3.0f}/{epochs}  {time}{values}  validation mse {row['validation_mse']:.4f}  "
        f"{console.duration(row['seconds'])}"
    )
