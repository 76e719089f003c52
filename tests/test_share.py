"""Models for others: the folder that `esvae push` writes, repositories of a Hub, and the hashes of those that ship."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from esvae_core import cli, shipped
from esvae_core import hub as hugging
from esvae_core.checkpoint import (
    DataRecord,
    Header,
    Metric,
    load,
    read_header,
    save,
    shared,
    weights_hash,
)
from esvae_core.config import DataConfig, RunConfig, TrainConfig
from esvae_core.errors import CheckpointError, ConfigError, MissingDataError, NotACheckpointError, OutputError
from esvae_core.explore import atlas
from esvae_core.hub import Repository, repository
from esvae_core.shipped_models import files_of, models, originals_of

from .app.made import shelve, small_model
from .hub_server import hub

ROOT = Path(__file__).parents[1]
DIGITS = ROOT / "checkpoints/digits-plus.safetensors"


def esvae(monkeypatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["esvae", *map(str, words)])
    try:
        cli.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def own(tmp_path) -> Path:
    """A checkpoint that was trained on a folder of this machine, with an atlas."""
    path = shelve(tmp_path, "mine", small_model())
    folder = f"folder:{tmp_path / 'secret' / 'pictures'}"
    header = Header(
        name="mine *bold* | <b>",
        model=load(path).model.config,
        data=DataConfig(dataset=folder),
        train=TrainConfig(start_from=str(tmp_path / "secret" / "before.safetensors")),
        dataset=DataRecord(name=folder, sha256="ab" * 32, class_names=tuple("abcdefghij")),
        metrics=(Metric(name="mse", value=0.0125, protocol="test split, T = 8"),),
    )
    save(path, load(path).model.state_dict(), header)
    return path


def test_the_folder_has_a_card_and_names_no_path_of_this_machine(own, tmp_path, monkeypatch, capsys):
    assert esvae(monkeypatch, "push", own, tmp_path / "out" / "shared", "--json") == 0
    folder = tmp_path / "out" / "shared"
    files = ["README.md", "config.json", "model.atlas.npz", "model.safetensors", "samples.png"]
    assert sorted(json.loads(capsys.readouterr().out)["files"]) == files == names_in(folder)
    assert not [name for name in files if str(tmp_path).encode() in (folder / name).read_bytes()]
    header = read_header(folder)
    assert (header.data.dataset, header.dataset.name) == ("folder:pictures", "folder:pictures")
    assert header.train.start_from == "before.safetensors"
    assert json.loads((folder / "config.json").read_text()) == json.loads(header.model_dump_json())
    assert read_header(own).data.dataset == f"folder:{tmp_path}/secret/pictures", "which stays here"
    with Image.open(folder / "samples.png") as samples:
        assert samples.size == (2 * (8 * 18 - 2),) * 2
    card = (folder / "README.md").read_text()
    front, _, text = card.removeprefix("---\n").partition("\n---\n")
    about = {name: json.loads(value) for name, _, value in (line.partition(": ") for line in front.splitlines())}
    assert about["library_name"] == "esvae"
    assert about["tags"] == ["esvae", "variational-autoencoder", "spiking-neural-network"]
    assert about["metrics"] == ["mse"]
    assert r"# mine \*bold\* \| \<b\>" in text
    assert "| mse | 0.0125 | test split, T = 8 |" in text
    assert "![64 new pictures](samples.png)" in text


def test_a_model_of_recordings_is_shared_with_rows_of_frames(tmp_path, monkeypatch):
    moving = DIGITS.with_name("moving-digits.safetensors")
    assert esvae(monkeypatch, "push", moving, tmp_path / "shared") == 0
    model = load(tmp_path / "shared").model
    assert weights_hash(model.state_dict()) == weights_hash(load(moving).model.state_dict())
    size, steps = model.config.image_size + 2, model.config.time_steps
    with Image.open(tmp_path / "shared" / "samples.png") as samples:
        assert samples.size == (2 * (steps * size - 2), 2 * (4 * size - 2))
        assert len(samples.getcolors(2**20)) > 2, "events of both polarities on black"
    assert "![4 new recordings, a row each](samples.png)" in (tmp_path / "shared" / "README.md").read_text()


def test_a_folder_is_loaded_like_a_file_with_what_lies_beside(own, tmp_path, monkeypatch):
    esvae(monkeypatch, "push", DIGITS, tmp_path / "shared")
    loaded = load(tmp_path / "shared")
    assert weights_hash(loaded.model.state_dict()) == weights_hash(load(DIGITS).model.state_dict())
    assert loaded.controls.keys() == load(DIGITS).controls.keys()
    assert atlas.beside(loaded.path).read_bytes() == atlas.beside(DIGITS).read_bytes()
    assert esvae(monkeypatch, "info", tmp_path / "shared") == 0
    assert esvae(monkeypatch, "pull", tmp_path / "shared", "--out", tmp_path / "pulled") == 0
    for file in (tmp_path / "shared").iterdir():
        assert (tmp_path / "pulled" / file.name).read_bytes() == file.read_bytes()


def test_config_json_rescues_what_another_tool_dropped(own, tmp_path, monkeypatch):
    esvae(monkeypatch, "push", own, tmp_path / "shared")
    path = tmp_path / "shared/model.safetensors"
    before = load(path)
    save_file(load_file(path), path)  # without metadata
    assert load(path).header == before.header
    (tmp_path / "shared/config.json").write_text(RunConfig(name="run", model=before.model.config).model_dump_json())
    assert load(path).header.name == "run", "as training writes it"
    for text, told in (
        ("{", "config.json cannot be read"),
        ("[]", "header: expected a JSON object"),
        ("{}", "version"),
    ):
        (tmp_path / "shared/config.json").write_text(text)
        with pytest.raises(CheckpointError, match=told):
            load(path)
    (tmp_path / "shared/config.json").unlink()
    with pytest.raises(NotACheckpointError, match=r"its header is missing$"):
        load(path)


def test_nothing_is_left_of_a_folder_that_cannot_be_written(own, tmp_path, monkeypatch, capsys):
    target = tmp_path / "shared"
    (target / "model.safetensors").mkdir(parents=True)
    assert esvae(monkeypatch, "push", own, target) == 2
    assert "model.safetensors: cannot be written: it is no file" in capsys.readouterr().err.replace("\n", " ")
    assert names_in(target) == ["model.safetensors"]


def test_addresses():
    assert repository("shared/mine") is None
    assert repository("hf://me/tiny") == Repository("me/tiny")
    assert repository(Path("hf://me/tiny@v1.0")) == Repository("me/tiny", "v1.0")
    for wrong in ("hf://me", "hf://me/tiny/more", "hf://../tiny", "hf://me/tiny@", "hf:me/tiny"):
        with pytest.raises(ConfigError, match="expected hf://user/name"):
            repository(wrong)


def test_without_huggingface_hub_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ConfigError, match=r"^the Hub needs huggingface_hub: pip install 'esvae\[hub\]'$"):
        load("hf://me/tiny")


ON_THE_HUB = """
import json, sys
from esvae_core import cli, load

def esvae(*words):
    sys.argv = ["esvae", *words]
    try:
        cli.main()
    except SystemExit as ended:
        return ended.code
    return 0

codes = [esvae("push", sys.argv[1], "hf://me/tiny")]
codes += [esvae("pull", "hf://me/tiny"), esvae("pull", "hf://me/other")]
codes += [esvae("models", "fetch", "digits-plus", "--from", "hf://me/models", "--out", "here")]
found = load("hf://me/tiny")
print(json.dumps([codes, found.header.name, str(found.path)]))
"""


@pytest.mark.linux
def test_a_model_goes_to_the_hub_and_comes_back(own, tmp_path):
    """In a process of its own: huggingface_hub reads its environment when it is imported."""
    pytest.importorskip("huggingface_hub", reason="needs the huggingface_hub package")
    ships = {file.name: file.read_bytes() for file in DIGITS.parent.glob("digits-plus.*")}
    with hub() as server:
        server.files = {"me/tiny": {"pytorch_model.bin": b"not asked for"}, "me/models": dict(ships)}
        environment = os.environ | {
            "HF_ENDPOINT": server.address,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_TOKEN": "hf_made",
            "HF_HUB_DISABLE_XET": "1",
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-c", ON_THE_HUB, str(own)]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done
        codes, name, path = json.loads(done.stdout.splitlines()[-1])
        assert codes == [0, 0, 2, 0], done
        (told,) = done.stderr.splitlines()
        assert told.startswith("esvae: hf://me/other: cannot be downloaded: ")
        assert (name, Path(path).name) == ("mine *bold* | <b>", "model.safetensors")
        kept = server.files["me/tiny"]
        assert kept.keys() - {"pytorch_model.bin"} == {
            "README.md", "config.json", "model.atlas.npz", "model.safetensors", "samples.png",
        }  # fmt: skip
        assert not list((tmp_path / "hf").rglob("pytorch_model.bin"))
        pulled = {file.name: file.read_bytes() for file in (tmp_path / "tiny").iterdir()}
        assert pulled == {name: content for name, content in kept.items() if name != "pytorch_model.bin"}
        fetched = {file.name: file.read_bytes() for file in (tmp_path / "here").iterdir()}
        assert fetched == {name: content for name, content in ships.items() if name in files_of("digits-plus")}


def test_repositories_that_are_too_large_and_servers_that_are_away(monkeypatch):
    pytest.importorskip("huggingface_hub", reason="needs the huggingface_hub package")
    monkeypatch.setattr(hugging, "MAX_BYTES", 10)
    with hub() as server:
        server.files["me/tiny"] = {"config.json": b"{}", "model.safetensors": b"12345678901"}
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        with pytest.raises(MissingDataError, match=r"^hf://me/tiny: 13 bytes, more than 10$"):
            hugging.download(Repository("me/tiny"), ["config.json", "model.safetensors"])
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # where nobody answers
    with pytest.raises(OutputError, match=r"^hf://me/tiny: cannot be written: "):
        hugging.upload(Repository("me/tiny"), {"config.json": b"{}"}, "for a server that is away")


def test_hashes_of_what_ships_are_right():
    listed = {file: digest for name in models() for file, digest in files_of(name).items()}
    for path in models().values():
        listed |= originals_of(path)
    here = [file for file in shipped.SHIPPED.iterdir() if file.suffix in (".npz", ".safetensors")]
    assert listed == {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in here}


def test_models_are_fetched_from_a_folder_and_their_hashes_checked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert esvae(monkeypatch, "models", "list", "--json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["models"]}
    assert rows["digits-plus"] == {"name": "digits-plus", "here": True, "path": str(DIGITS)}
    assert esvae(monkeypatch, "models", "fetch", "digits-plus", "--from", DIGITS.parent) == 0
    assert (tmp_path / "checkpoints/digits-plus.controls.npz").exists()
    assert esvae(monkeypatch, "models", "fetch", "ae-mnist", "mnist", "--from", DIGITS.parent, "--out", "two") == 0
    assert "mnist-32.originals.npz" in names_in(tmp_path / "two")
    for path in (tmp_path / "two").iterdir():
        assert path.read_bytes() == (DIGITS.parent / path.name).read_bytes()
    assert esvae(monkeypatch, "models", "fetch", "nothing", "--from", DIGITS.parent) == 2
    assert "nothing: no model of that name ships; there are ae-mnist" in capsys.readouterr().err
    (tmp_path / "checkpoints/digits-plus.atlas.npz").write_bytes(b"other")
    assert esvae(monkeypatch, "models", "fetch", "digits-plus", "--from", "checkpoints", "--out", "copy") == 2
    assert "digits-plus.atlas.npz: SHA-256 " in capsys.readouterr().err
    assert not (tmp_path / "copy").exists()


def test_paths_of_either_kind_are_left_out_of_a_shared_header(own):
    header = load(own).header
    for path, kept in (("folder:/a/b/pictures", "pictures"), (r"folder:C:\Users\me\pictures", "pictures")):
        named = header.model_copy(update={"data": DataConfig(dataset=path)})
        assert shared(named).data.dataset == f"folder:{kept}"
    assert shared(Header(name="a", model=header.model, data=DataConfig(dataset="mnist"))).data.dataset == "mnist"
