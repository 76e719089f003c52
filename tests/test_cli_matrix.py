"""Every command against what paths, disks, pipes, terminals and Ctrl-C can do to it.

Commands and their paths are found in the application itself, so a new one takes part. `test_it_runs` fails for one that
needs more to run than `GIVEN` and `BRIEF` tell.
"""

from __future__ import annotations

import json
import os
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer
from PIL import Image

from benchmarks.published_layout import published_network, published_state
from esvae_core.arrays import write_rates
from esvae_core.checkpoint import DataRecord, Header, save
from esvae_core.cli.commands import app
from esvae_core.config import DataConfig, RunConfig, TrainConfig
from esvae_core.evaluation.feature_net import FeatureConfig, FeatureFile, FeatureHeader, FeatureNet, save_features
from esvae_core.evaluation.frechet import Gaussian
from esvae_core.shipped import SHIPPED

from .evaluation.test_feature_import import Published
from .forked import Ended, Job

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pipes, devices and limits as Linux has them")

GIVEN = {
    "checkpoint": "tiny.safetensors",
    "config": "config.json",
    "dataset": "folder:pictures",
    "end": "picture.png",
    "fad_net": "features.safetensors",
    "feature_file": "features.safetensors",
    "file": "sample.png",
    "name": "digits",
    "names": "digits-plus",
    "place": "shelf",
    "published": "published.pth",
    "rates_file": "rates.npz",
    "source": "shared",
    "sources": "picture.png",
    "start": "picture.png",
    "statistics": "statistics.npz",
    "sweep_file": "sweep.json",
    "to": "snntorch",
    "weights": "net.pth",
}
"""A value that works, by parameter."""

BRIEF = {
    ("atlas",): {"count": "12"},
    ("calibrate",): {"images": "8"},
    ("fad-net", "train"): {"epochs": "1", "size": "16"},
    ("fit-prior",): {"images": "8", "samples": "4", "components": "1"},
    ("pull",): {"out_dir": "pulled"},
    ("replay",): {"checkpoint": "tiny.safetensors"},
    ("runs",): {"folder": "runs"},
    ("train",): {"config": "config.json"},
}
"""What else a command line needs, to work or to be soon over."""

OUT = {
    ("attributes",): ".csv",
    ("decode",): ".png",
    ("encode",): ".npz",
    ("export",): ".py",
    ("interpolate",): ".png",
    ("models", "fetch"): "",
    ("page",): ".html",
    ("pull",): "",
    ("push",): "",
    ("replay",): ".png",
    ("sample",): ".png",
    ("sweep",): "",
    ("train",): "",
}
"""Endings of what a command writes; of all others .safetensors."""

PATHS_IN_TEXT = {
    "dataset": "folder:{}",
    "end": "{}",
    "name": "folder:{}",
    "out_file": "{}",
    "out_target": "{}",
    "place": "{}",
    "source": "{}",
    "sources": "{}",
    "start": "{}",
}
"""Parameters that are text, and hold a path."""

UNUSED = {"data_dir", "dataset", "name"}
"""Parameters that a command line may go without: a label, or a folder that its data set does not look into."""


def _leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, part in getattr(command, "commands", {}).items():
        yield from _leaves(part, (*path, name))
    if not hasattr(command, "commands"):
        yield path, command


COMMANDS = dict(_leaves(typer.main.get_command(app)))
del COMMANDS["app",]  # which runs until it is stopped: see tests/test_explorer_command.py


def _called(part: str | tuple[str, ...]) -> str:
    return part if isinstance(part, str) else " ".join(part)


each_command = pytest.mark.parametrize("command", COMMANDS, ids=_called)


def _paths(command: tuple[str, ...]) -> list[str]:
    """Names of a command's parameters that are paths."""
    hints = typing.get_type_hints(COMMANDS[command].callback)
    names = [parameter.name for parameter in COMMANDS[command].params]
    return [name for name in names if _holds_path(hints.get(name)) or name in PATHS_IN_TEXT]


def _holds_path(hint: Any) -> bool:
    return hint is Path or any(map(_holds_path, typing.get_args(hint)))


READ = [(command, name) for command in COMMANDS for name in _paths(command) if not name.startswith("out")]
WRITTEN = [(command, name) for command in COMMANDS for name in _paths(command) if name.startswith("out")]


def _ending(command: tuple[str, ...]) -> str:
    return OUT.get(command, ".safetensors")


def line(command: tuple[str, ...], **values: str) -> tuple[str, ...]:
    """A command line that works, but for these values."""
    values = BRIEF.get(command, {}) | values
    positional, options = [], []
    for parameter in COMMANDS[command].params:
        value = values.get(parameter.name)
        if value is None and parameter.required:
            value = f"out{_ending(command)}" if parameter.name.startswith("out") else GIVEN[parameter.name]
        if value is not None and parameter.param_type_name == "argument":
            positional.append(value)
        elif value is not None:
            options += [parameter.opts[0], value]
    return (*command, *options, *positional)


@pytest.fixture(scope="module")
def home(tmp_path_factory, warm_model):
    """Everything that commands read."""
    folder = tmp_path_factory.mktemp("matrix")
    rng = np.random.default_rng(0)
    for i in range(144):
        place = folder / "pictures" / "ab"[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)).save(place / f"{i}.png")
    Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)).save(folder / "picture.png")
    data = DataConfig(dataset="folder:pictures", validation_fraction=0.3)
    known = DataRecord(name="folder:pictures", sha256="0" * 64, class_names=("a", "b"))
    header = Header(name="tiny", model=warm_model.config, data=data, dataset=known)
    save(folder / "tiny.safetensors", warm_model.state_dict(), header)
    run = RunConfig(name="tiny", model=warm_model.config, data=data, train=TrainConfig(epochs=1, batch_size=4))
    (folder / "config.json").write_text(run.model_dump_json())
    (folder / "shared").mkdir()
    save(folder / "shared" / "model.safetensors", warm_model.state_dict(), header)
    (folder / "shared" / "config.json").write_text(header.model_dump_json())
    (folder / "shelf").symlink_to(SHIPPED)
    (folder / "runs" / "tiny").mkdir(parents=True)
    (folder / "runs" / "tiny" / "config.json").write_text(run.model_dump_json())
    (folder / "runs" / "tiny" / "log.csv").write_text("epoch,validation_mse,seconds\n1,0.5,2\n")
    _sweep(folder, run)
    write_rates(folder / "rates.npz", rng.random((3, 6), dtype=np.float32), ["a", "b", "c"], None)
    torch.save(
        published_state(published_network(0, image_size=8, channels=(4, 8), latent_dim=6, time_steps=4)),
        folder / "published.pth",
    )
    torch.save(Published().state_dict(), folder / "net.pth")
    np.savez(folder / "statistics.npz", mu=np.zeros(3), sigma=np.eye(3))
    shape = FeatureConfig(image_channels=1, image_size=8, channels=(4,), features=3)
    about = FeatureHeader(dataset="made", config=shape, statistics="test", origin="made", licence="none")
    net = FeatureFile(FeatureNet(shape).eval(), Gaussian(np.zeros(3), np.eye(3)), about)
    save_features(folder / "features.safetensors", net)
    return folder


def _sweep(folder: Path, base: RunConfig) -> None:
    """A sweep of one run, which is done already, since to start one takes a process of its own."""
    settings = base.model_dump(mode="json") | {"data": {"dataset": "digits"}}
    (folder / "sweep.json").write_text(json.dumps({"config": settings, "grid": {"train.seed": [0]}}))
    done = folder / "runs" / "sweep" / "seed-0"
    done.mkdir(parents=True)
    (done / "config.json").write_text(json.dumps(settings))
    (done / "log.csv").write_text("epoch,validation_mse,seconds\n1,0.5,2\n")
    (done / "model.safetensors").symlink_to(folder / "tiny.safetensors")


@pytest.fixture
def run(forked, home, tmp_path):
    """Run a command line in a folder that holds links to what commands read."""
    for entry in home.iterdir():
        (tmp_path / entry.name).symlink_to(entry)
    if not (home / "sample.png").exists():
        made = forked.run(Job(line(("sample",), out_file=str(home / "sample.png")), str(home)))
        assert made.code == 0, made
        (tmp_path / "sample.png").symlink_to(home / "sample.png")

    def run(*words: str, **more: Any) -> Ended:
        return forked.run(Job(words, str(tmp_path), **more))

    return run


def said_in_a_line(ended: Ended, *codes: int) -> None:
    assert ended.code in codes, ended
    assert "Traceback" not in ended.err, ended
    assert len(ended.err.splitlines()) <= 1, ended
    if ended.code == 2:
        assert ended.err.startswith("esvae: "), ended


@each_command
def test_it_runs(command, run):
    """In a terminal that knows ASCII alone."""
    done = run(*line(command), encoding="ascii")
    assert (done.code, done.err) == (0, ""), done


BAD = ("missing", "folder", "pipe", "device", "long", "bytes", "text")


def _bad(kind: str, folder: Path, ending: str) -> str:
    path = folder / f"{kind}{ending}"
    match kind:
        case "folder":
            path.mkdir(exist_ok=True)
        case "pipe" if not path.exists():
            os.mkfifo(path)
        case "device" if not path.is_symlink():
            path.symlink_to("/dev/zero")
        case "text":
            path.write_text("I am a letter.\n")
        case "long":
            return f"{'x' * 300}{ending}"
        case "bytes":
            return f"caf\udce9{ending}"
    return path.name


@pytest.mark.parametrize(("command", "name"), READ, ids=_called)
def test_a_path_that_is_none(command, name, run, tmp_path):
    ending = Path(GIVEN.get(name, "")).suffix
    for kind in BAD[:3] if name in UNUSED else BAD:  # where it is not looked at, the command does all its work
        path = PATHS_IN_TEXT.get(name, "{}").format(_bad(kind, tmp_path, ending))
        done = run(*line(command, **{name: path}))
        said_in_a_line(done, 2, *([0] if name in UNUSED else []))


@pytest.mark.parametrize(("command", "name"), WRITTEN, ids=_called)
def test_a_target_that_cannot_be_written(command, name, run, tmp_path):
    ending = _ending(command)
    (tmp_path / f"folder{ending}").mkdir()
    for file in ("config.json", "digits-plus.safetensors"):  # of a folder that is written
        (tmp_path / f"folder{ending}" / file).mkdir()
    before = sorted(tmp_path.rglob("*"))
    for target in (f"folder{ending}", f"picture.png/x{ending}", f"/proc/x{ending}", f"{'x' * 300}{ending}"):
        said_in_a_line(run(*line(command, **{name: target})), 2)
        assert sorted(tmp_path.rglob("*")) == before, "nothing is left"


@pytest.mark.parametrize(("command", "name"), WRITTEN, ids=_called)
def test_a_full_disk(command, name, run, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    target = f"x{_ending(command)}"
    said_in_a_line(run(*line(command, **{name: target}), largest_file=64), 2)
    left = [path for path in sorted(tmp_path.rglob("*")) if path not in before]
    assert not [path for path in left if path.is_file() and (path.suffix == ".tmp" or path.name == target)]


@each_command
def test_nobody_reads_what_it_says(command, run):
    """SIGPIPE, as `esvae ... | head` makes it."""
    said_in_a_line(run(*line(command), stdout="closed"), 0, 141)


@each_command
def test_what_it_says_goes_to_a_full_disk(command, run):
    said_in_a_line(run(*line(command), stdout="full"), 2)


@each_command
@pytest.mark.parametrize("calls", [200, 20_000])
def test_ctrl_c(command, calls, run):
    said_in_a_line(run(*line(command), interrupt=calls), 0, 130)
