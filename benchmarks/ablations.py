"""What each option of model and training is worth, at a small fixed budget: one row per option, several seeds.

    python -m benchmarks.ablations --data-dir data --budget-steps 400 --seeds 3 --write docs/ablations.md

Every run is an ordinary training run of `esvae_core.training`, on a narrow network so that many fit. Results go to a
JSON file after each run; a second call goes on where the first one stopped. Figures are those of the validation split.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import interpolate

from benchmarks.marks import put_table
from esvae_core.checkpoint import load as load_checkpoint
from esvae_core.config import DataConfig, ModelConfig, NeuronConfig, RunConfig, TrainConfig
from esvae_core.data import ImageSet
from esvae_core.data import load as load_data
from esvae_core.esvae import ESVAE
from esvae_core.evaluation.feature_net import features, load_features
from esvae_core.evaluation.frechet import frechet_distance, gaussian
from esvae_core.files import write_atomically
from esvae_core.latent import mmd
from esvae_core.malloc import keep_large_blocks
from esvae_core.seeds import generator
from esvae_core.shipped import SHIPPED
from esvae_core.training.trainer import train

EPOCHS = 4
"""Parts of a run: T grows and validation happens between them."""
HELD_OUT = 1 / 120
"""Share of the train split that is the validation split: 500 images of MNIST."""

NETWORK: dict[str, Any] = {"image_size": 16, "channels": (8, 16, 32), "latent_dim": 16, "time_steps": 8}
TRAINING: dict[str, Any] = {
    "batch_size": 32,
    "lr": 0.025,
    "schedule": "cosine",
    "warmup_steps": 20,
    "gradient_clip": 2.0,
    "mean_image_bias": True,
}

_SOFT = NeuronConfig(leak=0.9, reset="soft")
_EVEN: dict[str, Any] = {"sampler": "systematic"}
_PLUS: dict[str, Any] = {"sampler": "systematic", "latent_neuron": _SOFT}
_GROWN: dict[str, Any] = {"grow_time": ((0.25, 2), (0.5, 4))}
_TRIANGLE: dict[str, Any] = {"reset": "soft", "surrogate_shape": "triangle", "surrogate_center": 0.2}


def _preset(leak: float = 0.9, latent_leak: float = 0.9, **changes: Any) -> dict[str, Any]:
    """Soft resets and a triangular surrogate at the threshold in all layers; `changes` in all neurons."""
    neuron = _TRIANGLE | changes
    layers = {"neuron": NeuronConfig(leak=leak, **neuron), "latent_neuron": NeuronConfig(leak=latent_leak, **neuron)}
    return {"sampler": "systematic", **layers}


Row = tuple[dict[str, Any], dict[str, Any]] | tuple[dict[str, Any], dict[str, Any], dict[str, Any]]
"""What it changes of the model, of the training and, in some, of the data."""

ROWS: dict[str, Row] = {
    # the published network with the right output bias, and one change each
    "published, right output bias (base)": ({}, {}),
    "published initialisation": ({}, {"mean_image_bias": False}),
    "straight-through gradient": ({"sampling_gradient": "straight-through"}, {}),
    "second-order gradient": ({"sampling_gradient": "second-order"}, {}),
    "surrogate at the threshold": ({"neuron": NeuronConfig(surrogate_center=0.2)}, {}),
    "surrogate half as wide": ({"neuron": NeuronConfig(surrogate_width=0.5)}, {}),
    "systematic sampling": (_EVEN, {}),
    "soft latent": ({"latent_neuron": _SOFT}, {}),
    # both, and one change more each
    "systematic, soft latent (plus)": (_PLUS, {}),
    "plus, half of it sampled by Bernoulli": (_PLUS, {"systematic_share": 0.5}),
    "plus, all layers soft": (_PLUS | {"neuron": _SOFT}, {}),
    "plus, slower latent leak 0.97": (_PLUS | {"latent_neuron": NeuronConfig(leak=0.97, reset="soft")}, {}),
    "plus, readout decay 0.9": (_PLUS | {"readout_decay": 0.9}, {}),
    "plus, readout decay 1": (_PLUS | {"readout_decay": 1.0}, {}),
    "plus, averaged weights": (_PLUS, {"ema_decay": 0.98}),
    "plus, averaged weights, calibrated": (_PLUS, {"ema_decay": 0.98, "calibration_images": 4000}),
    "plus, T grown 2, 4, 8": (_PLUS, _GROWN),
    "plus, unbiased MMD": (_PLUS, {"mmd_unbiased": True}),
    "plus, inverse multiquadric kernels": (_PLUS, {"mmd_kernel": "inverse-multiquadric"}),
    "plus, energy distance": (_PLUS, {"mmd_kernel": "energy"}),
    "plus, lambda 0.0001": (_PLUS, {"mmd_weight": 0.0001}),
    "plus, lambda 0.01": (_PLUS, {"mmd_weight": 0.01}),
    "plus, lambda 0.1": (_PLUS, {"mmd_weight": 0.1}),
    "plus, lambda risen over half the run": (_PLUS, {"mmd_warmup_steps": "half"}),
    "plus, constant rate after the warm-up": (_PLUS, {"schedule": "constant"}),
    "plus, price of a spike 0.01": (_PLUS, {"rate_weight": 0.01}),
    # what the presets have, and one change each
    "all soft at leak 0.9, T grown, triangle (preset)": (_preset(), _GROWN),
    "preset, leak 0.25": (_preset(leak=0.25), _GROWN),
    "preset, leak 0.5": (_preset(leak=0.5), _GROWN),
    "preset, leak 0.75": (_preset(leak=0.75), _GROWN),
    "preset, leak 1": (_preset(leak=1.0, latent_leak=1.0), _GROWN),
    "preset, learned leaks": (_preset(learned_leak=True), _GROWN),
    "preset, learned leaks from 0.25 on": (_preset(leak=0.25, learned_leak=True), _GROWN),
    "preset, learned readout": (_preset() | {"learned_readout": True}, _GROWN),
    "preset, hard resets but in the latent": (
        _preset() | {"neuron": NeuronConfig(leak=0.9, **(_TRIANGLE | {"reset": "hard"}))},
        _GROWN,
    ),
    "preset, box": (_preset(surrogate_shape="box"), _GROWN),
    "preset, box half as wide": (_preset(surrogate_shape="box", surrogate_width=0.5), _GROWN),
    "preset, fast sigmoid": (_preset(surrogate_shape="fast-sigmoid"), _GROWN),
    "preset, triangle at 0": (_preset(surrogate_center=0.0), _GROWN),
    "preset, triangle half as wide": (_preset(surrogate_width=0.5), _GROWN),
    "preset, triangle twice as wide": (_preset(surrogate_width=2.0), _GROWN),
    "preset, constant rate after the warm-up": (_preset(), _GROWN | {"schedule": "constant"}),
    "preset, constant rate, averaged weights": (_preset(), _GROWN | {"schedule": "constant", "ema_decay": 0.98}),
    "preset, twice the rate": (_preset(), _GROWN | {"lr": 0.05}),
    "preset, lambda risen over half the run": (_preset(), _GROWN | {"mmd_warmup_steps": "half"}),
    "preset, images moved by up to a pixel": (_preset(), _GROWN, {"shift": 1}),
}


def _sizes(neurons: str, model: dict[str, Any], training: dict[str, Any]) -> dict[str, Row]:
    """Numbers of latent neurons and of time steps under Bernoulli spikes."""
    sizes = [(d, 8) for d in (16, 32, 64, 128)] + [(d, 16) for d in (16, 128)]
    bernoulli = model | {"sampler": "bernoulli"}
    return {
        f"{neurons}, d = {d}, T = {steps}": (bernoulli | {"latent_dim": d, "time_steps": steps}, training)
        for d, steps in sizes
    }


LATENT_SIZES: dict[str, Row] = _sizes("published", {}, {}) | _sizes("preset", _preset(), _GROWN)
TABLES = {"": ROWS, " latent sizes": LATENT_SIZES}
"""Rows of each table, by what its name has after the data set's."""
COLUMNS = {
    "": {"mse": "MSE", "mse_bernoulli": "MSE, Bernoulli spikes", "mmd": "MMD", "spread": "spread of the rates, bits"},
    " latent sizes": {
        "mse_bernoulli": "MSE, Bernoulli spikes",
        "mse_systematic": "MSE, systematic spikes",
        "fad": "FAD of samples",
        "mmd": "MMD",
        "spread": "spread of the rates, bits",
    },
}
_DRAWN = 2000  # samples and training images that FAD compares


def settings(name: str, dataset: str, steps: int, seed: int) -> RunConfig:
    """The run of one row, data set and seed."""
    model, training, *data = (ROWS | LATENT_SIZES)[name]
    if training.get("mmd_warmup_steps") == "half":
        training = training | {"mmd_warmup_steps": steps // 2}
    return RunConfig(
        name="ablation",
        model=ModelConfig(**NETWORK | model),
        data=DataConfig(dataset=dataset, validation_fraction=HELD_OUT, **(data[0] if data else {})),
        train=TrainConfig(**TRAINING | training, epochs=EPOCHS, batches_per_epoch=max(1, steps // EPOCHS), seed=seed),
    )


@torch.no_grad()
def measure(model: ESVAE, data: ImageSet) -> dict[str, float]:
    """Figures of a model on its validation split."""
    images, source = data.tensor(), generator(0, "ablation")
    rates = model.encode(images).rates
    figures = {}
    for sampler in ("systematic", "bernoulli"):
        spikes = model.sample_spikes(rates, source, sampler)
        figures[f"mse_{sampler}"] = float((model.decode(spikes) - images).square().mean())
    figures["mse"] = figures[f"mse_{model.config.sampler}"]
    figures["mmd"] = float(mmd(rates, model.prior_rates(len(rates), generator=source), unbiased=True))
    share = torch.bincount((rates * model.config.time_steps).round().long().flatten()).double() / rates.numel()
    figures["spread"] = -float((share * share.clamp_min(1e-300).log2()).sum())
    return figures


@torch.no_grad()
def sample_distance(model: ESVAE, dataset: str, data_dir: Path | None) -> float:
    """FAD of samples of the learned prior, in evaluation mode, against training images; both enlarged to the network's
    size.
    """
    net = load_features(SHIPPED / "fad" / f"{dataset}.safetensors").net
    size, config = net.config.image_size, model.config
    images = load_data(
        dataset, "train", image_size=config.image_size, channels=config.image_channels, data_dir=data_dir
    ).tensor(slice(_DRAWN))
    samples = model.sample(_DRAWN, generator(0, "ablation", "samples")).images
    both = [interpolate(each, size=(size, size), mode="bilinear").clamp(-1, 1) for each in (samples, images)]
    return frechet_distance(*(gaussian(features(net, each)) for each in both))


def one(config: RunConfig, data_dir: Path | None, *, sampled: bool = False) -> dict[str, Any]:
    """Train one run and measure it; `sampled`: its samples, too."""
    with tempfile.TemporaryDirectory() as folder:
        path = train(config, Path(folder) / "run", data_dir=data_dir)
        loaded = load_checkpoint(path)
    data = load_data(
        config.data.dataset,
        "validation",
        image_size=config.model.image_size,
        channels=config.model.image_channels,
        data_dir=data_dir,
        validation_fraction=HELD_OUT,
    )
    assert loaded.header.training is not None
    figures = measure(loaded.model, data)
    if sampled:
        figures["fad"] = sample_distance(loaded.model, config.data.dataset, data_dir)
    return {"seconds": loaded.header.training.seconds, **figures}


def table(results: dict[str, dict[str, Any]], dataset: str, steps: int, which: str = "") -> str:
    """The results of one data set and budget, as Markdown; mean and deviation over the seeds."""
    columns = COLUMNS[which]
    lines = [f"| {' | '.join(['row', *columns.values(), 'seeds'])} |", f"{'| --- ' * (len(columns) + 2)}|"]
    for name in TABLES[which]:
        runs = [r for r in results.values() if (r["row"], r["dataset"], r["steps"]) == (name, dataset, steps)]
        if runs:
            cells = [_cell([r[key] for r in runs]) for key in columns]
            lines.append(f"| {name} | {' | '.join(cells)} | {len(runs)} |")
    return "\n".join(lines)


def _cell(values: list[float]) -> str:
    mean = sum(values) / len(values)
    if len(values) == 1:
        return f"{mean:.4f}"
    return f"{mean:.4f} ± {math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1)):.4f}"


def run_all(
    names: list[str],
    dataset: str,
    steps: int,
    seeds: int,
    results_path: Path,
    data_dir: Path | None,
    say: Callable[[str], None] = print,
) -> dict[str, dict[str, Any]]:
    """Do the runs that the file of results does not hold yet, seed by seed, and return all that it holds."""
    results: dict[str, dict[str, Any]] = json.loads(results_path.read_text()) if results_path.exists() else {}
    for seed in range(seeds):
        for name in names:
            key = f"{dataset}/{name}/{steps}/{seed}"
            if key in results:
                continue
            config = settings(name, dataset, steps, seed)
            figures = one(config, data_dir, sampled=name in LATENT_SIZES)
            results[key] = {"row": name, "dataset": dataset, "steps": steps, "seed": seed, **figures}
            write_atomically(results_path, (json.dumps(results, indent=1) + "\n").encode())
            say(f"{key}: mse {figures['mse']:.4f} in {figures['seconds']:.0f} s")
    return results


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--budget-steps", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", nargs="*", choices=[*ROWS, *LATENT_SIZES], metavar="ROW", help="Some of the rows.")
    parser.add_argument("--latent-sizes", action="store_true", help="The other table: numbers of neurons and steps.")
    parser.add_argument("--results", type=Path, default=Path("runs/ablations.json"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--write", type=Path, help="Markdown file whose table of this data set is replaced")
    arguments = parser.parse_args()
    keep_large_blocks()
    torch.set_num_threads(arguments.threads)
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    dataset, steps = arguments.dataset, arguments.budget_steps
    which = " latent sizes" if arguments.latent_sizes else ""
    names = arguments.rows or list(TABLES[which])
    results = run_all(names, dataset, steps, arguments.seeds, arguments.results, arguments.data_dir)
    text = table(results, dataset, steps, which)
    print(text)
    if arguments.write:
        new = put_table(arguments.write.read_text(encoding="utf-8"), f"{dataset}{which}", text)
        write_atomically(arguments.write, new.encode())


if __name__ == "__main__":
    main()
