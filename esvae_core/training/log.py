"""What a run writes while it goes: a CSV file, TensorBoard, a grid of pictures per epoch."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from PIL import Image

from esvae_core.files import write_atomically


def write_csv(path: Path, rows: list[dict[str, float]]) -> None:
    """The whole log anew, one row per epoch, so that a resumed run never repeats or loses one."""
    text = io.StringIO(newline="")
    names = list(dict.fromkeys(name for row in rows for name in row))  # a later version may log more than the first did
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in rows)
    write_atomically(path, text.getvalue().encode())


class TensorBoardLogger:
    """TensorBoard's event file; imported only when a run starts."""

    def __init__(self, folder: Path, first_step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=first_step)

    def scalars(self, values: dict[str, float], step: int) -> None:
        """One point on each curve."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def picture(self, name: str, picture: Image.Image, step: int) -> None:
        """One picture on the image tab."""
        import numpy as np

        pixels = np.asarray(picture.convert("RGB"))
        self._writer.add_image(name, pixels, step, dataformats="HWC")

    def close(self) -> None:
        """Flush and close the file."""
        self._writer.close()
