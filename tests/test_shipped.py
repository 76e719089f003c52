"""The models that ship: they load, fit their atlases, and measure what their page says."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from esvae_core.checkpoint import load
from esvae_core.cli.train import settings_of
from esvae_core.controls.file import beside
from esvae_core.data import load as load_data
from esvae_core.data.sprites import FACTORS
from esvae_core.errors import MissingDataError
from esvae_core.evaluation.evaluate import evaluate
from esvae_core.explore import atlas
from esvae_core.explore.latent_interface import LEVELS, load_explorable
from esvae_core.presets import preset

MOVING = preset("events")
FOLDER = Path(__file__).parents[1] / "checkpoints"
_SHAPE = ((32, 64, 128, 256), 32, 16)
SHAPES = {
    **dict.fromkeys(
        (
            "mnist",
            "mnist-plus",
            "fashion-plus",
            "sprites-plus",
            "digits-plus",
            "digits",
        ),
        _SHAPE,
    ),
    **dict.fromkeys(("mnist-taught", "fashion-taught", "sprites-taught"), ((32, 64, 128, 256), 64, 16)),
    "mnist-poisson": ((32, 64, 128, 256), 128, 16),
    "fashion-poisson": ((32, 64, 128, 256), 128, 16),
    "cifar10-plus": ((32, 64, 128, 256), 128, 16),
    "emoji-plus": ((32, 64, 128, 256, 512), 128, 16),
}
"""Channels, d and T of each model with rates."""


def recorded(name, metric, sampler):
    metrics = load(FOLDER / f"{name}.safetensors").header.metrics
    return next(m.value for m in metrics if m.name == metric and f"{sampler} sampling" in m.protocol)


@pytest.mark.parametrize("name", SHAPES)
def test_each_has_its_shape_and_an_atlas_of_its_own(name):
    path = FOLDER / f"{name}.safetensors"
    model = load(path).model
    found = atlas.load(atlas.beside(path))
    assert (model.config.channels, model.config.latent_dim, model.config.time_steps) == SHAPES[name]
    assert found.checkpoint_sha256 == atlas.weights_hash(model.state_dict())
    assert found.errors is not None
    assert found.contrast is not None
    assert found.map is not None
    assert min(found.map.flat.trust, found.map.solid.trust) > 0.8
    assert atlas.beside(path).stat().st_size < 700_000


def test_the_models_without_controls_are_known():
    without = {path.stem for path in FOLDER.glob("*.safetensors") if not beside(path).exists()}
    recordings = {"moving-digits"}  # controls are of models of images
    assert without == recordings


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.controls.npz")), ids=lambda path: path.name)
def test_controls_belong_to_their_model_and_bring_evidence(path):
    controls = load(path.with_name(path.name.replace(".controls.npz", ".safetensors"))).controls
    assert sum(control.steerable and control.source == "attribute" for control in controls.values()) >= 1
    for control in controls.values():
        measured = ["validation"] if control.source == "component" else ["validation", "test"]
        assert [evidence.split for evidence in control.evidence] in (
            [measured] if control.steerable else [measured, []]
        )
        assert control.steerable != bool(control.why)
    assert path.stat().st_size < 150_000


@pytest.mark.parametrize(
    "name",
    [
        *("mnist", "mnist-plus", "mnist-poisson", "mnist-taught", "fashion-plus", "fashion-taught", "fashion-poisson"),
        *("sprites-taught", "digits-plus", "fsvae-mnist"),
    ],
)
def test_the_last_command_of_its_section_has_the_settings_it_was_trained_with(name):
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    listing = text.partition(f"**How `{name}` was made.**")[2].partition("```\n")[2].partition("```")[0]
    words = dict(re.findall(r'(?m)^([A-Z]+)="(.*)"$', text))  # what several commands share
    command = [line for line in listing.replace("\\\n", " ").splitlines() if line.startswith("esvae train")][-1]
    arguments = shlex.split(re.sub(r"\$([A-Z]+)", lambda found: words[found[1]], command))
    changes = [value for flag, value in pairwise(arguments) if flag == "--set"]
    wanted = settings_of(None, arguments[arguments.index("--preset") + 1], None, changes, False)
    header = load(FOLDER / f"{name}.safetensors").header
    unfitted = {} if name == "fsvae-mnist" else {"prior_components": 0, "prior_snap": False}
    assert header.data == wanted.data
    start = wanted.train.start_from  # of which a checkpoint keeps the name alone
    assert header.train == wanted.train.model_copy(update={"start_from": start and Path(start).name})
    assert header.model.model_copy(update=unfitted) == wanted.model


def test_what_was_taught_has_its_names():
    headers = {name: load(FOLDER / f"{name}.safetensors").header for name in SHAPES}
    assert {name for name, header in headers.items() if header.taught} == {
        "mnist-taught",
        "fashion-taught",
        "sprites-taught",
    }
    assert headers["sprites-taught"].taught == tuple(FACTORS)
    assert headers["mnist-taught"].taught == ("thickness", "slant", "width")
    assert headers["fashion-taught"].taught == ("width", "height", "brightness")
    for name in ("mnist-taught", "fashion-taught"):
        assert all(list(levels) == sorted(levels) for levels in headers[name].taught_levels)


@pytest.mark.parametrize("name", ["annvae-mnist", "ae-mnist", "pvae-mnist", "pvae-fashion"])
def test_each_rival_has_an_atlas_of_its_own(name):
    path = FOLDER / f"{name}.safetensors"
    found = atlas.load(atlas.beside(path))
    model = load_explorable(path).model
    assert found.checkpoint_sha256 == atlas.weights_hash(model.state_dict())
    assert found.time_steps == LEVELS
    measured = next(m.value for m in load(path).header.metrics if m.name == "mse")
    assert found.errors is not None
    assert found.errors.mean() < 1.1 * measured, "its codes are within their ranges"
    assert ((found.counts == 0) | (found.counts == LEVELS)).mean() < 1e-3
    assert found.map is not None
    assert min(found.map.flat.trust, found.map.solid.trust) > 0.8
    assert atlas.beside(path).stat().st_size < 70_000 + 2_000 * model.config.latent_dim


@pytest.mark.parametrize("name", SHAPES)
def test_the_page_says_what_the_headers_say(name):
    lines = (FOLDER / "README.md").read_text().splitlines()
    cells = next([c.strip() for c in line.split("|")] for line in lines if line.startswith(f"| `{name}`"))
    figures = [recorded(name, "mse", "bernoulli"), recorded(name, "mse", "systematic")]
    figures.append(recorded(name, "mmd_unbiased", "bernoulli"))
    assert cells[4:7] == [f"{figure:.4f}" for figure in figures]
    known = {m.name: m for m in load(FOLDER / f"{name}.safetensors").header.metrics}
    for cell, metric in zip(cells[7:9], ("fad_published", "fad"), strict=True):
        assert cell == "-" or cell.split(" ±")[0] == f"{known[metric].value:.2f}"


@pytest.mark.parametrize("name", ["annvae-mnist", "ae-mnist", "fsvae-mnist", "pvae-mnist", "pvae-fashion"])
def test_the_page_says_what_the_rivals_headers_say(name):
    lines = (FOLDER / "README.md").read_text().splitlines()
    cells = next([c.strip() for c in line.split("|")] for line in lines if line.startswith(f"| `{name}`"))
    known = {m.name: m.value for m in load(FOLDER / f"{name}.safetensors").header.metrics}
    shown = [cell.split(" ±")[0] for cell in cells[4:7]]
    assert shown == [f"{known['mse']:.4f}", f"{known['fad_published']:.2f}", f"{known['fad']:.2f}"]


@pytest.mark.parametrize("sampler", ["bernoulli", "systematic"])
def test_the_digits_measure_what_their_header_says(sampler):
    model = load(FOLDER / "digits.safetensors").model
    report = evaluate(model, load_data("digits", "test"), sampler=sampler)
    assert report.mse == pytest.approx(recorded("digits", "mse", sampler), abs=2e-4)


def test_the_model_of_recordings_measures_what_its_header_and_the_page_say():
    path = FOLDER / "moving-digits.safetensors"
    model, header = load(path).model, load(path).header
    unfitted = header.model.model_copy(update={"prior_components": 0, "prior_snap": False})
    assert (unfitted, header.data, header.train) == (MOVING.model, MOVING.data, MOVING.train)
    shape = {"image_size": 32, "channels": 2, "frames": 9}
    test, train = (load_data("moving_digits", split, **shape) for split in ("test", "train"))
    frames = evaluate(model, test, training=train, sampler="systematic").frames
    assert frames.psnr - frames.mean_frame_psnr > 5
    assert frames.psnr == pytest.approx(recorded("moving-digits", "psnr", "systematic"), abs=0.02)
    assert frames.mean_frame_psnr == pytest.approx(recorded("moving-digits", "mean_frame_psnr", "systematic"))
    lines = (FOLDER / "README.md").read_text().splitlines()
    cells = next([c.strip() for c in line.split("|")] for line in lines if line.startswith("| `moving-digits`"))
    for sampler, shown in (("bernoulli", cells[4:6]), ("systematic", cells[6:8])):
        found = recorded("moving-digits", "psnr", sampler)
        gain = found - recorded("moving-digits", "mean_frame_psnr", sampler)
        assert shown == [f"{found:.2f} dB", f"{gain:.2f} dB"]
    assert path.stat().st_size < 1_500_000


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["bernoulli", "systematic"])
@pytest.mark.parametrize(
    "name",
    [
        *("mnist", "mnist-plus", "mnist-poisson", "mnist-taught"),
        *("fashion-plus", "fashion-taught", "fashion-poisson", "cifar10-plus", "emoji-plus"),
    ],
)
def test_real_images_measure_what_the_header_says(name, sampler, mnist_dir):
    model, header = load(FOLDER / f"{name}.safetensors").model, load(FOLDER / f"{name}.safetensors").header
    form = {"image_size": header.model.image_size, "channels": header.model.image_channels}
    try:
        data = load_data(
            header.data.dataset, "test", **form, data_dir=mnist_dir, download=False, accept_other_hash=True
        )
    except MissingDataError as error:
        pytest.skip(str(error))
    report = evaluate(model, data, sampler=sampler)
    assert report.mse == pytest.approx(recorded(name, "mse", sampler), abs=2e-4)
