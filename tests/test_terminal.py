"""What the terminal shows of names and messages is text: it is not markup, and nothing in it acts on the terminal."""

from __future__ import annotations

import json
import logging
import shlex
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console

from esvae_core import checkpoint
from esvae_core.checkpoint import DataRecord, Header, Metric, TrainingRecord
from esvae_core.cli import console
from esvae_core.config import TrainConfig
from esvae_core.text import shown

ACTS = "\x1b[31m\x1b]0;title\x07\x9b1m\u202eltr\u2066\u2069\u200f\x00\x7f\r\nnext[/foo][red][link=file:///x]"
SEEN = shown(ACTS)


@pytest.fixture
def esvae(esvae, monkeypatch):
    """Run the command; everything that it wrote must be plain."""
    monkeypatch.setattr(logging.getLogger("esvae_core"), "handlers", [])

    def run(*words, lines=None):
        said = esvae(*words, columns=4000)
        for character in said.out + said.err:
            assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs"), repr(character)
        assert lines is None or len(said.err.splitlines()) == lines, said.err
        return said.code, said

    return run


@pytest.fixture
def named(tmp_path, warm_model):
    """A checkpoint whose every text says ACTS."""
    path = tmp_path / "named.safetensors"
    header = Header(
        name=ACTS,
        model=warm_model.config,
        train=TrainConfig(factor_weight=0.5),
        dataset=DataRecord(name=ACTS, sha256=ACTS, class_names=(ACTS,), factor_names=(ACTS,)),
        training=TrainingRecord(device=ACTS),
        metrics=(Metric(name=ACTS, value=1.5, protocol=ACTS),),
        source=ACTS,
        created=ACTS,
        versions={"esvae": ACTS},
    )
    checkpoint.save(path, warm_model.state_dict(), header)
    return path


def test_shown_is_what_repr_writes_and_leaves_letters_alone():
    for text in ("plain", "Grüße 你好 🙂 e\u0301", "a\\b", "'\"", "[red]"):
        assert shown(text) == text
    assert shown("a\x1bb\x9b\u202e\n\udcff\u2028") == "a\\x1bb\\x9b\\u202e\\n\\udcff\\u2028"
    assert shown("a" * 5000 + "yz", 10) == "aaaaaaaa...yz"
    for code in range(0x11000):
        assert shown(chr(code)).isprintable()


def test_info(esvae, named):
    code, said = esvae("info", named)
    assert code == 0
    assert said.out.count(SEEN) == 9, "name, taught, data, device, source, created, version, and the figure's two"
    code, said = esvae("info", named, "--json")
    assert json.loads(said.out)["metrics"][0]["name"] == ACTS


def test_messages_about_a_file_and_its_content(esvae, tmp_path, warm_model):
    tensors = warm_model.state_dict() | {ACTS: torch.zeros(1)}
    path = tmp_path / "x\x1b[31m[red]\u202e.safetensors"
    checkpoint.save(path, tensors, Header(name="x", model=warm_model.config))
    code, said = esvae("info", path, lines=1)
    assert code == 2
    assert f"{SEEN}: unknown tensor" in said.err
    typed = ACTS.replace("\0", "")  # which no command line can hold
    for words in (
        ("info", f"{tmp_path}/{typed}"),
        ("import", f"{tmp_path}/{typed}", tmp_path / "a.safetensors"),
        ("import", path, tmp_path / "a.safetensors"),
        ("presets", typed),
        ("data", "verify", typed),
        ("data", "verify", f"mnist:{typed}"),
        ("data", "fetch", f"folder:{typed}"),
        ("train", "--preset", typed),
        ("train", "--preset", "digits", "--set", f"{typed}=1"),
        ("evaluate", path),
        ("replay", path),
        ("page", path, "--out", tmp_path / "a.html"),
    ):
        code, said = esvae(*words)
        assert code in (0, 2), (words, said)
        if code:
            assert len(said.err.splitlines()) == 1, (words, said.err)
            assert "[red]" in said.err, (words, said.err)


def test_a_message_has_an_end(esvae, tmp_path):
    code, said = esvae("presets", "x" * 100_000, lines=1)
    assert code == 2
    assert len(said.err) < 2100


def test_results_name_files_as_text(esvae, tmp_path, warm_model):
    place = tmp_path / "\x1b[31m[red]\u202e"
    place.mkdir()
    path = place / "x.safetensors"
    checkpoint.save(path, warm_model.state_dict(), Header(name="x", model=warm_model.config))
    for command in (
        ("sample", path, "--n", "2", "--out", place / "a.png"),
        ("replay", place / "a.png", "--checkpoint", path),
        ("page", path, "--out", place / "a.html"),
    ):
        code, said = esvae(*command)
        assert code == 0, said
        assert shown(place.name) in said.out
    assert (
        place.name in json.loads(esvae("sample", path, "--n", "2", "--out", place / "b.npz", "--json")[1].out)["file"]
    )


@pytest.mark.parametrize("command", ["verify", "fetch"])
def test_own_data_that_are_not_there_are_named_as_text(esvae, tmp_path, command):
    code, said = esvae("data", command, f"folder:{tmp_path}[/x]\x1b")
    assert code == 2
    assert f"folder:{tmp_path}[/x]\\x1b: no such folder" in said.err


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_the_library_names_files_that_it_leaves_out_as_text(esvae, tmp_path, monkeypatch, warm_model):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    pictures = tmp_path / "pictures"
    for n in range(24):
        (pictures / "ab"[n % 2]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), 10 * n, np.uint8)).save(pictures / "ab"[n % 2] / f"{n}.png")
    (pictures / "a" / "\x1b[31m[red]\u202e.png").write_bytes(b"no picture")
    path = tmp_path / "x.safetensors"
    checkpoint.save(path, warm_model.state_dict(), Header(name="x", model=warm_model.config))
    code, said = esvae("encode", path, f"folder:{pictures}", "--out", tmp_path / "rates.npz")
    assert code == 0, said
    assert "\\x1b[31m[red]\\u202e.png" in said.err


def test_a_running_task_is_named_as_text(monkeypatch, capsys):
    monkeypatch.setattr(console, "err", Console(stderr=True, width=300, force_terminal=True, color_system=None))
    with console.bar() as bar:
        bar.add_task(ACTS, total=1, left="")
        bar.refresh()
    said = capsys.readouterr().err
    assert SEEN in said
    assert "\x9b" not in said
    assert "\u202e" not in said
    assert "\x1b]0" not in said


@pytest.mark.linux
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_who_has_closed_the_output_gets_no_traceback(named, closed, tmp_path):
    """As a daemon or cron may start it."""
    log = tmp_path / "said.txt"
    command = f"exec {shlex.quote(sys.executable)} -m esvae_core info {shlex.quote(str(named))} {closed}"
    with log.open("wb") as told:
        done = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=told, timeout=120)
    assert (done.returncode, log.read_text()) == (0, "")


def test_halves_of_surrogate_pairs_are_read_and_not_handed_on(esvae, tmp_path, warm_model):
    path = tmp_path / "half.safetensors"
    checkpoint.save(path, warm_model.state_dict(), Header(name="half A", model=warm_model.config))
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    text = raw[8 : 8 + length].replace(b"half A", rb"half \\ud800").rstrip()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + length :])
    assert checkpoint.read_header(path).name == "half ?"
    assert esvae("push", path, tmp_path / "out")[0] == 0
    (tmp_path / "settings.json").write_text(r'{"name": "half \ud800"}')
    code, said = esvae("train", "--config", tmp_path / "settings.json", "--out", tmp_path / "run", lines=1)
    assert code == 2
    assert "half a surrogate pair" in said.err
