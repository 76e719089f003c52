"""The command: every success path, and every user error as one line and exit code 2."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image, PngImagePlugin

import esvae_core
from benchmarks.published_layout import published_network, published_state
from esvae_core.checkpoint import DataRecord, Header, load, read_header, save, weights_hash
from esvae_core.config import TrainConfig
from esvae_core.controls.directions import by_hand
from esvae_core.controls.file import beside, write_controls
from esvae_core.data import load as load_data
from esvae_core.evaluation.feature_net import (
    FeatureConfig,
    FeatureFile,
    FeatureHeader,
    FeatureNet,
    load_features,
    save_features,
)
from esvae_core.evaluation.frechet import gaussian
from esvae_core.presets import PRESETS
from esvae_core.shipped import SHIPPED

from .evaluation.test_feature_import import Published as PublishedFeatures


@pytest.fixture
def checkpoint(tmp_path, warm_model):
    path = tmp_path / "model.safetensors"
    header = Header(
        name="tiny",
        model=warm_model.config,
        dataset=DataRecord(name="digits", sha256="0" * 64, class_names=tuple("0123456789")),
    )
    save(path, warm_model.state_dict(), header)
    return path


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(path)
    return path


def refused(done, *words):
    assert done.code == 2, (done.code, done.out, done.err)
    assert done.out == ""
    assert done.err.startswith("esvae: ")
    assert len(done.err.strip().splitlines()) == 1, done.err
    for word in words:
        assert str(word) in done.err, done.err


def folder_of(path):
    return sorted(entry.name for entry in path.iterdir())


# ---- success ---------------------------------------------------------------------------------------------------------


def test_help_names_every_command(esvae):
    done = esvae("--help")
    assert done.code == 0
    for word in (
        "train",
        "evaluate",
        "info",
        "encode",
        "decode",
        "sample",
        "fit-prior",
        "calibrate",
        "interpolate",
        "import",
        "presets",
        "atlas",
        "data",
    ):
        assert word in done.out


def test_presets_fit_80_letters_with_every_word_whole(esvae, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = esvae("presets").out.splitlines()
    assert max(map(len, lines)) <= 80
    rows = {line.split()[0]: line.split() for line in lines if line.strip()}
    for name, run in PRESETS.items():
        assert rows[name][1:3] == [run.model.kind, run.data.dataset]


def test_presets_lists_all_and_shows_one(esvae):
    assert all(name in esvae("presets").out for name in PRESETS)
    assert esvae("presets", "--json").json.keys() == PRESETS.keys()
    assert "model.latent_dim" in esvae("presets", "digits").out
    assert esvae("presets", "digits", "--json").json == json.loads(PRESETS["digits"].model_dump_json())


def test_info(esvae, checkpoint):
    assert "tiny" in esvae("info", checkpoint).out
    assert esvae("info", checkpoint, "--json").json["model"]["latent_dim"] == 6


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["info", "digits-plus"],
        ["page", "digits-plus", "--out", "x.html"],
        ["decode", "digits-plus", "rates.csv", "--out", "x.png"],
    ],
)
def test_what_needs_no_pytorch_imports_none(words, tmp_path):
    dims = read_header(SHIPPED / "digits-plus.safetensors").model.latent_dim
    (tmp_path / "rates.csv").write_text(",".join(["0.25"] * dims))
    blocked = f"import sys; sys.modules['torch'] = None; sys.argv = {['esvae', *words]}"
    code = f"{blocked}; from esvae_core.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr


def test_info_says_what_neurons_were_taught(esvae, tmp_path, warm_model):
    known = DataRecord(name="made", sha256="", factor_names=("x", "y"))
    header = Header(name="told", model=warm_model.config, dataset=known, train=TrainConfig(factor_weight=1.0))
    save(tmp_path / "told.safetensors", warm_model.state_dict(), header)
    shown = " ".join(esvae("info", tmp_path / "told.safetensors").out.replace("│", " ").split())
    assert "the first were taught x, y" in shown


def test_info_tells_a_figure_by_each_of_its_protocols(esvae):
    shown = esvae("info", Path(__file__).parents[1] / "checkpoints/digits.safetensors").out
    assert sum(line.split()[1:2] == ["mse"] for line in shown.splitlines()) == 2  # of either sampler


def test_atlas_writes_beside_the_checkpoint(esvae, checkpoint):
    from esvae_core.explore.atlas import beside, load

    done = esvae("atlas", checkpoint, "--count", "12", "--json").json  # too few for a map, which takes long
    assert done == {"file": str(beside(checkpoint)), "images": 12}
    assert load(beside(checkpoint)).errors is not None
    refused(esvae("atlas", checkpoint, "--min-dist", "2"), "min_dist: expected 0 to 1, got 2.0")


def test_evaluate_prints_and_records(esvae, checkpoint, warm_model):
    found = esvae("evaluate", checkpoint, "--json").json
    assert (found["dataset"], found["split"], found["images"], found["time_steps"]) == ("digits", "test", 300, 4)
    before = checkpoint.read_bytes()
    assert "MSE" in esvae("evaluate", checkpoint).out
    assert checkpoint.read_bytes() == before
    for _ in range(2):  # the second replaces the first
        assert esvae("evaluate", checkpoint, "--record", "--json").json == found
    metrics = load(checkpoint).header.metrics
    assert {m.name: m.value for m in metrics}["mse"] == pytest.approx(found["mse"])
    assert len(metrics) == 3
    state = load(checkpoint).model.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in warm_model.state_dict().items())


def test_evaluate_measures_the_groups_it_is_asked_for(esvae, checkpoint, tmp_path):
    out = tmp_path / "figures.json"
    done = esvae("evaluate", checkpoint, "--suite", "cost", "--out", out, "--json")
    assert done.code == 0, done.err
    assert [group["name"] for group in done.json["groups"]] == ["cost"]
    assert json.loads(out.read_text()) == done.json
    assert folder_of(tmp_path) == ["figures.groups.json", "figures.json", "model.safetensors"]
    shown = esvae("evaluate", checkpoint, "--suite", "cost", "--out", out)
    assert "additions per image" in shown.out
    assert json.loads(out.read_text()) == done.json  # kept, seconds and all


def test_a_suite_that_cannot_run_is_refused(esvae, checkpoint, tmp_path):
    refused(esvae("evaluate", checkpoint, "--suite", "colour"), "colour", "reconstruction")
    refused(esvae("evaluate", checkpoint, "--suite", "cost", "--out", tmp_path / "x.txt"), ".json")
    refused(esvae("evaluate", checkpoint, "--suite", "cost", "--record"), "--record", "generation")
    refused(esvae("evaluate", checkpoint, "--out", tmp_path / "x.json"), "--suite")
    refused(esvae("evaluate", checkpoint, "--suite", "cost", "--inception", tmp_path / "no.pth"), "no.pth")
    refused(esvae("evaluate", checkpoint, "--suite", "generation", "--fad-net", tmp_path / "no.net"), "no.net")
    assert folder_of(tmp_path) == ["model.safetensors"]
    (tmp_path / "cifar10_128.pth").write_bytes(b"PK\x03\x04 as PyTorch saves it")
    words = ("evaluate", checkpoint, "--suite", "generation", "--fad-net", tmp_path / "cifar10_128.pth")
    refused(esvae(*words), "esvae fad-net import")


def test_encode_a_data_set(esvae, checkpoint, tmp_path, warm_model):
    out = tmp_path / "rates.parquet"
    done = esvae("encode", checkpoint, "digits", "--out", out, "--json")
    assert done.json == {"file": str(out), "images": 300}
    table = pq.read_table(out)
    assert table.column_names == ["name", "label", *(f"rate_{j}" for j in range(6))]
    data = load_data("digits", "test", image_size=8, channels=1)
    wanted = warm_model.encode(data.tensor()).rates.detach().numpy()
    found = np.stack([table[f"rate_{j}"].to_numpy() for j in range(6)], 1)
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(table["label"].to_numpy(), data.labels)


def test_encode_says_of_how_many_images_a_split_is_one(esvae, checkpoint, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "mine.npz", images=images, test=np.arange(30) < 4)
    words = ("encode", checkpoint, f"npz:{tmp_path / 'mine.npz'}", "--out", tmp_path / "rates.npz")
    others = "--split train and --split validation take the others"
    assert esvae(*words).err.strip() == f"npz:mine.npz: 4 of 30 images, the test split; {others}"
    assert esvae(*words, "--json").err == ""
    np.savez(tmp_path / "mine.npz", images=images, test=np.ones(30, bool))
    assert esvae(*words).err == "", "all of them"
    said = esvae("encode", checkpoint, "digits", "--split", "train", "--out", tmp_path / "rates.npz").err
    assert "of 1,797 images, the train split; --split validation and --split test take the others" in said


def test_encode_pictures(esvae, checkpoint, picture, tmp_path):
    out = tmp_path / "rates.npz"
    assert esvae("encode", checkpoint, picture, picture, "--out", out).code == 0
    with np.load(out) as file:
        assert file["rates"].shape == (2, 6)
        assert file["names"].tolist() == [str(picture)] * 2
        assert "labels" not in file


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_decode_what_encode_wrote(suffix, esvae, checkpoint, picture, tmp_path):
    rates, out = tmp_path / f"rates{suffix}", tmp_path / "pictures.npz"
    esvae("encode", checkpoint, picture, "--out", rates)
    assert esvae("decode", checkpoint, rates, "--out", out, "--json").json["images"] == 1
    with np.load(out) as file:
        assert file["images"].shape == (1, 8, 8)
        assert file["images"].dtype == np.uint8


def test_decode_a_csv_with_a_heading_to_a_grid(esvae, checkpoint, tmp_path):
    rates, out = tmp_path / "rates.csv", tmp_path / "grid.png"
    rates.write_text("a,b,c,d,e,f\n# a remark\n0,0.5,1,0,0,1\n\n1,1,1,1,1,1\n")
    assert esvae("decode", checkpoint, rates, "--out", out, "--columns", 2, "--scale", 3).code == 0
    with Image.open(out) as image:
        assert image.size == (3 * 18, 3 * 8)


def test_sample_is_repeatable(esvae, checkpoint, tmp_path):
    results = []
    for name, seed in (("a.npz", 1), ("b.npz", 1), ("c.npz", 2)):
        esvae("sample", checkpoint, "--n", 3, "--seed", seed, "--out", tmp_path / name)
        with np.load(tmp_path / name) as file:
            results.append((file["images"], file["rates"]))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    assert not np.array_equal(results[0][1], results[2][1])


def test_fit_prior_writes_a_model_that_samples_from_it(esvae, checkpoint, tmp_path):
    esvae("evaluate", checkpoint, "--record")
    assert {"mse", "mmd_unbiased"} <= {m.name for m in load(checkpoint).header.metrics}
    before, out = checkpoint.read_bytes(), tmp_path / "fitted.safetensors"
    words = ("fit-prior", checkpoint, "--components", "1,2,3", "--images", 200)
    found = esvae(*words, "--out", out, "--json").json
    assert found["criterion"] == "prior_mmd_validation"
    assert found["scores"].keys() == {"1", "2", "3"}
    best = min(found["scores"], key=found["scores"].get)
    assert found["components"] == int(best)
    assert checkpoint.read_bytes() == before
    header = load(out).header
    assert (header.model.prior_components, header.model.prior_snap) == (int(best), True)
    kept = {m.name: m.value for m in header.metrics}
    assert kept["prior_mmd_validation"] == found["scores"][best] < found["learned"]
    assert kept.keys() == {"mse", "prior_mmd_validation"}, "MMD was another prior's"
    assert f"mixture of {best} Gaussians" in esvae("info", out).out
    esvae(*words, "--out", tmp_path / "again.safetensors", "--no-snap")
    again = load(tmp_path / "again.safetensors").model.state_dict()
    assert all(torch.equal(again[name], tensor) for name, tensor in load(out).model.state_dict().items())

    def rates(source, *more):
        esvae("sample", source, "--n", 8, "--out", tmp_path / "x.npz", *more)
        with np.load(tmp_path / "x.npz") as file:
            return file["rates"]

    assert ((rates(out) * 4) % 1 == 0).all()
    assert not ((rates(tmp_path / "again.safetensors") * 4) % 1 == 0).all()
    assert np.array_equal(rates(out), rates(out, "--prior", "fitted"))
    assert not np.array_equal(rates(out), rates(out, "--temperature", 0.1))
    assert np.array_equal(rates(out, "--prior", "learned"), rates(checkpoint))


def test_calibrate_writes_the_same_weights_with_other_statistics(esvae, checkpoint, tmp_path):
    out = tmp_path / "calibrated.safetensors"
    found = esvae("calibrate", checkpoint, "--images", 200, "--out", out, "--json").json
    assert found["images"] == 200
    before, after = load(checkpoint).model.state_dict(), load(out).model.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all("running_" in name for name in changed)
    assert load(out).header.metrics == ()
    assert f"{found['mse_validation']:.5f}" in esvae("calibrate", checkpoint, "--images", 200, "--out", out).out


def test_fit_prior_can_choose_by_fad(esvae, checkpoint, tmp_path):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = FeatureNet(FeatureConfig(image_size=8, channels=(4,), features=4))
    header = FeatureHeader(dataset="digits", config=net.config, statistics="test", origin="here", licence="MIT")
    known = gaussian(np.random.default_rng(0).normal(size=(9, 4)))
    save_features(tmp_path / "net.safetensors", FeatureFile(net, known, header))
    out = tmp_path / "fitted.safetensors"
    words = ("--components", "1,4", "--images", 200, "--samples", 100, "--features", tmp_path / "net.safetensors")
    found = esvae("fit-prior", checkpoint, "--out", out, *words, "--json").json
    assert found["criterion"] == "prior_fad_validation"
    assert 0 < found["training_images"] < 1.5 * min(found["scores"].values())
    assert found["components"] == int(min(found["scores"], key=found["scores"].get))
    (metric,) = load(out).header.metrics
    assert metric.value == found["scores"][str(found["components"])]
    assert "FAD of 100 pictures against 125 validation images" in metric.protocol
    assert f"rates of training images: {found['training_images']:.4g}" in metric.protocol


def test_interpolate_from_image_to_image(esvae, checkpoint, picture, tmp_path):
    out = tmp_path / "way.npz"
    assert esvae("interpolate", checkpoint, "digits:0", picture, "--frames", 5, "--out", out).code == 0
    with np.load(out) as file:
        assert file["images"].shape == (5, 8, 8)
        assert ((file["rates"] >= 0) & (file["rates"] <= 1)).all()


@pytest.mark.parametrize("suffix", [".png", ".npz", ".gif", ".webp"])
def test_what_is_sampled_is_replayed(suffix, esvae, checkpoint, tmp_path):
    path, again = tmp_path / f"samples{suffix}", tmp_path / f"again{suffix}"
    assert esvae("sample", checkpoint, "--n", 5, "--seed", 3, "--out", path, "--json").json["recipe"]
    done = esvae("replay", path, "--checkpoint", tmp_path, "--out", again)
    assert done.code == 0, done.err
    assert "identical" in done.out
    assert again.read_bytes() == path.read_bytes()


def test_replay_says_what_differs(esvae, checkpoint, tmp_path):
    path = tmp_path / "samples.png"
    esvae("sample", checkpoint, "--n", 4, "--out", path)
    with Image.open(path) as image:
        about = PngImagePlugin.PngInfo()
        about.add_text("esvae", image.text["esvae"])
        pixels = np.array(image)
    pixels[0, 0] ^= 8
    Image.fromarray(pixels).save(path, pnginfo=about)
    done = esvae("replay", path, "--checkpoint", checkpoint, "--json")
    assert done.code == 1
    assert (done.json["identical"], done.json["differing"], done.json["largest"]) == (False, 1, 8)
    assert done.json["recipe"]["seeds"] == [0, 1, 2, 3]


def test_more_pictures_than_a_recipe_holds_make_a_table(esvae, checkpoint, tmp_path):
    count = 2**18 // 1024 + 1
    words = ("sample", checkpoint, "--n", count, "--steps", 1024)
    refused(esvae(*words, "--out", tmp_path / "x.png"), "x.png", "too many")
    assert "too many for a recipe" in esvae(*words, "--out", tmp_path / "x.npz").out
    with np.load(tmp_path / "x.npz") as file:
        assert len(file["images"]) == len(file["rates"]) == count
    refused(esvae("replay", tmp_path / "x.npz"), "x.npz", "carries no recipe")


def test_import_writes_a_checkpoint(esvae, tmp_path):
    source, out = tmp_path / "published.pth", tmp_path / "mine.safetensors"
    net = published_network(0, image_size=8, channels=(4, 8), latent_dim=6, time_steps=4)
    torch.save(published_state(net), source)
    assert esvae("import", source, out, "--json").json["file"] == str(out)
    loaded = load(out)
    assert loaded.header.source == "imported from published.pth"
    assert loaded.model.config.latent_dim == 6


def test_fad_net_import_writes_a_feature_network(esvae, tmp_path):
    torch.save(PublishedFeatures().state_dict(), tmp_path / "net.pth")
    np.savez(tmp_path / "stats.npz", mu=np.zeros(3), sigma=np.eye(3))
    words = ("fad-net", "import", tmp_path / "net.pth", tmp_path / "stats.npz")
    done = esvae(*words, tmp_path / "mine.safetensors", "--json")
    assert done.json["header"]["dataset"] == "mine"
    assert load_features(tmp_path / "mine.safetensors").net.config.features == 3
    before = folder_of(tmp_path)
    refused(esvae(*words, tmp_path / "mine.pth"), ".safetensors")
    refused(esvae(*words[:3], tmp_path / "no.npz", tmp_path / "x.safetensors"), "no.npz", "no such file")
    assert folder_of(tmp_path) == before


def test_fad_net_train_makes_a_network(esvae, tmp_path):
    made = tmp_path / "net.safetensors"
    words = ("fad-net", "train", "--dataset", "digits", "--size", 16, "--epochs", 1)
    assert esvae(*words, "--out", made, "--json").json["header"]["dataset"] == "digits"
    assert load_features(made).header.statistics == "test"
    refused(esvae(*words[:4], "--size", 8, "--out", tmp_path / "x.safetensors"), "8 pixels")
    refused(esvae(*words, "--out", tmp_path / "x.npz"), ".safetensors")


def test_data_commands(esvae):
    assert "digits" in esvae("data", "list").out
    assert esvae("data", "list", "--json").json["mnist"]["channels"] == 1
    assert esvae("data", "fetch", "digits", "--json").json == {"files": []}
    assert esvae("data", "verify", "digits", "--json").json == []


def test_names_with_brackets_are_shown_as_they_are(esvae, tmp_path, warm_model):
    path = tmp_path / "model.safetensors"
    save(
        path,
        warm_model.state_dict(),
        Header(name="run [a] [/x]", model=warm_model.config, dataset=DataRecord(name="digits", sha256="")),
    )
    assert "run [a] [/x]" in esvae("info", path).out
    assert "run [a] [/x]" in esvae("evaluate", path).out


def test_a_model_of_a_folder_is_evaluated_on_that_folder(esvae, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for name in ("cats", "dogs"):
            (tmp_path / "pets" / part / name).mkdir(parents=True)
            for i in range(12):
                Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)).save(
                    tmp_path / "pets" / part / name / f"{i}.png"
                )
    tiny = ("model.channels=[2]", "model.image_size=8", "model.latent_dim=2", "model.time_steps=2", "train.epochs=1")
    words = [
        w
        for s in (*tiny, "train.batch_size=8", "train.grow_time=[]", f"data.dataset=folder:{tmp_path / 'pets'}")
        for w in ("--set", s)
    ]
    done = esvae("train", "--preset", "digits", *words, "--out", tmp_path / "run", "--accelerator", "cpu")
    assert done.code == 0, done.err
    done = esvae("evaluate", tmp_path / "run" / "model.safetensors", "--json")
    assert done.code == 0, done.err


# ---- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("info",),
        ("evaluate",),
        ("encode", "digits", "--out", "x.npz"),
        ("sample", "--out", "x.npz"),
        ("interpolate", "digits:0", "digits:1", "--out", "x.npz"),
    ],
    ids=lambda w: w[0],
)
def test_a_checkpoint_that_is_none_is_named(words, esvae, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, *rest = words
    refused(esvae(name, "no.safetensors", *rest), "no.safetensors", "No such file")
    (tmp_path / "bad.safetensors").write_bytes(b"bad")
    refused(esvae(name, "bad.safetensors", *rest), "bad.safetensors", "expected a .safetensors file")
    assert folder_of(tmp_path) == ["bad.safetensors"]


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("x.jpg", (".png", "x.jpg")),
        ("x", (".png",)),
        ("nowhere/x.png", ("nowhere", "folder")),
        ("taken.png", ("taken.png",)),
    ],
)
def test_an_output_that_cannot_be_written_is_named(out, words, esvae, checkpoint, tmp_path):
    (tmp_path / "taken.png").mkdir()
    before = folder_of(tmp_path)
    refused(esvae("sample", checkpoint, "--n", 1, "--out", tmp_path / out), *words)
    assert folder_of(tmp_path) == before


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("0,0,0,0,0,1.5", "[0, 1]"),
        ("0,0,0,0,0,nan", "[0, 1]"),
        ("0,0,0,0,0", "(N, 6)"),
        ("", "(N, 6)"),
        ("0,0,0,0,0,x", "x"),
        ("0,0,0,0,0,0\n0,0", ""),
    ],
)
def test_rates_that_are_none_are_refused(text, word, esvae, checkpoint, tmp_path):
    rates = tmp_path / "rates.csv"
    rates.write_text(text)
    refused(esvae("decode", checkpoint, rates, "--out", tmp_path / "x.png"), rates, word)
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize("out", ["x.npz", "x.png"])
def test_a_table_without_rows_is_refused(out, esvae, checkpoint, tmp_path):
    np.savez(tmp_path / "none.npz", rates=np.zeros((0, 6)))
    refused(esvae("decode", checkpoint, tmp_path / "none.npz", "--out", tmp_path / out))
    assert not (tmp_path / out).exists()


@pytest.mark.parametrize("name", ["rates.npz", "rates.parquet", "rates.csv", "rates.txt", "missing.npz"])
def test_a_file_that_is_no_table_is_refused(name, esvae, checkpoint, tmp_path):
    if not name.startswith("missing"):
        (tmp_path / name).write_bytes(bytes(range(256)))
    refused(esvae("decode", checkpoint, tmp_path / name, "--out", tmp_path / "x.png"), name)


def test_an_array_named_like_an_archive_is_refused(esvae, checkpoint, tmp_path):
    with (tmp_path / "rates.npz").open("wb") as file:
        np.save(file, np.zeros((1, 6)))
    refused(esvae("decode", checkpoint, tmp_path / "rates.npz", "--out", tmp_path / "x.png"), "rates.npz")


def test_a_picture_that_is_none_is_refused(esvae, checkpoint, tmp_path):
    (tmp_path / "fake.png").write_text("no picture")
    for source in ("fake.png", "missing.png"):
        refused(esvae("encode", checkpoint, tmp_path / source, "--out", tmp_path / "x.npz"), source)
    assert not (tmp_path / "x.npz").exists()


def test_interpolation_beyond_the_data_is_refused(esvae, checkpoint, tmp_path):
    refused(
        esvae("interpolate", checkpoint, "digits:0", "digits:300", "--out", tmp_path / "x.png"),
        "digits:300",
        "300 test images",
    )
    refused(esvae("interpolate", checkpoint, "quantum:0", "digits:1", "--out", tmp_path / "x.png"), "quantum")


def test_what_cannot_be_replayed_is_refused(esvae, checkpoint, picture, tmp_path):
    refused(esvae("replay", picture), picture, "carries no recipe")
    refused(esvae("replay", tmp_path / "no.png"), "no.png", "No such file")
    esvae("sample", checkpoint, "--n", 1, "--out", tmp_path / "x.png")
    checkpoint.unlink()
    refused(esvae("replay", tmp_path / "x.png"), "not found", "--checkpoint")
    refused(esvae("replay", tmp_path / "x.png", "--out", tmp_path / "x.jpg"), "x.jpg", ".png")


def test_an_unknown_data_set_is_refused(esvae, checkpoint):
    refused(esvae("evaluate", checkpoint, "--dataset", "quantum"), "quantum")
    refused(esvae("data", "fetch", "quantum"), "quantum")
    refused(esvae("data", "verify", "quantum"), "quantum")


def test_an_import_of_something_else_leaves_nothing(esvae, checkpoint, tmp_path):
    before = folder_of(tmp_path)
    refused(esvae("import", checkpoint, tmp_path / "x.safetensors"), checkpoint)
    refused(esvae("import", tmp_path / "no.pth", tmp_path / "x.safetensors"), "no.pth")
    refused(esvae("import", checkpoint, tmp_path / "x.pth"), ".safetensors")
    assert folder_of(tmp_path) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("train.epochs=0", ("train.epochs", "0")),
        ("train.epochs=many", ("train.epochs", "many")),
        ("train.lr=-1", ("train.lr", "-1")),
        ("train.colour=red", ("train.colour", "unknown setting", "epochs")),
        ("model.image_size=33", ("image_size", "33")),
        ("model.channels=[]", ("channels",)),
        ("name.first=x", ("name",)),
        ("train.epochs", ("KEY=VALUE",)),
        ("=3", ()),
        ("train=3", ("train",)),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_found(change, words, esvae, tmp_path):
    refused(esvae("train", "--preset", "digits", "--set", change, "--out", tmp_path / "run"), *words)
    assert not (tmp_path / "run").exists()


def test_settings_must_come_from_somewhere(esvae, tmp_path):
    refused(esvae("train", "--out", tmp_path / "run"), "--preset", "digits")
    refused(esvae("train", "--preset", "quantum", "--out", tmp_path / "run"), "quantum", "digits")
    refused(esvae("train", "--config", tmp_path / "no.json", "--out", tmp_path / "run"), "no.json")
    (tmp_path / "list.json").write_text("[1]")
    refused(esvae("train", "--config", tmp_path / "list.json", "--out", tmp_path / "run"), "list.json", "object")
    (tmp_path / "cut.json").write_text("{")
    refused(esvae("train", "--config", tmp_path / "cut.json", "--out", tmp_path / "run"), "cut.json", "JSON")
    refused(esvae("presets", "quantum"), "quantum")


def test_a_prior_that_cannot_be_fitted_or_drawn_is_refused(esvae, checkpoint, tmp_path):
    out = tmp_path / "out.safetensors"
    for wrong in ("", "3,x", "0", "2000"):
        refused(esvae("fit-prior", checkpoint, "--out", out, "--components", wrong), "--components", "1 to 1000")
    words = ("fit-prior", checkpoint, "--out", out, "--images", 5, "--components", 6)
    refused(esvae(*words), "components: expected 1 to 5", "got 6")
    assert not out.exists()
    words = ("sample", checkpoint, "--prior", "fitted", "--out", tmp_path / "x.png")
    refused(esvae(*words), "has no fitted one")


@pytest.mark.parametrize(
    "words",
    [
        ("sample", "--n", "0"),
        ("sample", "--prior", "guessed"),
        ("sample", "--steps", "0"),
        ("sample", "--steps", "2.5"),
        ("sample", "--sampler", "x"),
        ("nonsense",),
    ],
)
def test_wrong_options_exit_with_2(words, esvae, checkpoint, tmp_path):
    rest = (checkpoint, "--out", tmp_path / "x.png") if words[:1] == ("sample",) else ()
    done = esvae(*words, *rest)
    assert done.code == 2
    assert not (tmp_path / "x.png").exists()


def test_without_a_command_there_is_help(esvae):
    done = esvae()
    assert done.code in (0, 2)  # click below 8.2, and from there on
    assert "Usage:" in done.out + done.err


def test_recording_into_a_file_that_cannot_be_replaced_keeps_it(esvae, checkpoint, monkeypatch):
    before = checkpoint.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    done = esvae("evaluate", checkpoint, "--record")
    assert "MSE" in done.out  # what was measured is not lost with the record
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 1
    assert str(checkpoint) in done.err
    assert "No space left" in done.err
    assert checkpoint.read_bytes() == before
    assert folder_of(checkpoint.parent) == [checkpoint.name]


def test_a_copy_of_a_checkpoint_is_as_good(esvae, checkpoint, tmp_path):
    shutil.copy(checkpoint, tmp_path / "copy.safetensors")
    outs = [esvae("evaluate", path, "--json").json for path in (checkpoint, tmp_path / "copy.safetensors")]
    assert outs[0] == outs[1]


def test_attributes_of_a_data_set(esvae, tmp_path):
    done = esvae("attributes", "digits", "--image-size", 16, "--out", tmp_path / "a.parquet", "--json")
    assert done.json["images"] == 300
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.column_names == ["image", *done.json["attributes"]]
    assert table["class"].to_pylist()[:3] == [str(label) for label in load_data("digits", "test").labels[:3]]
    assert 1 < np.mean(table["thickness"].to_numpy()) < 5
    assert esvae("attributes", "digits", "--image-size", 16, "--out", tmp_path / "a.csv").code == 0
    assert (tmp_path / "a.csv").read_text().splitlines()[0].startswith('"image","thickness"')
    refused(esvae("attributes", "digits", "--out", tmp_path / "a.txt"), ".parquet or .csv")
    refused(esvae("attributes", "digit", "--out", tmp_path / "a.csv"), "not known")


@pytest.fixture
def controlled(checkpoint):
    """The tiny checkpoint with a control that raises every rate, and one that pictures do not follow."""
    known = load(checkpoint)
    d = known.model.config.latent_dim
    more = by_hand("more", np.full((1, d), 0.9), np.full((1, d), 0.2))
    lost = dataclasses.replace(more, name="lost", steerable=False, why="cannot be read from pictures: R^2 0.01")
    where = {"dataset": "digits", "dataset_sha256": "", "checkpoint_sha256": weights_hash(known.model.state_dict())}
    write_controls(beside(checkpoint), (more, lost), **where)
    return checkpoint


def test_controls_move_samples_and_the_recipe_holds_what_came(esvae, controlled, tmp_path):
    plain, moved = tmp_path / "plain.npz", tmp_path / "moved.npz"
    assert esvae("sample", controlled, "--n", 4, "--out", plain).code == 0
    assert esvae("sample", controlled, "--n", 4, "--control", "more=+0.5", "--out", moved).code == 0
    rates = np.load(plain)["rates"]
    asked = load(controlled).controls["more"].apply(rates, 0.5)
    assert np.abs(np.load(moved)["rates"] - asked).max() < 1 / 46080
    assert esvae("replay", moved, "--checkpoint", controlled, "--json").json["identical"]
    twice = tmp_path / "twice.npz"
    words = ("--control", "more=.25", "--control", "more=.25")
    assert esvae("interpolate", controlled, "digits:0", "digits:1", *words, "--out", twice).code == 0


def test_a_control_of_ones_own_moves_samples(esvae, checkpoint, tmp_path):
    d = load(checkpoint).model.config.latent_dim
    step = np.linspace(-0.2, 0.3, d).round(5)
    saved = tmp_path / "mine.json"
    told = {"name": "mine", "source": "hand", "model": "x", "checkpoint": "", "coordinates": "arcsine", "recipe": {}}
    saved.write_text(json.dumps({**told, "step": step.tolist()}))
    plain, moved = tmp_path / "plain.npz", tmp_path / "moved.npz"
    assert esvae("sample", checkpoint, "--n", 4, "--out", plain).code == 0
    assert esvae("sample", checkpoint, "--n", 4, "--control", f"{saved}=+1", "--out", moved).code == 0
    places = np.arcsin(np.sqrt(np.load(plain)["rates"].astype(float)))
    asked = np.sin(np.clip(places + step, 0, np.pi / 2)) ** 2
    assert np.abs(np.load(moved)["rates"] - asked).max() < 1e-4
    refused(esvae("sample", checkpoint, "--control", "no.json=1", "--out", moved), "no.json: cannot be read")


def test_evidence_and_attributes_are_added_to_controls_that_there_are(esvae, checkpoint, controlled, tmp_path):
    for option in ("--measure", "--evidence"):
        refused(esvae("controls", controlled, option), "made with other images than those of digits")
    refused(esvae("controls", controlled, "--measure", "--evidence"), "expected one of them at a time")
    beside(checkpoint).unlink()
    refused(esvae("controls", checkpoint, "--evidence"), "leave out --evidence to make them")


def test_tables_of_controls_break_no_words_in_80_columns(esvae):
    """Names of attributes and classes, and reasons, as a terminal of the usual width shows them."""
    shown = esvae("controls", SHIPPED / "fashion-taught.safetensors", "--show")
    narrow = esvae("controls", SHIPPED / "fashion-taught.safetensors", "--show", columns=80)
    words = set(shown.out.split())
    assert {"brightness", "class:T-shirt/top", "cannot"} <= words
    assert set(narrow.out.split()) <= words
    assert max(map(len, narrow.out.splitlines()[:20])) <= 80


def test_controls_are_shown(esvae, controlled):
    shown = esvae("controls", controlled, "--show").out
    assert "more" in shown
    assert "cannot be read from pictures: R^2 0.01" in shown
    rows = esvae("controls", controlled, "--show", "--json").json
    assert [row["name"] for row in rows] == ["more", "lost"]
    told = esvae("info", controlled).out
    assert re.search(r"controls\W+more\W", told)
    assert "lost" not in told


@pytest.mark.parametrize(
    ("control", "words"),
    [
        ("more", "expected NAME=AMOUNT"),
        ("more=", "expected NAME=AMOUNT"),
        ("more=nan", "expected NAME=AMOUNT"),
        ("more=lots", "expected NAME=AMOUNT"),
        ("hue=1", "no control 'hue'; there are more, lost"),
    ],
)
def test_wrong_controls_are_refused(esvae, controlled, tmp_path, control, words):
    refused(esvae("sample", controlled, "--n", 2, "--control", control, "--out", tmp_path / "x.png"), words)
    assert not (tmp_path / "x.png").exists()


def test_a_damaged_file_of_controls_stops_only_what_needs_it(esvae, controlled, tmp_path):
    beside(controlled).write_bytes(b"rubbish")
    assert "expected controls written by esvae" in esvae("info", controlled).out
    assert esvae("sample", controlled, "--n", 2, "--out", tmp_path / "x.npz").code == 0
    refused(esvae("controls", controlled, "--show"), "expected controls written by esvae")
    refused(esvae("sample", controlled, "--control", "more=1", "--out", tmp_path / "y.npz"), "expected controls")


def test_the_version_is_the_packages_own(esvae):
    assert esvae("--version").out.strip() == f"esvae {esvae_core.__version__}"
    said = subprocess.run([sys.executable, "-m", "esvae_core", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == f"esvae {esvae_core.__version__}"
