"""`esvae` with every kind of model: trained by one command each on a few hundred digits, then used."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from esvae_core import checkpoint
from esvae_core.controls.directions import by_hand
from esvae_core.controls.file import beside, write_controls
from esvae_core.engine import autoregressive
from esvae_core.engine.plan import plan_of
from esvae_core.pictures import to_uint8

TINY = (
    "data.dataset=digits", "data.validation_fraction=0.1", "model.image_size=8", "model.channels=[2,4]",
    "model.latent_dim=4", "train.epochs=1", "train.batch_size=128", "train.batches_per_epoch=2",
)  # fmt: skip
PRESETS = {
    "fsvae-mnist": ("model.time_steps=3", "model.candidates=3"),
    "annvae-mnist": (),
    "annvae-mnist-published": (),
    "ae-mnist": ("model.components=3",),
}


@pytest.fixture(params=PRESETS)
def trained(request, esvae, tmp_path):
    """A checkpoint from `esvae train` with each rival's preset, and its kind."""
    changes = [word for change in (*TINY, *PRESETS[request.param]) for word in ("--set", change)]
    done = esvae("train", "--preset", request.param, *changes, "--out", tmp_path / "run", "--accelerator", "cpu")
    assert done.code == 0, done.err
    assert "validation mse" in done.out
    return tmp_path / "run" / "model.safetensors", request.param.partition("-")[0]


def test_a_rival_is_trained_shown_and_used(trained, esvae, tmp_path):
    path, kind = trained
    info = esvae("info", path)
    assert info.code == 0, info.err
    assert kind in info.out
    assert json.loads(esvae("info", path, "--json").out)["model"]["kind"] == kind

    for _ in range(2):
        done = esvae("sample", path, "--n", 300, "--seed", 3, "--out", tmp_path / "samples.npz")
        assert done.code == 0, done.err
    assert np.load(tmp_path / "samples.npz")["images"].shape == (300, 8, 8)
    assert esvae("sample", path, "--n", 4, "--out", tmp_path / "samples.png").code == 0

    done = esvae("encode", path, "digits", "--out", tmp_path / "latents.npz")
    assert done.code == 0, done.err
    table = np.load(tmp_path / "latents.npz")
    assert table["features"].shape == (300, 4)
    assert len(table["labels"]) == 300


def test_a_latent_without_spikes_is_decoded_and_walked_and_made_again(trained, esvae, tmp_path):
    path, kind = trained
    assert esvae("encode", path, "digits", "--out", tmp_path / "latents.npz").code == 0
    words = {
        "decode": (path, tmp_path / "latents.npz", "--out", tmp_path / "decode.npz"),
        "interpolate": (path, "digits:0", "digits:1", "--frames", 5, "--out", tmp_path / "interpolate.npz"),
        "sample": (path, "--n", 7, "--out", tmp_path / "sample.npz"),
    }
    if kind == "fsvae":
        assert "expected an array 'rates'" in esvae("decode", *words["decode"]).err
        assert esvae("interpolate", *words["interpolate"]).code == 0
        assert esvae("decode", path, tmp_path / "interpolate.npz", "--out", tmp_path / "again.npz").code == 0
        first, again = (np.load(tmp_path / f"{name}.npz") for name in ("interpolate", "again"))
        assert np.array_equal(first["rates"], again["rates"])
        assert set(np.unique(first["rates"][[0, -1]] * 3)) <= {0, 1, 2, 3}, "counts over T"
        assert esvae("replay", tmp_path / "interpolate.npz", "--checkpoint", path).code == 0
        more, moved = by_hand("more", np.full((1, 4), 0.9), np.full((1, 4), 0.2)), tmp_path / "moved.npz"
        where = {"dataset": "digits", "dataset_sha256": ""}
        model = checkpoint.load(path).model
        weights = checkpoint.weights_hash(model.state_dict())
        write_controls(beside(path), (more,), **where, checkpoint_sha256=weights)
        done = esvae("sample", path, "--n", 3, "--seed", 5, "--control", "more=+0.5", "--out", moved)
        assert done.code == 0, done.err
        counts = np.stack([autoregressive.generated(plan_of(model), seed).sum(0) for seed in (5, 6, 7)])
        assert np.abs(np.load(moved)["rates"] - more.apply(counts / 3, 0.5)).max() < 1e-4
        assert esvae("replay", moved, "--checkpoint", path).code == 0
        return
    model = checkpoint.load(path).model
    for name, rest in words.items():
        done = esvae(name, *rest)
        assert done.code == 0, done.err
        with np.load(tmp_path / f"{name}.npz") as file:
            images, codes = file["images"], torch.from_numpy(file["latent"])
        with torch.no_grad():
            wanted = to_uint8(model.decode(codes))[..., 0]
        assert np.abs(images.astype(int) - wanted).max() <= 1
        assert esvae("replay", tmp_path / f"{name}.npz", "--checkpoint", path).code == 0
    start, *_, end = codes_of = np.load(tmp_path / "interpolate.npz")["latent"]
    assert np.allclose(codes_of, np.linspace(start, end, 5), atol=1e-2)
    known = np.load(tmp_path / "latents.npz")["features"]
    assert np.allclose((start, end), known[:2], atol=1e-2)
    assert np.allclose(np.load(tmp_path / "decode.npz")["latent"], known, atol=1e-2)
    again = esvae("decode", path, tmp_path / "decode.npz", "--out", tmp_path / "again.npz")
    assert again.code == 0
    assert np.array_equal(np.load(tmp_path / "again.npz")["images"], np.load(tmp_path / "decode.npz")["images"])


def test_what_needs_rates_is_refused_in_one_line(trained, esvae, tmp_path):
    path, kind = trained
    np.savez(tmp_path / "features.npz", features=np.full((2, 4), np.nan))
    of_rates = kind != "fsvae" and (
        ("decode", path, tmp_path / "features.npz", "--steps", 3, "--out", tmp_path / "x.png"),
        ("interpolate", path, "digits:0", "digits:1", "--path", "arcsine", "--out", tmp_path / "x.png"),
    )
    for words in (
        *(of_rates or ()),
        ("sample", path, "--steps", 3, "--out", tmp_path / "x.png"),
        ("encode", path, "digits", "--steps", 3, "--out", tmp_path / "x.npz"),
        ("evaluate", path),
        ("fit-prior", path, "--out", tmp_path / "x.safetensors"),
        ("calibrate", path, "--out", tmp_path / "x.safetensors"),
    ):
        done = esvae(*words)
        assert done.code == 2, words
        assert len(done.err.strip().splitlines()) == 1, done.err
        assert f"kind {kind}" in done.err or "expected a file name" in done.err
    done = esvae("decode", path, tmp_path / "features.npz", "--out", tmp_path / "x.png")
    assert done.code == 2
    assert "expected finite features" in done.err or "expected an array 'rates'" in done.err
    assert not list(tmp_path.glob("x.*"))


def test_an_atlas_and_a_page_are_made_of_what_can_be_played(trained, esvae, tmp_path):
    path, _ = trained
    done = esvae("atlas", path, "--count", 12)
    nowhere = esvae("page", path, "--out", tmp_path / "y.html", "--view", "map")
    page = esvae("page", path, "--out", tmp_path / "x.html")
    assert (done.code, page.code) == (0, 0), done.err + page.err
    assert "12 test images" in done.out
    assert (tmp_path / "x.html").stat().st_size > 100_000
    assert nowhere.code == 2
    assert "has no map to open at; esvae atlas draws one of 20 test images or more" in nowhere.err
    assert not (tmp_path / "y.html").exists()
