"""Contact sheets of the shipped models: docs/contact/NAME.png, nothing cherry-picked.

Left to right: the first 64 of the test split in a seeded order, the model's reconstructions of them, 64 samples.

    python docs/make_contact_sheets.py --data-dir DIR [NAME ...]
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image

from esvae_core.checkpoint import load
from esvae_core.data import load as load_data
from esvae_core.errors import DataError
from esvae_core.evaluation.subject import subject_of
from esvae_core.files import write_atomically
from esvae_core.pictures import grid
from esvae_core.seeds import generator

ROOT = Path(__file__).parents[1]
COUNT, COLUMNS, SEED, GAP = 64, 8, 0, 12


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
    subject = subject_of(loaded.model)
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


def main() -> None:
    """Write the sheets of all shipped models whose data is on disk, or of those named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="checkpoints; all unless given")
    parser.add_argument("--data-dir", type=Path, default=None, help="folder with data files")
    asked = parser.parse_args()
    folder = ROOT / "docs" / "contact"
    folder.mkdir(exist_ok=True)
    for path in sorted((ROOT / "checkpoints").glob("*.safetensors")):
        if asked.names and path.stem not in asked.names:
            continue
        try:
            picture = sheet(path, asked.data_dir)
        except DataError as error:
            print(f"{path.stem}: left out: {error}")
            continue
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", optimize=True)
        write_atomically(folder / f"{path.stem}.png", buffer.getvalue())
        print(folder / f"{path.stem}.png")


if __name__ == "__main__":
    main()
