"""Two figures of the documentation, from what ships alone: no data set is needed.

    pip install matplotlib
    python docs/make_figures.py rate-distortion     # docs/figures/rate-distortion.svg, seconds
    python docs/make_figures.py robustness          # docs/figures/robustness.svg and robustness.png, minutes

Rate-distortion: of every shipped ESVAE, once with Bernoulli and once with systematic sampling, the squared error on the
whole test split as the checkpoint says it, against the bits that its spike counts tell about its rates: exact mutual
information of each rate with its count, summed over the latent (`esvae_core.evaluation.information`), the rates being
those of the test images in its atlas. What neurons have in common is counted for each of them: it is an upper bound.

Robustness: the error of 500 test images, three noise seeds, when latent spikes are flipped with some probability or
trains are shuffled in time, as `esvae_core.evaluation.robustness` damages them; and what four images become.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib import pyplot
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray

from esvae_core.checkpoint import load, read_header
from esvae_core.config import ModelConfig
from esvae_core.evaluation import perturbations
from esvae_core.evaluation.adapter import adapter_of
from esvae_core.evaluation.fidelity import squared_error
from esvae_core.evaluation.information import information_per_dimension
from esvae_core.explore import atlas as atlases
from esvae_core.explore.original_images import originals_of
from esvae_core.files import write_atomically
from esvae_core.pictures import grid
from esvae_core.seeds import generator

ROOT = Path(__file__).parents[1]
CHECKPOINTS, FOLDER = ROOT / "checkpoints", ROOT / "docs" / "figures"
SAMPLERS = {"bernoulli": "o", "systematic": "^"}
COLOURS = {"mnist": "#4c3fb3", "fashion_mnist": "#c2571a", "cifar10": "#2b7a4b", "emoji": "#a3327a"}
OTHERS = "#5f6b7a"
NEAR = (0.5, 0.09)  # of two names that would overlap, as logarithms
DAMAGED = ("mnist-poisson", "mnist-plus", "mnist", "fsvae-mnist")
FLIPPED = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
SHUFFLED = (0.0, 0.25, 0.5, 0.75, 1.0)
DAMAGES = ((perturbations.flip, FLIPPED), (perturbations.shuffle, SHUFFLED))
IMAGES, SEEDS, SHOWN = 500, 3, (0, 1, 2, 3)


def distortion() -> list[tuple[str, str, str, float, float]]:
    """(model, data set, sampler, bits an image, MSE) of every shipped ESVAE with an atlas, by name."""
    rows = []
    for path in sorted(CHECKPOINTS.glob("*.safetensors")):
        header, beside = read_header(path), atlases.beside(path)
        if not isinstance(header.model, ModelConfig) or not beside.exists():
            continue
        atlas, steps = atlases.load(beside), header.model.time_steps
        for sampler in SAMPLERS:
            said = re.compile(rf"\b{sampler} sampling\b")
            found = [m.value for m in header.metrics if m.name == "mse" and said.search(m.protocol)]
            if found:
                bits = float(information_per_dimension(atlas.rates, steps, sampler).sum())
                rows.append((path.stem, atlas.dataset, sampler, bits, found[-1]))
    return rows


def plot_distortion() -> None:
    """Bits against error, both on a logarithmic scale."""
    figure, axes = pyplot.subplots(figsize=(9, 5.5), layout="constrained")
    above: list[NDArray[np.float64]] = []  # places whose names stand above them
    for name, dataset, sampler, bits, error in sorted(distortion(), key=lambda row: -row[-1]):
        colour, place = COLOURS.get(dataset, OTHERS), np.log([bits, error])
        axes.plot(bits, error, SAMPLERS[sampler], color=colour, markersize=6)
        crowded = any((np.abs(place - other) < NEAR).all() for other in above)
        offset = (6, -9) if crowded else (6, 3)
        axes.annotate(name, (bits, error), xytext=offset, textcoords="offset points", fontsize=8, color=colour)
        above += [] if crowded else [place]
        print(f"| `{name}` | {sampler} | {bits:.0f} | {error:.4f} |")
    for sampler, shape in SAMPLERS.items():
        axes.plot([], [], shape, color="black", label=f"{sampler} spikes")
    axes.set(
        xscale="log", yscale="log", xlabel="bits of the latent's counts, an image", ylabel="test MSE", xlim=(17, 850)
    )
    for axis, ticks in ((axes.xaxis, (20, 50, 100, 200, 500)), (axes.yaxis, (0.01, 0.02, 0.05, 0.1))):
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, loc="lower left")
    write(figure, "rate-distortion.svg")


def images_of(name: str) -> torch.Tensor:
    """(500, 1, 32, 32) test images in [-1, 1], the first of the model's atlas, which drew them at random."""
    path = CHECKPOINTS / f"{name}.safetensors"
    rows: NDArray[np.uint8] | None = originals_of(atlases.load(atlases.beside(path)), path, 32, 1)
    if rows is None:
        raise SystemExit(f"{path}: the file of its originals is missing")
    return torch.from_numpy(rows[:IMAGES].transpose(0, 3, 1, 2).copy()).float() / 127.5 - 1


@torch.no_grad()
def plot_robustness() -> None:
    """Two panels of curves, and rows of pictures for each model and probability."""
    figure, panels = pyplot.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
    strips = []
    for name in DAMAGED:
        adapter, images = adapter_of(load(CHECKPOINTS / f"{name}.safetensors").model.eval()), images_of(name)
        for axes, damage, along in zip(
            panels, (perturbations.flip, perturbations.shuffle), (FLIPPED, SHUFFLED), strict=True
        ):
            means = []
            for strength in along:
                errors = []
                for seed in range(SEEDS):
                    noise = generator(seed, "robustness figure", name)
                    made = adapter.decode(damage(adapter.latent_spikes(images, noise), strength, noise))
                    errors.append(float(squared_error(made, images).mean()))
                    if damage is perturbations.flip and seed == 0:
                        strips.append(made[list(SHOWN)])
                means.append(np.mean(errors))
                print(
                    f"| `{name}` | {damage.__name__} | {strength:.2f} | {np.mean(errors):.4f} ± {np.std(errors):.4f} |"
                )
            axes.plot(along, means, marker="o", markersize=4, label=name)
    panels[0].set(xlabel="probability that a latent spike is flipped", ylabel="MSE of 500 test images")
    panels[1].set(xlabel="share of spike trains that are shuffled in time")
    for axes in panels:
        axes.grid(alpha=0.2)
    panels[0].legend(frameon=False)
    write(figure, "robustness.svg")
    columns = len(FLIPPED)
    rows = torch.stack(strips).unflatten(0, (len(DAMAGED), columns)).transpose(1, 2)  # models, images, probabilities
    grid(rows.flatten(0, 2), columns, scale=2).save(FOLDER / "robustness.png", optimize=True)


def write(figure: pyplot.Figure, name: str) -> None:
    """Save it, the same bytes for the same figure."""
    FOLDER.mkdir(exist_ok=True)
    target = FOLDER / name
    with mpl.rc_context({"svg.hashsalt": "esvae", "svg.fonttype": "none"}):
        figure.savefig(target, metadata={"Date": None})
    write_atomically(target, target.read_bytes())


if __name__ == "__main__":
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("figure", choices=("rate-distortion", "robustness"))
    {"rate-distortion": plot_distortion, "robustness": plot_robustness}[reader.parse_args().figure]()
