"""Parts of one's own: registered, chosen by name, trained with, saved and found again; refused by what lacks them."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
import torch
from pydantic import Field
from safetensors.numpy import load_file, save_file

from app import catalogue
from esvae_core import ESVAE, ModelConfig, NeuronConfig, checkpoint, decode_rates, plugins, to_fixed_point
from esvae_core.cli import main
from esvae_core.config import KINDS, RunConfig, TrainConfig, own_parts, parse
from esvae_core.errors import ConfigError, InputError, KindError, MissingPartError
from esvae_core.explore.latent_interface import bundle_of, load_explorable, why_not_explorable
from esvae_core.export.folded import fold
from esvae_core.layers import dense
from esvae_core.loss import esvae_loss
from esvae_core.model_folder import card
from esvae_core.model_kinds import MODELS, OBJECTIVES, build, register_model
from esvae_core.neurons import over_time, spike
from esvae_core.neurons import triangle as built_in_triangle
from esvae_core.parts import LOSS_TERMS, NEURONS, PRIORS, SAMPLERS, SURROGATES, Step
from esvae_core.training.objectives.esvae import ESVAEObjective
from esvae_core.training.trainer import Hardware, train

from .forked import Job

ROOT = Path(__file__).parents[1]
REGISTRIES = (SURROGATES, NEURONS, SAMPLERS, PRIORS, LOSS_TERMS, KINDS, MODELS, OBJECTIVES)
SMALL = {"image_size": 8, "channels": (4, 8), "latent_dim": 6, "time_steps": 4}


@pytest.fixture
def own(monkeypatch):
    """What the test registers is forgotten after it."""
    for registry in REGISTRIES:
        monkeypatch.setattr(registry, "_found", dict(registry._found))


def triangle(membrane, neuron):
    return built_in_triangle(membrane, neuron)


def tired(drive, state, neuron, leak=None):
    """Fires where the drive is above the threshold, but never twice in a row."""
    (before,) = state or (torch.zeros_like(drive),)
    fired = spike(drive, neuron) * (1 - before)
    return Step(fired, drive, (fired,))


def regular(rates, noise, gradient):
    passed = torch.floor(torch.arange(len(noise) + 1).view(-1, 1, 1) * rates.detach() + 0.5)
    return passed[1:] - passed[:-1] + (rates - rates.detach())


class Squared(torch.nn.Module):
    def __init__(self, latent_dim):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(latent_dim))

    def forward(self, normal):
        return torch.sigmoid(self.scale * normal).square()


class HalvedConfig(ModelConfig):
    kind: Literal["halved"] = "halved"
    factor: float = Field(0.5, description="Of the pictures.")


class Halved(ESVAE):
    def decode(self, spikes, **options):
        return self.config.factor * super().decode(spikes, **options)


def made(**model):
    return ESVAE(ModelConfig(**SMALL, **model)).eval()


def saved(model, path):
    """A checkpoint of it, and a header as its training would have written it."""
    header = checkpoint.stamped(checkpoint.Header(name="mine", model=model.config))
    checkpoint.save(path, model.state_dict(), header)
    return path


# ---- the registry ----------------------------------------------------------------------------------------------------


def test_every_part_of_this_library_is_where_its_registry_says():
    for registry in REGISTRIES:
        assert all(callable(registry[name]) for name in registry if registry.is_built_in(name))


def test_a_name_has_one_part(own):
    SURROGATES.register("mine")(triangle)
    SURROGATES.register("mine")(triangle)  # as a module or a cell that runs once more does
    SURROGATES.register("mine")(partial(triangle))
    for name in ("mine", "box"):
        with pytest.raises(ConfigError, match=f"surrogate '{name}': there is another one of that name already"):
            SURROGATES.register(name)(built_in_triangle if name == "mine" else triangle)
    for name in ("", "two words", "-x", "x" * 65):
        with pytest.raises(ConfigError, match="expected a letter, then at most 63 letters"):
            SURROGATES.register(name)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"model": {"latent_neuron": {"surrogate_shape": "mine"}}},
         "model.latent_neuron.surrogate_shape: expected box, triangle, fast-sigmoid, or another surrogate that is"),
        ({"model": {"neuron": {"dynamics": "mine"}}}, "model.neuron.dynamics: expected lif, or another neuron that is"),
        ({"model": {"sampler": "mine"}}, "model.sampler: expected bernoulli, systematic, or another sampler that is"),
        ({"model": {"prior": "mine"}}, "model.prior: expected linear, or another prior that is"),
        ({"train": {"loss_terms": {"mine": 1}}}, "train.loss_terms.mine: expected a loss term that is"),
        ({"train": {"loss_terms": {"rate": 1}}}, "train.loss_terms.rate: expected a loss term that is"),
        ({"model": {"kind": "mine"}}, "model.kind: expected esvae, fsvae, annvae, pvae, ae, or another model that is"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_an_unknown_name_ends_in_a_line_with_those_that_are_known(settings, said):
    with pytest.raises(ConfigError) as caught:
        parse(RunConfig, {"name": "x", **settings}, "run.json")
    assert str(caught.value).startswith(f"run.json: {said} registered (--plugin, ESVAE_PLUGINS), found '")
    assert "\n" not in str(caught.value)


def test_a_registered_name_is_known(own):
    LOSS_TERMS.register("mine")(lambda inputs: inputs.images.mean())
    assert parse(TrainConfig, {"loss_terms": {"mine": 0.5}}, "here").loss_terms == {"mine": 0.5}
    with pytest.raises(ConfigError, match="expected mine, or another loss term"):
        parse(TrainConfig, {"loss_terms": {"yours": 0.5}}, "here")


@pytest.fixture
def package(monkeypatch, tmp_path):
    """An installed package whose entry point registers the surrogate "packed"."""
    (tmp_path / "packed_parts.py").write_text(
        "from esvae_core.neurons import triangle\nfrom esvae_core.parts import SURROGATES\n\n\n"
        "@SURROGATES.register('packed')\ndef packed(membrane, neuron):\n    return triangle(membrane, neuron)\n"
    )
    information = tmp_path / "packed-1.5.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: packed\nVersion: 1.5\n")
    (information / "top_level.txt").write_text("packed_parts\n")
    (information / "entry_points.txt").write_text("[esvae.parts]\npacked = packed_parts\n")
    monkeypatch.setattr(plugins, "_IMPORTED", set(plugins._IMPORTED))
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("packed_parts", None)


def test_an_installed_package_brings_its_parts(own, package):
    parse(NeuronConfig, {"surrogate_shape": "box"}, "here")
    assert "packed_parts" not in sys.modules  # until something of it is asked for
    config = parse(NeuronConfig, {"surrogate_shape": "packed"}, "here")
    found = own_parts(ModelConfig(**SMALL, neuron=config), None)
    assert found == {"surrogate packed": "packed_parts (packed 1.5)"}


def test_a_plugin_that_cannot_be_imported_ends_in_a_line(own, monkeypatch, tmp_path):
    monkeypatch.setattr(plugins, "_IMPORTED", set(plugins._IMPORTED))
    (tmp_path / "broken_parts.py").write_text("import nothing_of_this_name\n")
    monkeypatch.setenv(plugins.PLUGINS, str(tmp_path / "broken_parts.py"))
    parse(NeuronConfig, {"surrogate_shape": "box"}, "here")
    with pytest.raises(ConfigError, match=r"plugin .*broken_parts.py: cannot be imported: ModuleNotFoundError: No mod"):
        parse(NeuronConfig, {"surrogate_shape": "other"}, "here")


# ---- what parts do ---------------------------------------------------------------------------------------------------


def test_an_own_surrogate_trains_as_the_compiled_one_of_the_same_shape(own):
    SURROGATES.register("mine")(triangle)
    gradients = []
    for shape in ("triangle", "mine"):
        torch.manual_seed(0)
        layer = dense(8, 5, NeuronConfig(surrogate_shape=shape, surrogate_center=0.2))
        x = torch.rand(24, 8, generator=torch.Generator().manual_seed(1)).requires_grad_()
        spikes = layer(x, 4, 4)
        (spikes * torch.rand(spikes.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
        gradients.append((spikes, x.grad, layer.transform.weight.grad, layer.norm.weight.grad))
    assert torch.equal(gradients[0][0], gradients[1][0])
    for compiled, plain in zip(*gradients, strict=True):
        torch.testing.assert_close(plain, compiled, rtol=1e-4, atol=1e-5)
    assert float(gradients[1][1].abs().max()) > 0


def test_a_model_with_an_own_surrogate_is_explored_and_runs_fast(own, tmp_path):
    SURROGATES.register("mine")(triangle)
    model = made(neuron=NeuronConfig(surrogate_shape="mine"))
    images = torch.rand(3, 1, 8, 8) * 2 - 1
    with torch.no_grad():
        assert model.encode(images, engine="events").rates.shape == (3, 6)
    assert type(load_explorable(saved(model, tmp_path / "m.safetensors")).model) is ESVAE
    assert bundle_of(model)


def test_an_own_neuron_keeps_its_state_from_step_to_step(own):
    NEURONS.register("tired")(tired)
    neuron = NeuronConfig(dynamics="tired", threshold=0.5)
    run = over_time(torch.tensor([1.0, 1.0, 0.0, 1.0, 1.0, 1.0]).view(-1, 1), neuron)
    assert run.spikes.flatten().tolist() == [1, 0, 0, 1, 0, 1]


def test_layers_of_an_own_neuron_fire_its_spikes(own):
    """In training and evaluation, over time and step by step."""
    NEURONS.register("tired")(tired)
    layer = dense(8, 16, NeuronConfig(dynamics="tired", threshold=0.3))
    x = torch.randn(6, 8, generator=torch.Generator().manual_seed(0))
    for mode in (True, False):
        spikes = layer.train(mode)(x, 6, 6)
        layer.norm.running_var.fill_(0.05)
        assert 0 < spikes.mean() < 1
        assert not bool((spikes[1:] * spikes[:-1]).any())
    state, steps = (), []
    for now in x:
        fired, state = layer.step(now[None], state)
        steps.append(fired)
    assert torch.equal(torch.cat(steps), layer(x, 6, 6))


def test_what_has_no_such_neuron_says_so(own, monkeypatch, tmp_path):
    NEURONS.register("tired")(tired)
    model = made(latent_neuron=NeuronConfig(dynamics="tired"))
    images = torch.zeros(1, 1, 8, 8)
    with torch.no_grad():
        assert model.encode(images).rates.shape == (1, 6)
    lacking = "does not have the neuron 'tired'"
    with torch.no_grad(), pytest.raises(InputError, match=f"engine 'events': {lacking}"):
        model.encode(images, engine="events")
    with pytest.raises(KindError, match=f"model: the explorer {lacking}"):
        decode_rates(model, to_fixed_point(torch.zeros(1, 6).numpy()), (0,), sampler="bernoulli", steps=4)
    with pytest.raises(KindError, match=f"model: the explorer {lacking}"):
        bundle_of(model)
    with pytest.raises(KindError, match="export: other tools do not have the neuron 'tired'"):
        fold(model)
    path = saved(model, tmp_path / "mine.safetensors")
    monkeypatch.setattr(catalogue, "folders", lambda: [tmp_path])
    (entry,) = catalogue.find()
    assert entry.problem == f"{path}: the explorer {lacking}; `esvae sample` and `esvae evaluate` do"
    assert catalogue.listed(entry)["lacking"] == "the neuron 'tired'"


def test_an_own_sampler_draws_the_spikes(own):
    SAMPLERS.register("regular")(regular)
    model = made(sampler="regular")
    rates = torch.tensor([[0.0, 0.25, 0.5, 0.5, 0.75, 1.0]], requires_grad=True)
    spikes = model.sample_spikes(rates)
    assert spikes.sum(0).tolist() == [[0, 1, 2, 2, 3, 4]]
    assert set(spikes.flatten().tolist()) == {0, 1}
    spikes.sum().backward()
    assert rates.grad.tolist() == [[4.0] * 6]
    assert not torch.equal(made().sample_spikes(rates, torch.Generator().manual_seed(1)), spikes)
    assert torch.equal(made().sample_spikes(rates, sampler="regular"), spikes)
    with pytest.raises(InputError, match="sampler: expected bernoulli, systematic, regular, or another sampler"):
        model.sample_spikes(rates, sampler="irregular")


def test_frozen_noise_is_not_drawn_by_another_sampler(own):
    SAMPLERS.register("regular")(regular)
    model, rates = made(sampler="regular"), torch.full((6,), 0.5)
    for draw in (lambda: model.live(1), lambda: model.decode_many(rates, [1])):
        with pytest.raises(InputError, match="frozen noise is drawn by bernoulli or systematic, not by 'regular'"):
            draw()
    assert model.decode_many(rates, [1], sampler="systematic").images.shape == (1, 1, 8, 8)
    assert "the explorer does not have the sampler 'regular'" in why_not_explorable("m", model.config)


def test_an_own_prior_is_kept_with_the_model(own, tmp_path):
    PRIORS.register("squared")(Squared)
    model = made(prior="squared")
    with torch.no_grad():
        model.prior.scale.copy_(torch.arange(6.0))
    normal = torch.ones(1, 6)
    wanted = torch.sigmoid(torch.arange(6.0)).square()[None]
    again = checkpoint.load(saved(model, tmp_path / "m.safetensors"), ESVAE)
    assert torch.equal(again.model.prior_rates(1, normal=normal), wanted)
    assert again.header.parts == {"prior squared": __name__}
    assert again.model.sample(2, torch.Generator().manual_seed(0)).images.shape == (2, 1, 8, 8)
    with torch.no_grad():
        assert again.model.encode(torch.zeros(1, 1, 8, 8), engine="events").rates.shape == (1, 6)
    with pytest.raises(KindError, match="the explorer does not have the prior 'squared'"):
        load_explorable(tmp_path / "m.safetensors")


def test_an_own_loss_term_is_added_by_its_weight(own):
    LOSS_TERMS.register("first")(lambda inputs: inputs.posterior_rates[:, 0].mean())
    images, rates = torch.zeros(2, 1, 2, 2), torch.tensor([[0.5, 1], [0.25, 0]])
    alone = esvae_loss(images, images, rates, rates, 0.001, rate_weight=0.2)
    loss = esvae_loss(images, images, rates, rates, 0.001, rate_weight=0.2, terms={"first": 2.0})
    assert loss.terms["first"].item() == 0.375
    assert loss.total.item() == pytest.approx(alone.total.item() + 2 * 0.375)


# ---- from training to a loaded model ---------------------------------------------------------------------------------


def register_all():
    SURROGATES.register("mine")(triangle)
    NEURONS.register("tired")(tired)
    SAMPLERS.register("regular")(regular)
    PRIORS.register("squared")(Squared)
    LOSS_TERMS.register("bright")(bright)
    register_model(HalvedConfig, ESVAEObjective)(Halved)


def bright(inputs):
    return inputs.pictures.mean()


@pytest.fixture
def trained(own, tmp_path):
    """A run with a part of each kind."""
    register_all()
    model = {
        "kind": "halved", **SMALL, "factor": 0.9, "sampler": "regular", "prior": "squared",
        "neuron": {"dynamics": "tired", "surrogate_shape": "mine"},
    }  # fmt: skip
    settings = {"epochs": 1, "batches_per_epoch": 3, "batch_size": 32, "loss_terms": {"bright": -0.25}, "lr": 0.01}
    data = {"dataset": "digits", "validation_fraction": 0.1}
    config = parse(RunConfig, {"name": "mine", "model": model, "train": settings, "data": data}, "test")
    return config, train(config, tmp_path / "run", hardware=Hardware("cpu"), loggers=())


ORIGINS = {
    f"{part}": __name__
    for part in (
        "model halved", "neuron tired", "surrogate mine", "sampler regular", "prior squared", "loss term bright",
    )
}  # fmt: skip


def test_all_of_them_train_and_come_back_by_name(trained):
    config, path = trained
    with (path.parent / "log.csv").open() as file:
        (row,) = csv.DictReader(file)
    total = float(row["mse"]) + 0.001 * float(row["mmd"]) - 0.25 * float(row["loss_bright"])
    assert float(row["loss"]) == pytest.approx(total, abs=1e-5)
    loaded = checkpoint.load(path)
    assert type(loaded.model) is Halved
    assert loaded.header.model == config.model
    assert loaded.header.parts == ORIGINS
    assert "has to be installed or imported: model halved of tests.test\\_own\\_parts, " in card(loaded.header)
    assert float(loaded.model.sample(2).images.abs().max()) <= 0.9


def test_commands_draw_with_them_or_say_why_not(trained, monkeypatch, capsys, tmp_path):
    _, path = trained
    for words, code in (("sample --n 4 --out s.png", 0), ("page --out page.html", 2), ("decode r.npz --out d.png", 2)):
        command, *options = words.split()
        monkeypatch.setattr(sys, "argv", ["esvae", command, str(path), *options])
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == code
        if code:
            assert "the explorer does not have models of kind halved" in " ".join(capsys.readouterr().err.split())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["run", "s.png"]


def test_a_missing_part_is_named_with_its_module(trained, monkeypatch):
    _, path = trained
    for registry in REGISTRIES:
        monkeypatch.setattr(registry, "_found", {})
    for read in (checkpoint.load, checkpoint.read_header, checkpoint.read_weights):
        with pytest.raises(MissingPartError) as caught:
            read(path)
        said = f"{path}: needs the model halved of {__name__}, which is not registered here; install or import that"
        assert str(caught.value).startswith(said)


def test_a_file_makes_nothing_be_imported(trained, monkeypatch, tmp_path):
    _, path = trained
    (tmp_path / "strangers_parts.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    header = json.loads(checkpoint.read_header(path).model_dump_json())
    header["parts"] = {"sampler irregular": "strangers_parts", "shoes large": "strangers_parts"}
    header["model"]["sampler"] = "irregular"
    save_file(load_file(path), tmp_path / "strange.safetensors", {"esvae": json.dumps(header)})
    with pytest.raises(MissingPartError, match="needs the sampler irregular of strangers_parts"):
        checkpoint.load(tmp_path / "strange.safetensors")
    assert "strangers_parts" not in sys.modules


@pytest.mark.linux
def test_a_plugin_that_is_a_pipe_is_not_waited_for(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe_parts.py")
    with pytest.raises(ConfigError, match="cannot be imported: ImportError: not a regular file"):
        plugins.import_plugin(str(tmp_path / "pipe_parts.py"))


def test_many_unknown_names_in_a_file_look_for_plugins_once(monkeypatch):
    asked = []
    monkeypatch.setattr(plugins.metadata, "entry_points", lambda group: asked.append(group) or ())
    monkeypatch.setenv(plugins.PLUGINS, "")
    plugins._import_all.cache_clear()
    for k in range(1000):
        assert f"unknown-{k}" not in SAMPLERS
    assert asked == [plugins.GROUP]


def test_settings_of_training_go_with_what_a_kind_inherits(own):
    register_all()
    values = {"name": "x", "model": {"kind": "halved"}, "train": {"mmd_weight": 0.5}}
    assert parse(RunConfig, values, "here").train.mmd_weight == 0.5
    with pytest.raises(ConfigError, match=r"train\.kl_weight is for models of kind annvae or pvae, not halved"):
        parse(RunConfig, values | {"train": {"kl_weight": 0.5}}, "here")
    with pytest.raises(ConfigError, match=r"model\.colour: unknown setting; known here: channels, factor, "):
        parse(RunConfig, values | {"model": {"kind": "halved", "colour": 1}}, "here")


def test_a_variant_of_esvae_stays_one_with_a_fitted_prior(own):
    register_all()
    assert type(build(HalvedConfig(**SMALL)).with_prior(None)) is Halved


# ---- what the documentation shows ------------------------------------------------------------------------------------


@pytest.fixture
def run(forked, tmp_path):
    return lambda script, *words: forked.run(Job(tuple(map(str, words)), str(tmp_path), script=str(script)))


def test_the_tutorial_runs_as_it_stands(run, tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "own-parts.md").read_text("utf-8"), re.S)
    (tmp_path / "parts.py").write_text("\n\n".join(blocks))
    done = run("parts.py")
    assert done.code == 0, done.err
    named = ("model smoothed", "neuron adaptive", "surrogate arctan", "sampler regular", "prior two-layer")
    for words in (*(f"'{part}': 'parts.py'" for part in named), "loss_balance", "validation MSE 0.", "[4, 1, 16, 16]"):
        assert words in done.out
    (tmp_path / "command.py").write_text("from esvae_core.cli import main\n\nmain()\n")
    missing = run("command.py", "info", "runs/mine/model.safetensors")
    assert missing.code == 2
    assert "needs the model smoothed of parts.py, which is not registered here" in " ".join(missing.err.split())
    found = run("command.py", "--plugin", "parts.py", "info", "runs/mine/model.safetensors", "--json")
    assert json.loads(found.out)["model"]["smoothing"] == 0.5


def test_the_example_runs(run):
    done = run(ROOT / "examples" / "own_parts.py")
    assert done.code == 0, done.err
    for words in ("step 8 of 8: mse 0.", "loss_balance 0.", "the surrogate arctan of own_parts.py", "(4, 1, 32, 32)"):
        assert words in done.out
