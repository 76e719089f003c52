import csv
import io

import numpy as np
import pytest
from PIL import Image

from app import catalogue
from app.scene import drawn
from app.state import GRID, Prior, State, to_grid
from app.takeaway import grid_code, picture_code, rates_csv


def pixels(name):
    with Image.open(name) as image:
        return np.asarray(image)


def test_the_table_has_a_line_for_each_dimension():
    rows = list(csv.DictReader(io.StringIO(rates_csv((0, GRID, GRID // 2), (GRID // 16, GRID, 1)))))
    assert [row["dimension"] for row in rows] == ["0", "1", "2"]
    assert [float(row["source_rate"]) for row in rows] == [0, 1, 0.5]
    assert [row["current_rate"] for row in rows] == ["0.0625", "1", "0.000022"]


@pytest.mark.parametrize("rates", [[0, 0.125, 0.25, 0.5, 0.875, 1], [0.1, 0.2, 0.333, 0.77, 0.5, 0.9]])
@pytest.mark.parametrize("sampler", ["bernoulli", "systematic"])
def test_the_lines_of_python_make_the_same_picture(shelf_dir, tmp_path, monkeypatch, rates, sampler):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(catalogue, "folders", lambda: [shelf_dir])
    state = State("aaa", Prior(3), to_grid(rates), 11, sampler, 8)
    exec(picture_code(state, shelf_dir / "aaa.safetensors"), {})
    assert np.array_equal(pixels("picture.png")[::10, ::10], drawn(state).pixels[0, :, :, 0])


def test_the_lines_of_python_make_a_grid(shelf_dir, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = State("aaa", Prior(3), to_grid([0.5] * 6), 11, "bernoulli", 8)
    exec(grid_code(state, shelf_dir / "aaa.safetensors", 2, 3, 5), {})
    assert pixels("grid.png").shape == (4 * (2 * 18 - 2), 4 * (3 * 18 - 2))


def test_a_path_below_the_working_folder_is_short(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = State("m", Prior(3), (0,), 11, "bernoulli", 8)
    assert 'load("checkpoints/m.safetensors")' in picture_code(state, tmp_path / "checkpoints" / "m.safetensors")
