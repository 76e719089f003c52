"""Files that carry recipes: written, read back, made again, held against what they show, and refused."""

from __future__ import annotations

import base64
import html
import io
import json
import struct
import zipfile
import zlib

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from esvae_core import checkpoint
from esvae_core.config import ModelConfig
from esvae_core.engine import noise
from esvae_core.engine.damage import Damage, damaged
from esvae_core.errors import CheckpointError, InputError, RecipeError
from esvae_core.esvae import ESVAE
from esvae_core.explore import recipe_files
from esvae_core.explore import replay as replay_module
from esvae_core.explore.decode_rates import arrays_beside, render
from esvae_core.explore.fixed_point import GRID, to_rates
from esvae_core.explore.latent_interface import hash_of
from esvae_core.explore.recipe import Layout, recipe_of
from esvae_core.explore.replay import replay
from esvae_core.fitted_prior import fit_prior

UNITS = np.random.default_rng(0).integers(0, GRID + 1, (5, 6)).astype(np.uint16)
CAPTIONS = ("<a> & b", 'c"', "ä", "0.5", "")


@pytest.fixture(scope="module")
def colour():
    torch.manual_seed(1)
    made = ESVAE(ModelConfig(image_channels=3, image_size=16, channels=(8, 8), latent_dim=6, time_steps=8)).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.dim() > 1:
                parameter.mul_(6)
    return made


@pytest.fixture
def shelf(tmp_path, model, colour):
    """A folder of two checkpoints and a broken one."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for name, network in (("gray", model), ("colour", colour)):
        checkpoint.save(
            folder / f"{name}.safetensors", network.state_dict(), checkpoint.Header(name=name, model=network.config)
        )
    (folder / "broken.safetensors").write_bytes(b"x")
    return folder


def made(model, kind="grid", **layout):
    layout = {"columns": 3, "gap": 1, "scale": 2} | layout
    units = UNITS[:1] if kind == "picture" else UNITS
    how = {"sampler": "bernoulli", "steps": 8, "layout": Layout(**layout)}
    return recipe_of(model, "gray", units, (7,), kind=kind, **how)


@pytest.mark.parametrize("suffix", [".png", ".gif", ".webp", ".npz", ".PNG"])
@pytest.mark.parametrize("kind", ["picture", "grid", "strip", "film"])
@pytest.mark.parametrize("which", ["gray", "colour"])
def test_every_kind_of_file_is_made_again_to_the_pixel(suffix, kind, which, shelf, tmp_path):
    model = checkpoint.load(shelf / f"{which}.safetensors").model
    recipe = made(model, kind, captions=CAPTIONS if kind == "grid" else ())
    path = tmp_path / f"it{suffix}"
    if kind == "film" and suffix.lower() == ".png":
        with pytest.raises(InputError, match=r"\.gif or \.webp"):
            recipe_files.write(path, recipe, render(recipe, model))
        return
    recipe_files.write(path, recipe, render(recipe, model))
    done = replay(path, [shelf], tmp_path / f"again{suffix}")
    assert done.recipe == recipe
    assert done.checkpoint == shelf / f"{which}.safetensors"
    assert (done.identical, done.differing, done.largest) == (True, 0, 0)
    assert replay(tmp_path / f"again{suffix}", [shelf]).identical


def mp4(recipe, pixels, *between):
    """The boxes of a film that matter here; the page writes whole ones, its test plays them."""
    inside = recipe_files.xmp(recipe.text).replace(b"</rdf:D", f"<esvae:pixels>{pixels}</esvae:pixels></rdf:D".encode())
    uuid = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
    boxes = (b"ftypisom", *between, b"uuid" + bytes(16), b"uuid" + uuid + inside)
    return b"".join((4 + len(box)).to_bytes(4, "big") + box for box in boxes)


def test_a_film_with_loss_is_held_against_its_checksum(model, shelf, tmp_path):
    recipe = made(model, "film")
    frames = recipe_files.laid_out(recipe, render(recipe, model))
    path = tmp_path / "it.mp4"
    path.write_bytes(mp4(recipe, recipe_files.checksum(frames), b"mdat" + bytes(99)))
    done = replay(path, [shelf], tmp_path / "again.webp")
    assert (done.lossy, done.identical, done.differing) == (True, True, 0)
    assert not replay(tmp_path / "again.webp", [shelf]).lossy
    for pixels in ("", "0" * 64):
        path.write_bytes(mp4(recipe, pixels))
        done = replay(path, [shelf])
        assert (done.identical, done.differing) == (False, 5 * 32 * 32)
    whole = mp4(recipe, "")
    for raw, wrong in ((whole[:-1], "carries no recipe"), (whole[:9], "carries no recipe"), (whole[:8], "no recipe")):
        path.write_bytes(raw)
        with pytest.raises(RecipeError, match=wrong):
            recipe_files.read_recipe(path)


def test_a_png_shows_the_sheet(model, tmp_path):
    recipe = made(model, captions=CAPTIONS)
    recipe_files.write(tmp_path / "it.png", recipe, render(recipe, model))
    with Image.open(tmp_path / "it.png") as image:
        assert image.mode == "L"
        assert image.size == (2 * (3 * 17 - 1), 2 * (2 * 24 - 1))
        assert image.text["esvae"] == recipe.text


def test_a_film_has_its_pace(model, tmp_path):
    recipe = made(model, "film", frame_ms=200)
    for name in ("it.gif", "it.webp"):
        recipe_files.write(tmp_path / name, recipe, render(recipe, model))
        with Image.open(tmp_path / name) as image:
            assert image.n_frames == 5
            assert image.size == (32, 32)
            image.seek(1)
            image.load()
            assert image.info["duration"] == 200


def test_equal_frames_may_be_one(model, shelf, tmp_path):
    recipe = recipe_of(model, "m", UNITS[[0, 0, 1]], (7,), kind="film", sampler="bernoulli", steps=8)
    recipe_files.write(tmp_path / "it.gif", recipe, render(recipe, model))
    with Image.open(tmp_path / "it.gif") as image:
        assert image.n_frames == 2
    assert replay(tmp_path / "it.gif", [shelf]).identical


def test_a_changed_pixel_is_seen(model, shelf, tmp_path):
    recipe = made(model)
    pixels = render(recipe, model)
    pixels[1, 2, 3] ^= 4
    for name in ("it.png", "it.gif", "it.webp", "it.npz"):
        recipe_files.write(tmp_path / name, recipe, pixels)
        done = replay(tmp_path / name, [shelf])
        assert (done.identical, done.differing, done.largest) == (False, 1 if name == "it.npz" else 4, 4), name


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("images", lambda x: x + np.int32(65536)),
        ("images", lambda x: x + 0.9),
        ("images", lambda x: x + 1000j),
        ("images", lambda x: x.astype(np.int64)),
        ("images", lambda x: x[..., None]),
        ("rates", lambda x: x + np.float32(1e-6)),
        ("rates", lambda x: x.astype(np.float64)),
        ("rates", lambda x: x[:-1]),
        ("more", lambda x: np.zeros(1)),
        ("spikes", lambda x: 1 - x),
        ("rates", None),
        ("images", None),
    ],
)
def test_every_array_of_a_table_is_compared_exactly(name, change, model, shelf, tmp_path):
    recipe, path = made(model), tmp_path / "it.npz"
    recipe_files.write(path, recipe, render(recipe, model), arrays_beside(recipe, model))
    with np.load(path) as file:
        arrays = dict(file)
    assert replay(path, [shelf]).other == ()
    if change is None:
        del arrays[name]
    else:
        arrays[name] = change(arrays.get(name))
    np.savez_compressed(path, **arrays)
    done = replay(path, [shelf])
    assert (done.identical, done.other) == (False, (name,))


def test_a_table_holds_the_spikes_that_were_decoded(model, shelf, tmp_path):
    damage, how = Damage(kind="flip", amount=20), {"sampler": "bernoulli", "steps": 8}
    more = {"flips": ((1, 2, 3), (4, 0, 5)), "damage": damage, "layout": Layout(columns=3, gap=1, scale=2)}
    recipe = recipe_of(model, "gray", UNITS, (7, 8, 9, 10, 11), kind="grid", **how, **more)
    found = arrays_beside(recipe, model)["spikes"]
    for i, rates in enumerate(to_rates(recipe.fixed_point_rates)):
        seed = recipe.seeds[i if len(recipe.seeds) > 1 else 0]
        wanted = damaged(noise.sample(rates, seed, recipe.sampler, recipe.steps), damage, seed)
        for picture, step, neuron in recipe.flips:
            if picture == i:
                wanted[step, neuron] = 1 - wanted[step, neuron]
        assert np.array_equal(found[i], wanted)
    path = tmp_path / "it.npz"
    recipe_files.write(path, recipe, render(recipe, model), arrays_beside(recipe, model))
    assert replay(path, [shelf]).identical
    recipe_files.write(path, recipe, render(recipe, model))  # as before there were spikes in it
    assert replay(path, [shelf]).identical


def test_a_picture_that_no_reader_takes_is_not_written(model, tmp_path):
    recipe = made(model, "film", scale=64)
    pixels = np.zeros((5, 2048, 2048, 1), np.uint8)
    with pytest.raises(InputError, match="expected at most 67,108,864 pixels"):
        recipe_files.write(tmp_path / "it.webp", recipe, pixels)
    assert not (tmp_path / "it.webp").exists()


def test_another_size_is_seen(model, shelf, tmp_path):
    recipe = made(model)
    recipe_files.write(tmp_path / "it.png", recipe, render(recipe, model))
    with Image.open(tmp_path / "it.png") as image:
        about = PngImagePlugin.PngInfo()
        about.add_text("esvae", image.text["esvae"])
        image.resize((10, 10)).save(tmp_path / "small.png", pnginfo=about)
    assert not replay(tmp_path / "small.png", [shelf]).identical


def test_a_picture_that_went_through_other_hands_is_still_identical(model, shelf, tmp_path):
    """Another program may write gray as RGBA and the recipe as a tEXt chunk behind the pixels."""
    recipe = made(model)
    recipe_files.write(tmp_path / "it.png", recipe, render(recipe, model))
    with Image.open(tmp_path / "it.png") as image:
        about = PngImagePlugin.PngInfo()
        about.add(b"tEXt", b"esvae\0" + image.text["esvae"].encode("latin-1"), after_idat=True)
        image.convert("RGBA").save(tmp_path / "other.png", pnginfo=about)
    assert replay(tmp_path / "other.png", [shelf]).identical


def test_the_network_is_known_by_its_content(model, colour, shelf, tmp_path):
    recipe = made(model)
    recipe_files.write(tmp_path / "it.png", recipe, render(recipe, model))
    (shelf / "gray.safetensors").rename(shelf / "other name.safetensors")
    assert replay(tmp_path / "it.png", [shelf]).checkpoint.name == "other name.safetensors"
    assert replay(tmp_path / "it.png", [shelf / "other name.safetensors"]).identical
    with pytest.raises(RecipeError, match=r"it\.png: the recipe's network, .* was not found among 1"):
        replay(tmp_path / "it.png", [shelf / "colour.safetensors"])
    with pytest.raises(RecipeError, match="was not found among 0"):
        replay(tmp_path / "it.png", [])
    with pytest.raises(CheckpointError, match="broken"):
        replay(tmp_path / "it.png", [shelf / "broken.safetensors"])


def test_a_prior_that_was_fitted_since_makes_no_difference(model, shelf, tmp_path):
    recipe = made(model)
    recipe_files.write(tmp_path / "it.png", recipe, render(recipe, model))
    source = torch.Generator().manual_seed(0)
    rates = torch.rand(64, model.config.latent_dim, generator=source)
    fitted = model.with_prior(fit_prior(rates, 2, model.config.time_steps, source), snap=True)
    header = checkpoint.Header(name="gray", model=fitted.config)
    checkpoint.save(shelf / "gray.safetensors", fitted.state_dict(), header)
    done = replay(tmp_path / "it.png", [shelf])
    assert done.identical
    assert done.checkpoint.name == "gray.safetensors"
    later = made(fitted)
    assert later.checkpoint.sha256 != recipe.checkpoint.sha256
    with pytest.raises(RecipeError, match="another network"):
        render(later, model)


def says(path, digest):
    """Have a checkpoint say this of the hash of its bundle; nothing if None, as files of earlier versions."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    layout = json.loads(raw[8 : 8 + length])
    del layout["__metadata__"]["esvae_bundle_sha256"]
    if digest is not None:
        layout["__metadata__"]["esvae_bundle_sha256"] = digest
    text = json.dumps(layout).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + length :])


@pytest.fixture
def read_files(monkeypatch):
    """Names of the files whose weights are read while a network is looked for."""
    names, original = [], replay_module.read_explorable
    monkeypatch.setattr(replay_module, "read_explorable", lambda path: names.append(path.name) or original(path))
    return names


def test_weights_are_read_of_the_file_alone_that_says_to_hold_the_network(model, shelf, tmp_path, read_files):
    recipe = made(model)
    recipe_files.write(tmp_path / "it.png", recipe, render(recipe, model))
    (shelf / "gray.safetensors").rename(shelf / "z.safetensors")
    assert replay(tmp_path / "it.png", [shelf]).checkpoint.name == "z.safetensors"
    assert read_files == ["z.safetensors"]
    (shelf / "z.safetensors").unlink()
    with pytest.raises(RecipeError, match="was not found among 2"):
        replay(tmp_path / "it.png", [shelf])
    assert "colour.safetensors" not in read_files, "it says to hold another"


def test_files_that_say_nothing_of_their_hash_are_found_as_before(model, shelf, tmp_path, read_files):
    recipe = made(model)
    recipe_files.write(tmp_path / "it.png", recipe, render(recipe, model))
    (shelf / "gray.safetensors").rename(shelf / "z.safetensors")
    for name in ("z", "colour"):
        says(shelf / f"{name}.safetensors", None)
    done = replay(tmp_path / "it.png", [shelf])
    assert (done.identical, done.checkpoint.name) == (True, "z.safetensors")
    assert "colour.safetensors" in read_files


def test_a_file_that_says_a_wrong_hash_makes_no_picture(model, colour, shelf, tmp_path):
    recipe = made(model)
    recipe_files.write(tmp_path / "it.png", recipe, render(recipe, model))
    says(shelf / "colour.safetensors", hash_of(model))
    assert replay(tmp_path / "it.png", [shelf]).checkpoint.name == "gray.safetensors"
    says(shelf / "gray.safetensors", hash_of(colour))
    assert replay(tmp_path / "it.png", [shelf / "gray.safetensors"]).identical, "a file that is named is looked into"
    assert replay(tmp_path / "it.png", [shelf]).identical, "as is one of the network's name"
    (shelf / "gray.safetensors").rename(shelf / "z.safetensors")
    for places in ([shelf], [shelf / "colour.safetensors"]):
        with pytest.raises(RecipeError) as caught:
            replay(tmp_path / "it.png", places, tmp_path / "out.png")
        said = str(caught.value)
        assert f"{shelf / 'colour.safetensors'} says that it holds the recipe's network, gray (content " in said
        assert "but its weights are others" in said
        assert "\n" not in said
    assert not (tmp_path / "out.png").exists()


def write_png(path, **texts):
    about = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        about.add_itxt(key, text)
    Image.new("L", (4, 4)).save(path, pnginfo=about)


def test_files_without_a_recipe_are_named(model, tmp_path):
    write_png(tmp_path / "plain.png", Comment="hello")
    Image.new("L", (4, 4)).save(tmp_path / "plain.gif")
    Image.new("L", (4, 4)).save(tmp_path / "plain.webp")
    np.savez(tmp_path / "plain.npz", images=np.zeros((1, 4, 4), np.uint8))
    (tmp_path / "plain.svg").write_text("<svg/>")
    for path in sorted(tmp_path.glob("plain.*")):
        with pytest.raises(RecipeError, match="carries no recipe") as caught:
            recipe_files.read_recipe(path)
        assert str(path) in str(caught.value)


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}">'
    '<metadata><esvae:recipe xmlns:esvae="https://esvae.invalid/recipe/1">{recipe}</esvae:recipe></metadata>'
    '{before}<image width="{w}" height="{h}" style="image-rendering:pixelated"'
    ' href="data:image/png;base64,{png}"/>{after}</svg>'
)
"""As the page writes it, with room for more."""


def test_an_svg_shows_its_picture_and_nothing_else(model, shelf, tmp_path):
    recipe = made(model)
    recipe_files.write(tmp_path / "it.png", recipe, render(recipe, model))
    png = base64.b64encode((tmp_path / "it.png").read_bytes()).decode()
    with Image.open(tmp_path / "it.png") as image:
        w, h = image.size
    parts = {"w": w, "h": h, "recipe": html.escape(recipe.text, quote=False), "png": png, "before": "", "after": ""}
    (tmp_path / "it.svg").write_text(SVG.format(**parts))
    assert replay(tmp_path / "it.svg", [shelf]).identical
    cover = f'<rect width="{w}" height="{h}" fill="red"/>'
    for change in ({"after": cover}, {"before": f"<defs>{cover}</defs>"}, {"png": png + '" opacity="0'}):
        (tmp_path / "other.svg").write_text(SVG.format(**parts | change))
        with pytest.raises(RecipeError, match="it was changed"):
            replay(tmp_path / "other.svg", [shelf])


def test_more_than_eight_bits_a_sample_are_not_dropped(model, shelf, tmp_path):
    """Pillow would read the upper half of each sample of a 16-bit picture in colours."""
    recipe = made(model)
    recipe_files.write(tmp_path / "it.png", recipe, render(recipe, model))
    with Image.open(tmp_path / "it.png") as image:
        size, gray = image.size, np.asarray(image.convert("L"))
    deep = np.repeat(gray[:, :, None], 3, 2).astype(">u2") * 256 + 200
    rows = b"".join(b"\0" + row.tobytes() for row in deep)
    text = b"esvae\0\0\0\0\0" + recipe.text.encode()
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", *size, 16, 2, 0, 0, 0)), (b"iTXt", text)]
    chunks += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks]
    (tmp_path / "deep.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    with pytest.raises(RecipeError, match="expected at most 8 bits a sample, found 16"):
        replay(tmp_path / "deep.png", [shelf])


def test_hostile_files_are_refused_in_one_line(tmp_path):
    write_png(tmp_path / "long.png", esvae="x" * (4 * 2**20 + 1))
    write_png(tmp_path / "json.png", esvae="{}")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "none.png").write_bytes(b"")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "huge.png")
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("recipe.npy", b"\0" * (2**28 + 1))
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(tmp_path / "pickle.npz", "w") as archive:
        archive.writestr("recipe.npy", buffer.getvalue())
    (tmp_path / "cut.svg").write_text("<svg><esvae:recipe>{")
    for path in [*sorted(tmp_path.iterdir()), tmp_path / "missing.png", tmp_path]:
        with pytest.raises(RecipeError) as caught:
            recipe_files.read_recipe(path)
        assert str(path) in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1, path


@pytest.fixture(scope="module")
def whole(tmp_path_factory, model):
    folder = tmp_path_factory.mktemp("whole")
    recipe = made(model)
    for suffix in recipe_files.SUFFIXES:
        recipe_files.write(folder / f"it{suffix}", recipe, render(recipe, model))
    return folder


@pytest.mark.parametrize("suffix", recipe_files.SUFFIXES)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_files_are_read_or_refused(suffix, whole, data):
    raw = bytearray((whole / f"it{suffix}").read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = whole / f"damaged{suffix}"
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw)
    message = str(path)
    try:
        recipe_files.read_recipe(path)
    except RecipeError as refusal:
        message = str(refusal)
    assert str(path) in message
    assert len(message.splitlines()) == 1
