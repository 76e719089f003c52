"""Contact sheets of the shipped models: docs/contact/NAME.png, nothing cherry-picked.

Left to right: the first 64 of the test split in a seeded order, the model's reconstructions of them, 64 samples. Where
it is known what the images were made from, NAME-factors.png has two rows for each factor. In the first the rates of an
image are moved as the mean rates of all test images move with that factor, from its least to its greatest value; in the
second the one dimension that says most of the factor goes from 0 to 1. Where neurons were taught the factors, the two
rows are of two images, in which the taught neuron alone goes from 0 to 1.

    python docs/make_contact_sheets.py --data-dir DIR [NAME ...]
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from esvae_core.checkpoint import load, read_header
from esvae_core.data import load as load_data
from esvae_core.errors import DataError
from esvae_core.esvae import ESVAE
from esvae_core.evaluation.adapter import adapter_of
from esvae_core.evaluation.factors import binned, information
from esvae_core.files import write_atomically
from esvae_core.pictures import grid
from esvae_core.seeds import generator

ROOT = Path(__file__).parents[1]
COUNT, COLUMNS, SEED, GAP = 64, 8, 0, 12
FRAMES, LABEL = 11, 90


def sheet(path: Path, data_dir: Path | None) -> Image.Image:
    """Real images, reconstructions and samples of one checkpoint, side by side."""
    loaded = load(path)
    header = loaded.header
    name = header.data.dataset if header.data else header.dataset.name if header.dataset else None
    if name is None:
        raise DataError(f"{path}: its data set is not known")
    config = header.model
    data = load_data(
        name,
        "test",
        image_size=config.image_size,
        channels=config.image_channels,
        data_dir=data_dir,
        download=False,
        accept_other_hash=header.data is not None and header.data.accept_other_hash,
    )
    subject = adapter_of(loaded.model)
    images = data.tensor(np.random.default_rng(SEED).permutation(len(data))[:COUNT])
    panels = [
        grid(pictures, COLUMNS, scale=2 if config.image_size <= 32 else 1)
        for pictures in (
            images,
            subject.reconstruct(images, generator(SEED, "contact sheet", "noise")),
            subject.sample(COUNT, generator(SEED, "contact sheet", "samples")),
        )
    ]
    width, height = panels[0].size
    whole = Image.new("RGB", (3 * width + 2 * GAP, height), "white")
    for i, panel in enumerate(panels):
        whole.paste(panel, (i * (width + GAP), 0))
    return whole


def factor_sheet(path: Path, data_dir: Path | None) -> Image.Image | None:
    """Traversals of one checkpoint's latent, two for each factor or for each neuron that was taught; None without."""
    loaded = load(path)
    model, header = loaded.model, loaded.header
    if not isinstance(model, ESVAE) or header.data is None:
        return None
    if not (header.taught or header.data.dataset.startswith("sprites")):
        return None
    config = header.model
    form = {"image_size": config.image_size, "channels": config.image_channels}
    data = load_data(header.data.dataset, "test", **form, data_dir=data_dir, download=False)
    names = header.taught or data.factor_names
    with torch.no_grad():
        rates = model.encode(data.tensor()).rates
        first, second = np.random.default_rng(SEED).permutation(len(data))[:2]
        dimensions = [binned(column) for column in rates.numpy().T]

        def alone(image: int, dimension: int) -> torch.Tensor:
            moved = rates[image].repeat(FRAMES, 1)
            moved[:, dimension] = torch.linspace(0, 1, FRAMES)
            return moved

        rows = []
        for k in range(len(names)):
            if header.taught:
                rows += [alone(first, k), alone(second, k)]
                continue
            assert data.factors is not None
            factor = data.factors[:, k]
            kinds = binned(factor, FRAMES)
            means = torch.stack([rates[kinds == kind].mean(0) for kind in range(kinds.max() + 1)])
            at = np.linspace(0, len(means) - 1, FRAMES).round()  # a factor of four classes has four means
            rows.append((rates[first] + means[at] - means[kinds[first]]).clamp(0, 1))
            said = [information(dimension, binned(factor)) for dimension in dimensions]
            rows.append(alone(first, int(np.argmax(said))))
        # one draw for all, so that nothing but the rate differs along a row
        noise = torch.rand(config.time_steps, 1, config.latent_dim, generator=generator(SEED, "factors"))
        spikes = model.sample_spikes(torch.cat(rows), noise=noise.expand(-1, FRAMES * len(rows), -1))
        pictures = grid(model.decode(spikes), FRAMES, scale=2)
    whole = Image.new("RGB", (LABEL + pictures.width, pictures.height), "white")
    whole.paste(pictures, (LABEL, 0))
    words = ImageDraw.Draw(whole)
    for i, name in enumerate(names):
        middle = (i + 0.5) * pictures.height / len(names)
        words.text((LABEL - GAP, middle), name, fill="black", anchor="rm", font_size=14)
    return whole


def write(picture: Image.Image, path: Path) -> None:
    """Write a picture and say where."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    write_atomically(path, buffer.getvalue())
    print(path)


def main() -> None:
    """Write the sheets of all shipped models whose data is on disk, or of those named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="checkpoints; all unless given")
    parser.add_argument("--data-dir", type=Path, default=None, help="folder with data files")
    asked = parser.parse_args()
    folder = ROOT / "docs" / "contact"
    folder.mkdir(exist_ok=True)
    for path in sorted((ROOT / "checkpoints").glob("*.safetensors")):
        if (asked.names and path.stem not in asked.names) or read_header(path).model.takes_frames:
            continue
        try:
            picture = sheet(path, asked.data_dir)
        except DataError as error:
            print(f"{path.stem}: left out: {error}")
            continue
        write(picture, folder / f"{path.stem}.png")
        if factors := factor_sheet(path, asked.data_dir):
            write(factors, folder / f"{path.stem}-factors.png")


if __name__ == "__main__":
    main()
