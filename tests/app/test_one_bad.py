"""One bad checkpoint, name, folder or atlas is one row with its reason; all others open."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from urllib.parse import quote

import numpy as np
import pytest
import torch
from PIL import Image

from app import catalogue, charts
from app.state import Prior, State, decode, encode, to_grid
from esvae_core import checkpoint
from esvae_core.baselines.annvae import ANNVAE
from esvae_core.checkpoint import DataRecord, Header
from esvae_core.config import ANNVAEConfig, DataConfig
from esvae_core.data import load as load_data
from esvae_core.explore import atlas as atlases

from ..hostile import header_changed
from .made import shelve, small_model
from .test_routes import Answer


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with one good checkpoint, in which all others are bad."""
    folder = tmp_path / "loaded"
    shelve(folder, "good", small_model(), with_atlas=False)
    monkeypatch.setattr(catalogue, "folders", lambda: [folder])
    return folder


def rows():
    """What the list says, by name, once every entry was opened: each has its reason, or all that is asked of it."""
    answer = Answer("/esvae/models")
    assert answer.status == 200
    strict(answer)
    names = [entry["name"] for entry in answer.json]
    assert len(set(names)) == len(names)
    for entry in answer.json:
        name = entry["name"]
        assert name.isprintable()
        assert len(name) <= 200
        assert entry["problem"].isprintable()
        found = Answer(f"/esvae/model/{name}")
        strict(found)
        assert (found.status == 200) == (not known_problem(name)), found.body
        state = State(name, Prior(0), to_grid([0.5] * 6), 1, "bernoulli", 4)
        assert decode(encode(state)) == state
        assert Answer("/esvae/draw", f"s={quote(encode(state))}").status == found.status
    for entry in catalogue.find():
        charts.about(catalogue.find(), entry.name, "#123456", "#010203")
    listed = {entry["name"]: entry for entry in Answer("/esvae/models").json}
    assert listed["good"]["problem"] == ""
    return listed


def known_problem(name):
    return next(entry.problem for entry in catalogue.find() if entry.name == name)


def strict(answer):
    answer.body.decode("ascii")
    json.loads(answer.body, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


FIGURE = {"name": "mse", "value": 0.5, "protocol": "test split"}
HEADERS = {
    "nan figure": {"metrics": [FIGURE | {"value": math.nan}, FIGURE]},
    "infinite figures": {"metrics": [FIGURE | {"value": math.inf}, FIGURE | {"name": "fad", "value": -math.inf}]},
    "infinite seconds": {"training": {"seconds": math.inf, "cpu_seconds": math.nan, "device": "cpu"}},
    "nan in the curve": {
        "dataset": {"name": "d", "sha256": ""},
        "training": {"epochs": 2, "curve": [{"epoch": 1, "validation_mse": math.nan}, {"epoch": 2, "mse": math.inf}]},
    },
    "negative figures": {
        "dataset": {"name": "d", "sha256": ""},
        "metrics": [FIGURE | {"value": -1.0}, FIGURE | {"name": "fad", "value": -2.0}],
    },
    "a huge number": {"training": {"epochs": 10**400, "seconds": 10**400}},
    "surrogate in the name": {"name": "\ud800"},
    "surrogate in a metric": {"metrics": [FIGURE | {"protocol": "\udfff"}]},
    "surrogate in a key": {"versions": {"\udc00": "1"}},
    "surrogate in a class": {"dataset": {"name": "d", "sha256": "", "class_names": ["\ud83d"]}},
    "surrogate in a row": {"training": {"curve": [{"\ud800": 1.0, "epoch": 1, "validation_mse": 1}]}},
    "unknown": {"\x1b[31m\u202e": 1},
    "a long value": {"metrics": "x" * 100_000},
}


@pytest.mark.parametrize("case", HEADERS)
def test_headers(place, case):
    header_changed(place / "good.safetensors", place / "bad.safetensors", HEADERS[case])
    found = rows()
    assert list(found) == ["bad", "good"]
    if found["bad"]["problem"]:
        assert "bad.safetensors: " in found["bad"]["problem"]
        assert len(found["bad"]["problem"]) < 2100
    else:
        assert all(math.isfinite(figure["value"]) for figure in found["bad"]["figures"])


@pytest.mark.parametrize(
    "stem",
    [
        b"caf\xe9",
        b"\xff\xfe",
        b"two\nlines",
        b"\x1b[31mred\x9b",
        "right\u202eto left".encode(),
        b"x" * 230,
        "\u00fc".encode() * 115,
        b"~tilde~%41%2F",
        b"'\"<b>&amp;",
        b"![](http://127.0.0.1:9/x.png)".replace(b"/", b":"),
    ],
)
def test_file_names(place, stem):
    content = (place / "good.safetensors").read_bytes()
    with open(os.path.join(os.fsencode(place), stem + b".safetensors"), "wb") as file:  # noqa: PTH118, PTH123 - bytes
        file.write(content)
    found = rows()
    assert len(found) == 2
    (other,) = found.keys() - {"good"}
    assert not found[other]["problem"] or "safetensors" in found[other]["problem"]


def test_names_that_differ_only_where_they_are_cut_or_escaped(place):
    content = (place / "good.safetensors").read_bytes()
    for name in ("a\nb", "a\\nb", "x" * 220 + "1", "x" * 220 + "2"):
        (place / f"{name}.safetensors").write_bytes(content)
    found = rows()
    assert len(found) == 5
    assert not any(entry["problem"] for entry in found.values())
    (first, second) = [name for name in found if name.startswith("xxx")]
    assert first[:150] == second[:150]
    assert first != second


def test_many_of_one_name(tmp_path, monkeypatch):
    places = [tmp_path / f"{n}/same" for n in range(4)]
    for n, folder in enumerate(places):
        shelve(folder, "good", small_model(n), with_atlas=False)
    monkeypatch.setattr(catalogue, "folders", lambda: places)
    assert list(rows()) == ["good", "same/good", "same/good (2)", "same/good (3)"]
    digests = {catalogue.named(entry.name).digest for entry in catalogue.find()}
    assert len(digests) == 4


@pytest.mark.parametrize("name", ["~nosuch/x", "nowhere", "a\x1b[31mb", "file", "x" * 5000, "~"])
def test_folders(place, monkeypatch, name):
    monkeypatch.undo()
    monkeypatch.setattr(catalogue, "SHIPPED", place.parent / "checkpoints")
    place.rename(place.parent / "checkpoints")
    (place.parent / "file").write_text("no folder")
    monkeypatch.chdir(place.parent)
    monkeypatch.setenv("HOME", str(place.parent / "checkpoints"))
    monkeypatch.setenv("ESVAE_CHECKPOINTS", name)
    found = rows()
    if name == "~":
        assert list(found) == ["good"]  # the same folder, whose files are listed once
    else:
        (other,) = found.keys() - {"good"}
        assert "cannot be read: " in found[other]["problem"]


def test_weights_that_are_too_large_once_they_are_folded(place):
    for name, model in (
        ("spikes", small_model()),
        ("plain", ANNVAE(ANNVAEConfig(image_size=16, channels=(4, 8), latent_dim=6))),
    ):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.fill_(3e38)
        shelve(place, name, model, with_atlas=False)
    found = rows()
    for name in ("spikes", "plain"):
        assert f"{name}.safetensors: " in found[name]["problem"]
        assert "is not finite" in found[name]["problem"], "known from then on"
    assert len(found) == 3


def test_what_nobody_foresaw_is_the_fault_of_one_file(place, monkeypatch, caplog):
    header_changed(place / "good.safetensors", place / "odd.safetensors", {"name": "odd"})
    read, load = checkpoint.read_header, catalogue.read_explorable

    def broken(path, what):
        if path.stem == "odd":
            raise RuntimeError("inside")
        return what(path)

    monkeypatch.setattr(catalogue, "read_explorable", lambda path: broken(path, load))
    assert "reason is in the server's log" in rows()["odd"]["problem"]
    monkeypatch.setattr(checkpoint, "read_header", lambda path: broken(path, read))
    catalogue._header.cache_clear()
    assert "reason is in the server's log" in rows()["odd"]["problem"]
    assert "inside" in caplog.text


def test_a_hash_that_is_not_known_loads_nothing_twice(place, monkeypatch):
    assert catalogue.hashed("0" * 64) is None
    monkeypatch.setattr(catalogue, "take", lambda entry: pytest.fail("loaded"))
    assert catalogue.hashed("0" * 64) is None


# ---- atlases ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def atlas(place):
    """The atlas of a model with known classes, and what writes another one in its place."""
    model = small_model()
    path = shelve(place, "m", model)
    known = DataRecord(name="stripes", sha256="0" * 64, class_names=tuple("abcdefghij"))
    checkpoint.save(path, model.state_dict(), Header(name="m", model=model.config, dataset=known))
    return atlases.load(atlases.beside(path)), lambda changed: atlases.save(atlases.beside(path), changed)


MISFITS = {
    "more neurons": (lambda a: replace(a, counts=np.pad(a.counts, ((0, 0), (0, 1))), effect=np.ones(7, np.float32),
                                       contrast=None), "latent neurons: expected 6, found 7"),
    "other steps": (lambda a: replace(a, time_steps=9), "time steps: expected 8, found 9"),
    "other pictures": (lambda a: replace(a, tiles=a.tiles[:, ::2]), "pictures of shape: expected (16, 16, 1)"),
    "other weights": (lambda a: replace(a, checkpoint_sha256="1" * 64), "belongs to other weights"),
    "other classes": (lambda a: replace(a, class_names=tuple("abcdefghiz")), "classes: expected ('a', "),
    "too many classes": (lambda a: replace(a, class_names=("a",) * 5000, dataset="x"), "at most 4,096 texts"),
    "classes that are no texts": (lambda a: replace(a, class_names=(1,) * 10, dataset="x"), "texts, found [1, "),
    "trust above 1": (lambda a: replace(a, map=replace(a.map, flat=replace(a.map.flat, trust=1.5))), "trust_2d from"),
    "trust that is NaN": (
        lambda a: replace(a, map=replace(a.map, solid=replace(a.map.solid, trust=math.nan))), "trust_3d from 0 to 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISFITS)
def test_an_atlas_that_does_not_fit_is_left_out_and_the_model_opens(atlas, case):
    change, words = MISFITS[case]
    made, put = atlas
    assert Answer("/esvae/model/m").json["atlas"]
    put(change(made))
    about = Answer("/esvae/model/m")
    assert about.status == 200
    assert not about.json["atlas"]
    assert words in about.json["atlasProblem"]
    assert about.json["atlasProblem"].isprintable()
    assert Answer(f"/esvae/atlas/{about.json['hash']}").status == 404


def test_an_atlas_whose_images_are_not_in_the_data_set_shows_none(place):
    model = small_model(image_size=8, channels=(4,))
    digits = load_data("digits", "test", image_size=8, channels=1)
    made = atlases.build(model, digits, count=20)
    path = shelve(place, "m", model, with_atlas=False)
    atlases.save(atlases.beside(path), made)
    shown = Answer(f"/esvae/originals/{Answer('/esvae/model/m').json['hash']}")
    assert digits.images[made.indices].transpose(0, 2, 3, 1).tobytes() in shown.body
    atlases.save(atlases.beside(path), replace(made, indices=made.indices + 10**6))
    about = Answer("/esvae/model/m").json
    assert about["atlas"]
    assert not about["originals"]
    assert Answer(f"/esvae/originals/{about['hash']}").status == 404


def test_an_atlas_makes_the_server_read_no_folder_that_nobody_allowed(place, tmp_path, monkeypatch):
    pictures = tmp_path / "pictures/cats"
    for n in range(12):
        (pictures / "ab"[n % 2]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((16, 16), 20 * n, np.uint8)).save(pictures / "ab"[n % 2] / f"{n}.png")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    model, own = small_model(), f"folder:{pictures}"
    test = load_data(own, "test", image_size=16, channels=1)
    made = atlases.build(model, test, count=2)
    assert made.dataset == "folder:cats"
    path = shelve(place, "m", model, with_atlas=False)

    def shown(trained_on, named, allowed):
        header = Header(name="m", model=model.config, data=DataConfig(dataset=trained_on))
        checkpoint.save(path, model.state_dict(), header)
        atlases.save(atlases.beside(path), replace(made, dataset=named))
        monkeypatch.setenv("ESVAE_FOLDERS", allowed)
        catalogue._originals.cache_clear()
        return Answer("/esvae/model/m").json["originals"]

    assert shown(own, "folder:cats", str(pictures))
    assert shown(own, own, f"/nowhere{os.pathsep}{tmp_path}")
    monkeypatch.setattr(catalogue, "load_data", lambda *_, **__: pytest.fail("read"))
    for trained_on, named, allowed in (
        (own, "folder:cats", ""),
        (own, "folder:cats", str(tmp_path / "other")),
        (own, "folder:cats", str(pictures / "a")),
        (own, "folder:/usr", str(pictures)),
        ("folder:/usr", "folder:usr", str(pictures)),
        (f"{own}/../../..", f"{own}/../../..", str(pictures)),
        ("mnist", "folder:cats", str(pictures)),
        ("mnist", "nosuch:/usr", "/"),
        ("mnist", "/usr", "/"),
        ("mnist", "mnist:/usr", "/"),
    ):
        assert not shown(trained_on, named, allowed), (trained_on, named, allowed)


def test_a_data_set_that_is_huge_at_the_models_size_is_not_read(monkeypatch):
    monkeypatch.setattr(catalogue, "load_data", lambda *_, **__: pytest.fail("read"))
    assert catalogue._originals("cifar10", "0" * 64, 1024, 3) is None


def test_one_who_reads_images_does_not_keep_others_from_their_models(place, monkeypatch, atlas):
    """While a data set is read, other models are loaded."""
    made, put = atlas
    put(replace(made, dataset="digits"))

    def load_slowly(*_, **__):
        assert catalogue._READING.acquire(blocking=False), "held meanwhile"
        catalogue._READING.release()
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as other:
            assert other.submit(catalogue.named, "good").result(30).digest
        raise catalogue.DataError("not here")

    monkeypatch.setattr(catalogue, "load_data", load_slowly)
    catalogue._originals.cache_clear()
    assert not Answer("/esvae/model/m").json["originals"]
