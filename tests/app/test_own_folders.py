"""Originals of data of one's own: whose checkpoints make the server read a folder, and who is shown its pictures."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from app import catalogue, uploads
from esvae_core import checkpoint
from esvae_core.checkpoint import Header
from esvae_core.config import DataConfig, RunConfig
from esvae_core.data import load as load_data
from esvae_core.explore import atlas as atlases

from .made import small_model
from .test_routes import PAGE, Answer


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run on a folder of pictures, as training leaves it, in a folder that `esvae app` is given."""
    pictures, folder = tmp_path / "pictures", tmp_path / "runs/first"
    for n in range(12):
        (pictures / "ab"[n % 2]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((16, 16), 20 * n, np.uint8)).save(pictures / "ab"[n % 2] / f"{n}.png")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for option in (catalogue.FOLDERS_OPTION, "ESVAE_CHECKPOINTS", "ESVAE_ALLOWED_HOSTS"):
        monkeypatch.delenv(option, raising=False)
    monkeypatch.setenv(catalogue.OPEN_OPTION, str(tmp_path / "runs"))
    monkeypatch.setattr(catalogue, "SHIPPED", tmp_path / "none")
    (tmp_path / "none").mkdir()
    folder.mkdir(parents=True)
    model, data = small_model(), DataConfig(dataset=f"folder:{pictures}")
    path = folder / "model.safetensors"
    checkpoint.save(path, model.state_dict(), Header(name="mine", model=model.config, data=data))
    test = load_data(data.dataset, "test", image_size=16, channels=1)
    atlases.save(atlases.beside(path), atlases.build(model, test, count=2))
    settings = RunConfig(name="mine", model=model.config, data=data)
    (folder / "config.json").write_text(settings.model_dump_json())
    return folder


def seen(name: str = "mine", headers: dict[str, str] | None = None) -> bool:
    """Whether the page is told of originals; and that it then gets them, and else does not."""
    catalogue._originals.cache_clear()
    about = Answer(f"/esvae/model/{name}", headers=PAGE | (headers or {})).json
    answered = Answer(f"/esvae/originals/{about['hash']}", headers=PAGE | (headers or {})).status
    assert answered == (200 if about["originals"] else 404)
    return about["originals"]


def test_a_run_that_was_given_shows_its_pictures_on_this_machine_alone(run, monkeypatch):
    assert seen()
    assert not seen(headers={"X-Forwarded-For": "192.0.2.1"})
    assert not seen(headers={"Host": "explorer.example"})
    assert seen()
    monkeypatch.setenv("ESVAE_ALLOWED_HOSTS", "explorer.example")
    assert not seen()


def test_a_checkpoint_alone_makes_the_server_read_no_folder(run, tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "load_data", lambda *_, **__: pytest.fail("read"))
    settings = (run / "config.json").read_text()
    (run / "config.json").unlink()
    assert not seen(), "no run beside it"
    for other in ("[]", "{", settings.replace("/pictures", "/others")):
        (run / "config.json").write_text(other)
        assert not seen(), "a run on something else"
    (run / "config.json").write_text(settings)
    monkeypatch.setenv("ESVAE_CHECKPOINTS", str(tmp_path / "runs"))
    monkeypatch.delenv(catalogue.OPEN_OPTION)
    assert not seen(), "not given by name"


def test_what_visitors_opened_is_never_a_run_of_ones_own(run, tmp_path, monkeypatch):
    """Not even where the folder of all temporary files was given."""
    kept = tmp_path / f"{uploads._NAME}-1-abc/0123"
    shutil.copytree(run, kept)
    shutil.rmtree(run)
    monkeypatch.setenv(catalogue.OPEN_OPTION, str(tmp_path))
    monkeypatch.setattr(catalogue, "load_data", lambda *_, **__: pytest.fail("read"))
    assert not seen()


@pytest.mark.parametrize("kind", ["npz", "tar", "events", "huggingface"])
def test_an_atlas_names_no_other_path_either(kind):
    assert catalogue._readable(f"{kind}:/data", f"{kind}:/data", True) == f"{kind}:/data"
    assert catalogue._readable(f"{kind}:/usr", "mnist", True) is None
    assert catalogue._readable(f"{kind}:/usr", f"{kind}:/data", True) is None
    assert catalogue._readable(f"{kind}:data", f"{kind}:data", True) is None, "a path that is not whole"
