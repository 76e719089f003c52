"""The routes: what is known is answered, for ever; what is not is 404, and nothing of a request becomes a path."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from starlette.applications import Starlette

from app import assets, catalogue, routes
from app.server_decode import drawn
from app.state import GRID, Prior, State, encode, from_grid, pack, to_grid
from esvae_core.checkpoint import DataRecord, Header, load, read_header, save
from esvae_core.config import TrainConfig
from esvae_core.data import load as load_data
from esvae_core.engine import from_bundle, reference
from esvae_core.engine.bundle import content_hash
from esvae_core.engine.bundle_parts import PARTS, bundle_part
from esvae_core.errors import CheckpointError
from esvae_core.explore import atlas as atlases
from esvae_core.explore.array_format import write_arrays
from esvae_core.explore.views import VIEWS
from esvae_core.pictures import in_colours, to_uint8

from .made import shelve, small_model

PAGE = {"X-ESVAE": "1"}
"""What the explorer's own page sends with all that it asks."""


class Answer:
    """One answer of the routes, asked as a server asks them; as the page does, unless headers are given."""

    def __init__(self, path: str, query: str = "", headers: dict[str, str] | None = None, method: str = "GET") -> None:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in (PAGE if headers is None else headers).items()],
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
            "http_version": "1.1",
        }
        self.body = b""

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            else:
                self.body += message.get("body", b"")

        with ThreadPoolExecutor(1) as thread:  # after a browser's test there is a loop in this one
            thread.submit(asyncio.run, Starlette(routes=routes.ROUTES)(scope, receive, send)).result()

    @property
    def json(self):
        return json.loads(self.body)


@pytest.fixture(autouse=True)
def loaded(shelf_dir, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [shelf_dir])
    return catalogue.named("aaa")


def test_the_list_names_good_and_bad():
    listed = {entry["name"]: entry for entry in Answer("/esvae/models").json}
    assert set(listed) == {"aaa", "bare", "cut", "plain", "rival", "text"}
    assert listed["aaa"]["dims"] == 6
    assert listed["aaa"]["problem"] == ""
    assert "text.safetensors" in listed["text"]["problem"]
    assert listed["rival"]["kind"] == "fsvae"
    assert listed["rival"]["problem"] == ""
    assert listed["plain"]["problem"] == ""
    assert listed["plain"]["steps"] is None


def test_every_shipped_model_opens_or_plays_recordings_and_has_a_card(monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED])
    listed = {entry["name"]: entry for entry in Answer("/esvae/models").json}
    assert {name for name, entry in listed.items() if entry["problem"]} == {"moving-digits"}
    assert listed["moving-digits"]["frames"]
    for entry in catalogue.find():
        about = listed[entry.name] if entry.problem else catalogue.described(catalogue.named(entry.name))
        assert about["card"]["metrics"] == [metric.model_dump() for metric in entry.header.metrics] != []
        assert about["card"]["settings"]["training"] == entry.header.train.model_dump(mode="json")
        assert about["budget"]["epochs"] == entry.header.training.epochs


def test_what_cannot_be_opened_brings_its_card_in_the_list(filmed):
    listed = {entry["name"]: entry for entry in Answer("/esvae/models").json}
    assert [name for name, entry in listed.items() if "card" in entry] == ["filmed"]
    assert "holds a model of recordings" in listed["filmed"]["problem"]
    (entry,) = [entry for entry in catalogue.find() if entry.name == "filmed"]
    assert listed["filmed"]["card"]["curve"] == list(entry.header.training.curve) != []


def test_a_model_is_found_by_name_and_its_parts_by_hash(loaded):
    about = Answer("/esvae/model/aaa").json
    assert content_hash(loaded.bundle) == about["hash"]
    for part in PARTS:
        plain = Answer(f"/esvae/bundle/{about['hash']}/{part}")
        assert plain.status == 200
        assert plain.body == bundle_part(loaded.bundle, part)
        assert "immutable" in plain.headers["cache-control"]
        packed = Answer(f"/esvae/bundle/{about['hash']}/{part}", headers=PAGE | {"Accept-Encoding": "br, gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["vary"] == "Accept-Encoding"
        assert gzip.decompress(packed.body) == plain.body
        assert packed.headers["x-esvae-size"] == plain.headers["x-esvae-size"] == str(len(plain.body))
    for part in ("", "whole", "atlas", "../decoder"):
        assert Answer(f"/esvae/bundle/{about['hash']}/{part}").status == 404
    assert Answer(f"/esvae/atlas/{about['hash']}").body == catalogue.atlas_pack(loaded)
    assert not about["originals"]
    assert Answer(f"/esvae/originals/{about['hash']}").status == 404


def test_originals_come_from_the_file_beside_the_checkpoint_where_the_data_set_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("ESVAE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED])
    catalogue._originals.cache_clear()
    about = Answer("/esvae/model/mnist-poisson").json
    assert about["originals"]
    with np.load(catalogue.SHIPPED / "mnist-32.originals.npz") as kept:
        order = np.searchsorted(kept["indices"], catalogue.hashed(about["hash"]).atlas.indices)
        images = kept["images"][order]
    assert Answer(f"/esvae/originals/{about['hash']}").body == write_arrays({}, {"images": images})
    assert not Answer("/esvae/model/cifar10-plus").json["originals"], "its licence is not stated"


def test_a_model_without_spikes_says_what_its_latent_is():
    about = Answer("/esvae/model/plain").json
    latent = about["latent"]
    assert latent["name"] == "posterior mean"
    assert latent["low"] == [-4] * 6, "of a standard normal prior"
    assert latent["high"] == [4] * 6
    assert Answer("/esvae/model/aaa").json["latent"] is None
    decoder = bundle_part(catalogue.named("plain").bundle, "decoder")
    assert Answer(f"/esvae/bundle/{about['hash']}/decoder").body == decoder
    found = Answer(f"/esvae/dimensions/{about['hash']}").json
    assert len(found["histogram"][0]) == 17
    assert "moved" not in found
    deviation = np.array(found["deviation"])
    assert found["states"] == ["active" if d * 8 > 0.1 else "dead" for d in deviation]


def test_a_model_without_spikes_is_drawn_by_the_server_too():
    heights = to_grid([0.1, 0.5, 0.9, 0.3, 0.6, 0.2])
    pictures = set()
    for seed, sampler, steps in ((7, "bernoulli", 1), (8, "systematic", 16)):
        state = State("plain", Prior(0), heights, seed, sampler, steps)
        answer = Answer("/esvae/draw", f"s={encode(state)}")
        assert answer.status == 200
        assert drawn(state).spikes.shape == (0, 1, 6)
        pictures.add(drawn(state).pixels.tobytes())
        assert drawn(state).pixels.tobytes() in answer.body
    assert len(pictures) == 1, "there is no noise in it"
    wrong = State("plain", Prior(0), heights[1:], 7, "bernoulli", 1)
    assert "expected 6" in Answer("/esvae/draw", f"s={encode(wrong)}").json["error"]


def test_an_fsvae_is_drawn_from_its_rates():
    state = State("rival", Prior(0), to_grid([1 / 6, 0.5, 5 / 6, 0, 1]), 7, "systematic", 6)
    assert Answer("/esvae/draw", f"s={encode(state)}").status == 200
    found = drawn(state)
    assert found.spikes.sum(0).tolist() == [[1, 3, 5, 0, 6]]
    exact = reference.decode(from_bundle(catalogue.named("rival").bundle), found.spikes[:, 0])
    assert np.abs(found.pixels.astype(int) - to_uint8(torch.from_numpy(exact)[None])).max() <= 1


def test_a_model_without_atlas_has_none():
    about = Answer("/esvae/model/bare").json
    assert not about["atlas"]
    assert Answer(f"/esvae/atlas/{about['hash']}").status == 404


@pytest.mark.parametrize("name", ["text", "cut", "zzz", "../aaa", "%2e%2e/aaa", "aaa.safetensors", ""])
def test_unknown_and_broken_models_are_one_line(name):
    answer = Answer(f"/esvae/model/{name}")
    assert answer.status == 404
    assert "\n" not in answer.json["error"]


@pytest.mark.parametrize("kind", ["bundle", "atlas", "originals"])
@pytest.mark.parametrize("name", ["0" * 64, "aaa", "../../README.md", "..%2f..%2fREADME.md", "%00", "x" * 5000])
def test_what_is_no_known_hash_is_refused(kind, name):
    assert Answer(f"/esvae/{kind}/{name}").status == 404


def test_the_front_end_is_served_under_its_version():
    for name, (content, kind) in assets.FILES.items():
        answer = Answer(f"/esvae/web/{assets.VERSION}/{name}")
        assert answer.status == 200
        assert answer.body == content or name in assets.ENTRIES
        assert answer.headers["content-type"].startswith(kind)
        small = Answer(f"/esvae/web/{assets.VERSION}/{name}", headers={"Accept-Encoding": "gzip, br"})
        assert small.headers["content-encoding"] == "gzip"
        assert small.headers["vary"] == answer.headers["vary"] == "Accept-Encoding"
        assert gzip.decompress(small.body) == answer.body
    assert "mount.js" in assets.FILES


def test_what_the_page_begins_with_comes_joined_and_apart_where_that_is_asked_for():
    answer = Answer(f"/esvae/web/{assets.VERSION}/mount.js", headers={"Accept-Encoding": "gzip"})
    assert len(answer.body) < 232_000
    text = gzip.decompress(answer.body).decode()
    for view in VIEWS:
        assert f'"views/{view.module}.js"() {{' in text
    assert 'from "./' not in text
    code = """
from app import assets
assert assets.content_of("mount.js") == assets.FILES["mount.js"][0]
print(assets.VERSION)
"""
    env = os.environ | {assets.SEPARATE_OPTION: "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=catalogue.SHIPPED.parent, env=env, capture_output=True)
    assert len(done.stdout.strip()) == 16
    assert done.stdout.decode().strip() != assets.VERSION, "neither is taken for the other from a browser's cache"


@pytest.mark.parametrize(
    "name",
    [
        "../main.py",
        "engine/../../main.py",
        "%2e%2e/main.py",
        "engine",
        "engine/engine.c",
        "engine/build.sh",
        "",
        "/etc/passwd",
        "mount.js/",
        "nul\x00",
    ],
)
def test_other_files_are_refused(name):
    assert Answer(f"/esvae/web/{assets.VERSION}/{name}").status == 404


def test_another_version_of_a_file_is_refused():
    assert Answer("/esvae/web/0000000000000000/mount.js").status == 404


def test_what_stays_for_good_is_kept_from_the_collector():
    """Streamlit collects garbage after each run of the script, which would look through all of PyTorch."""
    gc.unfreeze()
    routes.models.cache_clear()
    routes.models()
    assert gc.get_freeze_count() > 30_000
    gc.unfreeze()
    catalogue._model.cache_clear()  # another test may have opened it
    assert catalogue.named("aaa").model.config.latent_dim == 6
    assert gc.get_freeze_count() > 100_000


def test_ranges_are_refused():
    answer = Answer(f"/esvae/web/{assets.VERSION}/mount.js", headers={"Range": "bytes=0-10"})
    assert answer.status == 416


def test_a_picture_for_those_who_cannot_decode():
    state = State("aaa", Prior(0), to_grid([0.1, 0.9, 0.5, 0.25, 0, 1]), 3, "bernoulli", 8)
    answer = Answer("/esvae/draw", f"s={encode(state)}")
    assert answer.status == 200
    length = int.from_bytes(answer.body[12:16], "little")
    header = json.loads(answer.body[16 : 16 + length])
    pixels = next(entry for entry in header["arrays"] if entry["name"] == "pixels")
    at = 16 + length + pixels["offset"]
    found = np.frombuffer(answer.body, np.uint8, int(np.prod(pixels["shape"])), at).reshape(pixels["shape"])
    assert np.array_equal(found, drawn(state).pixels[0])


@pytest.mark.parametrize(
    "query", ["", "s=", "s=2~aaa", "s=2~zzz~p0~b8~0~e~k1x6.AA", "s=2~aaa~p0~b8~0~e~k1x7.AA", "s=" + "x" * 40_000]
)
def test_links_that_say_nothing_are_refused(query):
    answer = Answer("/esvae/draw", query)
    assert answer.status == (404 if "zzz" in query else 400)
    assert answer.json["error"]


def test_a_fault_of_ours_is_told_calmly_and_logged(monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("inside")

    monkeypatch.setattr(catalogue, "find", broken)
    answer = Answer("/esvae/models")
    assert answer.status == 500
    assert "inside" not in answer.body.decode()
    assert "inside" in caplog.text


def test_a_checkpoint_that_changes_or_disappears(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [tmp_path])
    path = shelve(tmp_path, "m", small_model())
    first = Answer("/esvae/model/m").json["hash"]
    shelve(tmp_path, "m", small_model(5))
    second = Answer("/esvae/model/m").json["hash"]
    assert first != second
    assert Answer(f"/esvae/bundle/{first}/decoder").status == 404
    path.unlink()
    assert "not here" in Answer("/esvae/model/m").json["error"]
    assert Answer(f"/esvae/bundle/{second}/decoder").status == 404


def test_dimensions_are_what_the_library_says(loaded):
    from esvae_core.explore.dimensions import class_share, usage

    found = Answer(f"/esvae/dimensions/{loaded.digest}")
    assert "immutable" in found.headers["cache-control"]
    atlas, told = loaded.atlas, found.json
    used = usage(atlas.counts, atlas.time_steps)
    assert told["states"] == list(used.states)
    assert np.allclose(told["histogram"], used.histogram, atol=1e-5)
    assert np.allclose(told["bits"], used.bits, atol=1e-3)
    assert np.allclose(told["classShare"], class_share(atlas.rates, atlas.labels), atol=1e-4)
    assert told["clear"] == atlas.contrast.clear.tolist()
    assert np.shape(told["correlation"]) == np.shape(told["classMeans"]) == (10, 6)
    for digest in ("0" * 64, catalogue.named("bare").digest):
        assert Answer(f"/esvae/dimensions/{digest}").status == 404


def test_recordings_are_drawn_by_the_server(filmed):
    answer = Answer("/esvae/recordings/filmed", "seed=5&count=2")
    assert answer.status == 200
    drawn = filmed.prior_rates(2, generator=torch.Generator().manual_seed(5)).detach()
    found = recordings_of(answer.body)
    assert np.abs(found["rates"] / GRID - drawn.numpy()).max() <= 0.5 / GRID + 1e-6
    for k, rates in enumerate(found["rates"]):
        images, _, spikes = filmed.decode_many(torch.from_numpy(from_grid(rates)), (5,))
        assert np.array_equal(found["samples"][k], to_uint8(in_colours(images[0])))
        assert np.array_equal(found["sampleSpikes"][k], spikes[:, 0].numpy())
        assert found["sampleSpikes"][k].shape == (2 + 4, 6)
    for name in ("aaa", "rival", "text", "nowhere", "../filmed"):
        assert Answer(f"/esvae/recordings/{name}", "seed=5&count=2").status == 404
    for query in ("", "seed=5", "seed=-1&count=2", "seed=5&count=17", f"seed={2**31}&count=1", "seed=x&count=1"):
        assert Answer("/esvae/recordings/filmed", query).status == 400, query


def test_test_recordings_are_encoded_by_the_server_and_come_with_what_they_were(monkeypatch, filmed):
    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED])
    found = recordings_of(Answer("/esvae/reconstructions/moving-digits", "seed=2&count=3").body)
    path = catalogue.SHIPPED / "moving-digits.safetensors"
    model, header = load(path).model, read_header(path)
    data = load_data("moving_digits", "test", image_size=32, channels=2, frames=header.model.frame_count)
    images = data.tensor([6, 7, 8])
    with torch.no_grad():
        rates = model.encode(images).rates.numpy()
    assert np.abs(found["rates"] / GRID - rates).max() <= 0.5 / GRID + 1e-6
    assert found["originals"].shape == found["samples"].shape == (3, 9, 32, 32, 3)
    for k in range(3):
        assert np.array_equal(found["originals"][k], to_uint8(in_colours(images[k])))
        drawn = model.decode_many(torch.from_numpy(from_grid(found["rates"][k])), (2,)).images[0]
        assert np.array_equal(found["samples"][k], to_uint8(in_colours(drawn)))
    error = np.square(found["originals"] / 127.5 - found["samples"] / 127.5).mean()
    mean = data.images.mean(0).transpose(0, 2, 3, 1)
    assert error < 0.7 * np.square(data.images[6:9].transpose(0, 1, 3, 4, 2) / 127.5 - mean / 127.5).mean(), "of use"


def test_test_recordings_that_are_not_at_hand_are_said_without_a_path(shelf_dir, filmed):
    answer = Answer("/esvae/reconstructions/filmed", "seed=0&count=2")
    assert (answer.status, answer.json) == (404, {"error": "its test recordings are not on this machine"})
    assert Answer("/esvae/reconstructions/aaa", "seed=0&count=2").status == 404
    assert Answer("/esvae/reconstructions/filmed", "seed=0&count=17").status == 400


def test_a_recording_of_other_rates_has_the_noise_that_it_had(filmed):
    before = recordings_of(Answer("/esvae/recordings/filmed", "seed=5&count=1").body)
    same = Answer("/esvae/recording/filmed", f"seed=5&rates={pack(before['rates'][0].tolist())}")
    assert all(np.array_equal(before[name], value) for name, value in recordings_of(same.body).items())
    moved = [GRID - rate if i == 2 else rate for i, rate in enumerate(before["rates"][0].tolist())]
    after = recordings_of(Answer("/esvae/recording/filmed", f"seed=5&rates={pack(moved)}").body)
    differs = (after["sampleSpikes"] != before["sampleSpikes"]).any((0, 1))
    assert differs.tolist() == [False, False, True, False, False, False]
    assert not np.array_equal(after["samples"], before["samples"])
    three, long = pack([0, 1, 2]), "A" * 40_000
    for query in ("", "seed=5", f"seed=5&rates={three}", "seed=5&rates=no", f"seed=5&rates={long}", f"rates={three}"):
        assert Answer("/esvae/recording/filmed", query).status == 400, query
    assert Answer("/esvae/recording/aaa", f"seed=5&rates={pack(moved)}").status == 404


def recordings_of(body: bytes) -> dict[str, np.ndarray]:
    """The arrays of an answer, in the format that `explore/array_format.py` tells."""
    length = int.from_bytes(body[12:16], "little")
    table = json.loads(body[16 : 16 + length])["arrays"]
    start = 16 + length
    found = {}
    for one in table:
        raw = np.frombuffer(body, one["type"], int(np.prod(one["shape"])), start + one["offset"])
        found[one["name"]] = raw.reshape(one["shape"])
    return found


def test_thumbnails_are_the_first_pictures_of_the_atlas_and_load_no_model(shelf_dir):
    answer = Answer("/esvae/thumbnails/aaa")
    assert answer.status == 200
    tiles = atlases.load(shelf_dir / "aaa.atlas.npz").tiles[:4]
    assert tiles.tobytes() in answer.body
    for name in ("bare", "text", "nowhere", "../aaa"):
        assert Answer(f"/esvae/thumbnails/{name}").status == 404, name


def test_recordings_are_listed_and_say_why_they_do_not_open(filmed):
    (entry,) = [entry for entry in catalogue.find() if entry.name == "filmed"]
    assert "holds a model of recordings of 4 frames, which Models plays and no view explores" in entry.problem
    with pytest.raises(CheckpointError, match="recordings"):
        catalogue.named("filmed")


def test_a_model_says_what_its_neurons_were_taught(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [tmp_path])
    model = small_model()
    levels = ((4.0, 5.0), (2.0, 30.0))
    known = DataRecord(name="sprites", sha256="", factor_names=("scale", "x"), factor_levels=levels)
    for name, weight in (("told", 0.5), ("untold", 0.0)):
        header = Header(name=name, model=model.config, train=TrainConfig(factor_weight=weight), dataset=known)
        save(tmp_path / f"{name}.safetensors", model.state_dict(), header)
    told, untold = map(catalogue.listed, catalogue.find())
    assert (told["taught"], told["taughtUnits"], told["taughtLevels"]) == (("scale", "x"), ["px", "px"], levels)
    assert (untold["taught"], untold["taughtUnits"], untold["taughtLevels"]) == ((), [], ())


def test_parts_of_a_model_do_not_load_the_others(monkeypatch):
    digest = catalogue.named("bare").digest
    monkeypatch.setattr(
        catalogue, "take", lambda entry, take=catalogue.take: take(entry) if entry.name == "bare" else 1 / 0
    )
    assert catalogue.hashed(digest).entry.name == "bare"


def test_loading_models_brings_no_modules_that_the_collector_would_walk_through_at_every_rerun():
    code = """
import sys
from app import catalogue, routes
routes.models()
before = set(sys.modules)
shelves = [catalogue.take(entry) for entry in catalogue.find() if not entry.problem]
late = set(sys.modules) - before
assert len(shelves) > 5 and len(late) < 50, sorted(late)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=catalogue.SHIPPED.parent, timeout=300)
