"""The page's modules under Node: the .mjs tests in `web/`, on cases written here with the library and Pillow."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFilter

from esvae_core.controls.attributes import family_of
from esvae_core.controls.directions import Controls, by_hand, to_coordinates
from esvae_core.controls.measured import Attribute, Measured
from esvae_core.explore.array_format import control_parts, write_arrays
from esvae_core.explore.dimensions import geodesic_values, quantile_values, sensitivity
from esvae_core.explore.effect import data_range
from esvae_core.explore.fixed_point import GRID, to_fixed_point
from esvae_core.explore.interpolate import interpolate
from esvae_core.front_end import FRONT_END
from esvae_core.pictures import to_uint8
from tests.controls.test_directions import made as control

HERE = Path(__file__).parent / "web"
RNG = np.random.default_rng(0)


def _resized(height, width, to, channels):
    before = RNG.integers(0, 256, (height, width, channels), dtype=np.uint8)
    image = Image.fromarray(before[:, :, 0] if channels == 1 else before)
    after = np.asarray(image.resize(to[::-1], Image.Resampling.BILINEAR))
    return {
        "from": (height, width),
        "to": to,
        "channels": channels,
        "before": before.ravel().tolist(),
        "after": after.ravel().tolist(),
    }


def _gray():
    rgba = RNG.integers(0, 256, (40, 4), dtype=np.uint8)
    rgba[::2, 3] = 255
    rgba[1::4, 3] = 0
    over = np.where(rgba[:, 3:] == 255, rgba[:, :3], 255).astype(np.uint8)
    rgba[:, 3] = np.where((rgba[:, 3] > 0) & (rgba[:, 3] < 255), 0, rgba[:, 3])
    luma = np.asarray(Image.fromarray(over[None]).convert("L")).ravel()
    return {"rgba": rgba.ravel().tolist(), "luma": luma.tolist()}


def _neighbours():
    counts, rates = RNG.integers(0, 9, (101, 6)), RNG.random(6)
    distances = np.sqrt(((counts / 8 - rates) ** 2).mean(1))
    order = np.argsort(distances)
    return {
        "counts": counts.tolist(),
        "steps": 8,
        "rates": rates.tolist(),
        "order": order.tolist(),
        "distances": distances[order].tolist(),
        "range": data_range(counts / 8).tolist(),
        "deviation": (counts / 8).std(0).tolist(),
    }


def _paths():
    start, end = torch.rand(2, 5, generator=torch.Generator().manual_seed(0))
    start[0], end[1] = 0, 1
    return [
        {
            "path": path,
            "start": start.tolist(),
            "end": end.tolist(),
            "frames": interpolate(start, end, 6, path).tolist(),
        }
        for path in ("linear", "logit", "arcsine")
    ]


def _controls():
    """Controls of both coordinates, of ranks 0 to 3, of one field or two, asked for up to more than they reach."""
    cases = []
    for coordinates in ("plain", "arcsine"):
        middle = np.full(6, 0.25)
        made = [
            control(f"c{rank}", coordinates, rank, rank, two_sides=rank != 2, middle=middle) for rank in (0, 2, 3, 1)
        ]
        moves = []
        for each in made:
            for amount in (-4, -1.25, 0.05, 0.5, 3, 9):
                rates = RNG.integers(0, GRID + 1, 6)
                moved = to_fixed_point(each.apply(rates / GRID, amount))
                lies = float(to_coordinates(rates / GRID, coordinates) @ each.step)
                move = {"name": each.name, "rates": rates.tolist(), "amount": amount, "lies": lies}
                moves.append(move | {"moved": moved.tolist()})
        held = write_arrays(*control_parts(Controls(tuple(made))))
        cases.append({"held": base64.b64encode(held).decode(), "moves": moves})
    return cases


def _measured():
    """A table of attributes, and what each row of an atlas that holds other images as well should be told."""
    attributes = (
        Attribute("size", "px", "number", "as told"),
        Attribute("kind", "", "category", "as told", categories=("a", "b")),
    )
    values = np.stack([RNG.uniform(-5, 50, 12), RNG.integers(0, 2, 12)], axis=1)
    values[2, 0] = np.nan
    images = RNG.permutation(100)[:12]
    measured = Measured(attributes, RNG.uniform(-1, 1, (2, 6)), 777, images, values)
    held = write_arrays(*control_parts(Controls((control("c", rank=1),), measured=measured, dataset="made")))
    rows = [*RNG.permutation(12).tolist(), None]
    indices = [int(images[row]) if row is not None else 1000 for row in rows]
    expected = [
        [None if row is None or np.isnan(values[row, k]) else float(values[row, k]) for row in rows] for k in range(2)
    ]
    return {"held": base64.b64encode(held).decode(), "indices": indices, "expected": expected}


def _pictures(channels: int, size: int) -> np.ndarray:
    """Thick and thin strokes, rings, blots, noise and nothing, as (N, C, H, W) bytes."""
    drawn = []
    for k in range(24):
        picture = Image.new("RGB", (size, size), (0, 0, 0) if k % 3 else (40, 90, 20))
        pen = ImageDraw.Draw(picture)
        for _ in range(1 + k % 3):
            points = [tuple(point) for point in RNG.integers(3, size - 3, (3, 2)).tolist()]
            colour = tuple(RNG.integers(100, 256, 3).tolist())
            pen.line(points, fill=colour, width=1 + k % 5)
            pen.ellipse([*np.sort(RNG.integers(1, size - 1, (2, 2)), axis=0).ravel().tolist()], outline=colour, width=2)
        drawn.append(np.asarray(picture.filter(ImageFilter.GaussianBlur(k % 4 / 2))))
    blank, flat = np.zeros((2, size, size, 3), np.uint8)
    flat[:] = 17
    noise = RNG.integers(0, 256, (size, size, 3), dtype=np.uint8)
    images = np.stack([*drawn, blank, flat, noise]).transpose(0, 3, 1, 2)
    return images if channels == 3 else images[:, :1]


def _attributes():
    """What the library measures of pictures of each family."""
    cases = []
    for dataset, channels, size in (("mnist", 1, 32), ("digits:x", 1, 15), ("fashion_mnist", 1, 28), ("emoji", 3, 32)):
        family = family_of(dataset, channels)
        images = _pictures(channels, size)
        values = family.measure(images)
        cases.append(
            {
                "dataset": dataset,
                "channels": channels,
                "size": size,
                "names": [attribute.name for attribute in family.attributes],
                "images": images.reshape(len(images), -1).tolist(),
                "values": [[None if np.isnan(v) else float(v) for v in row] for row in values],
            }
        )
    return cases


def _own():
    """A selection against the rest, and rates that its control has moved."""
    cases = []
    for coordinates in ("plain", "arcsine"):
        counts, rows = RNG.integers(0, 9, (20, 6)), [1, 4, 5]
        others = np.delete(np.arange(20), rows)
        made = by_hand("a b", counts[rows] / 8, counts[others] / 8, coordinates)
        moves = []
        for amount in (-1.5, 0.25, 1, 5):
            rates = RNG.integers(0, GRID + 1, 6)
            moved = to_fixed_point(made.apply(rates / GRID, amount))
            moves.append({"rates": rates.tolist(), "amount": amount, "moved": moved.tolist()})
        case = {"counts": counts.ravel().tolist(), "steps": 8, "dims": 6, "rows": rows, "moves": moves}
        cases.append(case | {"arcsine": coordinates == "arcsine"})
    return cases


def _dimensions():
    column, low, high = RNG.integers(0, 9, 33) / 8, *RNG.integers(0, 256, (2, 3, 4, 5, 3), dtype=np.uint8)
    as_page = [(part.transpose(0, 3, 1, 2) / 127.5 - 1).reshape(3, -1).tolist() for part in (low, high)]
    return {
        "quantiles": [
            {"column": column.tolist(), "frames": n, "values": quantile_values(column, n).tolist()} for n in (2, 9)
        ],
        "geodesic": [{"frames": n, "values": geodesic_values(n).tolist()} for n in (2, 9)],
        "sensitivity": {
            "low": as_page[0],
            "high": as_page[1],
            "channels": 3,
            "map": sensitivity(low, high).ravel().tolist(),
        },
    }


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    values = np.linspace(-1.2, 1.2, 97)
    bytes_ = to_uint8(torch.from_numpy(values).view(-1, 1, 1, 1)).ravel()
    path = tmp_path_factory.mktemp("web") / "cases.json"
    path.write_text(
        json.dumps(
            {
                "resize": [
                    _resized(28, 28, (32, 32), 1),
                    _resized(57, 40, (16, 16), 3),
                    _resized(5, 9, (13, 4), 1),
                    _resized(200, 200, (32, 32), 1),
                ],
                "gray": _gray(),
                "bytes": [[float(v), int(b)] for v, b in zip(values, bytes_, strict=True)],
                "neighbours": _neighbours(),
                "dimensions": _dimensions(),
                "paths": _paths(),
                "controls": _controls(),
                "measured": _measured(),
                "own": _own(),
                "attributes": _attributes(),
                "normal": [[x, NormalDist().cdf(x)] for x in np.linspace(-5, 5, 41).tolist()],
                "pack": base64.b64encode(
                    write_arrays(
                        {"name": "ü", "steps": 3},
                        {"a": np.array([1, 2, 3], np.uint8), "b": np.array([[0.5, -1], [2, 8]], np.float32)},
                    )
                ).decode(),
            }
        )
    )
    return path


@pytest.mark.parametrize("name", [path.name for path in sorted(HERE.glob("*.test.mjs"))])
def test_in_node(name, cases):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here")
    if name == "messages.test.mjs" and not (HERE.parents[2] / "node_modules" / "espree").is_dir():
        pytest.skip("needs the tools of `npm ci`")
    run = subprocess.run(
        [node, "--test-reporter=spec", str(HERE / name)],
        env=os.environ | {"ESVAE_CASES": str(cases)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "tests 0" not in run.stdout, run.stdout


def test_packs_hold_known_types_only():
    with pytest.raises(TypeError, match=r"a: expected one of .*, got int64"):
        write_arrays({}, {"a": np.zeros(3, np.int64)})


def test_every_module_of_the_page_parses():
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here")
    files = sorted(str(path) for path in FRONT_END.rglob("*.js"))
    parse = """
        for (const file of process.argv.slice(1)) {
          new (require("vm").SourceTextModule)(require("fs").readFileSync(file, "utf8"), { identifier: file });
        }
    """
    command = [node, "--experimental-vm-modules", "--no-warnings", "-e", parse, *files]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert len(files) > 40
    assert run.returncode == 0, run.stderr
