"""`esvae app`: what it hands to Streamlit, ports that are in use, and the explorer that answers, from any folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from benchmarks.free_port import free_port
from esvae_core import cli, shipped
from esvae_core.cli import explorer
from esvae_core.errors import ConfigError, InputError

pytest.importorskip("streamlit", reason="needs the explorer's packages")
ROOT = Path(__file__).parents[1]


@pytest.fixture
def started(monkeypatch):
    """Run the command up to the server; gives its command line and environment."""

    class Started(Exception):
        pass

    def execve(path, command, environment):
        raise Started(command, environment)

    def run(*words):
        monkeypatch.setattr(os, "execve", execve)
        monkeypatch.setattr(sys, "argv", ["esvae", "app", *map(str, words)])
        with pytest.raises(Started) as found:
            cli.main()
        return found.value.args

    return run


@pytest.fixture
def taken():
    """A port at which someone listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_it_listens_at_the_loopback_address_unless_told_otherwise(started, monkeypatch):
    monkeypatch.delenv("STREAMLIT_SERVER_ADDRESS", raising=False)
    command, environment = started("--port", free_port())
    assert command[:5] == [sys.executable, "-P", "-m", "streamlit", "run"]
    assert Path(command[5]) == ROOT / "app/main.py"
    assert "--server.address=127.0.0.1" in command
    assert "--server.headless=false" in command
    assert "ESVAE_OPEN" not in environment
    command, _ = started("--host", "0.0.0.0", "--no-browser", "--port", free_port())
    assert "--server.address=0.0.0.0" in command
    assert "--server.headless=true" in command


def test_paths_and_streamlits_options_may_be_mixed(started, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    (tmp_path / "mine.safetensors").touch()
    words = ("runs", "--server.baseUrlPath", "lab", "--port", free_port(), "mine.safetensors", "--theme.base=dark")
    command, environment = started(*words)
    assert command[-2:] == ["--server.baseUrlPath=lab", "--theme.base=dark"]
    assert environment["ESVAE_OPEN"] == f"{tmp_path / 'runs'}{os.pathsep}{tmp_path / 'mine.safetensors'}"


def test_a_port_in_use_is_told_and_the_next_free_one_is_taken(started, taken, capsys):
    command, _ = started("--port", taken)
    (port,) = (int(word.partition("=")[2]) for word in command if word.startswith("--server.port="))
    assert taken < port <= taken + 100
    assert capsys.readouterr().err == f"esvae: port {taken} is in use; using {port}\n"


def test_ports_end_at_the_last_one():
    told = r"no free port at 127\.0\.0\.1 from 65535 to 65535"
    with socket.create_server(("127.0.0.1", 65535)), pytest.raises(InputError, match=told):
        explorer.free_port("127.0.0.1", 65535)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "nowhere: expected a checkpoint (.safetensors) or a folder, found neither"),
        (["--foo"], "no such option: --foo; Streamlit's have a dot"),
        (["-x"], "no such option: -x"),
        (["--server.port"], "--server.port: expected a value after it"),
        (["--host", "192.0.2.1"], "cannot listen at 192.0.2.1 port"),
        (["--host", "no such host"], "cannot listen at no such host port"),
        (["--port", "0"], "--port"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(monkeypatch, capsys, words, told):
    monkeypatch.setattr(sys, "argv", ["esvae", "app", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert told in re.sub(r"[\s│]+", " ", capsys.readouterr().err)


def test_without_streamlit_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(explorer, "NEEDED", ("no_such_package",))
    with pytest.raises(ConfigError, match=r"^the explorer needs no_such_package: pip install 'esvae\[app\]'$"):
        explorer.explorer()


def test_a_model_that_ships_is_known_by_its_name():
    assert shipped.named("digits-plus") == ROOT / "checkpoints/digits-plus.safetensors"
    assert shipped.named("no-such-model") is None
    assert shipped.named("../checkpoints/digits-plus") is None
    assert shipped.named("") is None


@pytest.mark.linux
def test_the_explorer_answers_from_another_folder_and_ends_when_told(tmp_path):
    run = tmp_path / "runs" / "first"
    run.mkdir(parents=True)
    shutil.copy(ROOT / "checkpoints/digits.safetensors", run / "model.safetensors")
    (tmp_path / "json.py").write_text("raise RuntimeError('this folder is no place for modules')")
    port = free_port()
    command = [sys.executable, "-P", "-m", "esvae_core", "app", "runs", "--no-browser", "--port", str(port)]
    log = tmp_path / "log"
    with log.open("wb") as output:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=output, stderr=output)
    try:
        listed = None
        for _ in range(600):
            assert process.poll() is None, log.read_text()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/esvae/models", timeout=60) as got:
                    listed = {each["name"]: each for each in json.load(got)}
                    break
            except OSError:
                time.sleep(0.1)
        assert listed is not None, log.read_text()
        assert listed["first/digits"]["given"]  # beside the one that ships, which has the name already
        assert not listed["digits"]["given"]
    finally:
        process.terminate()
        assert process.wait(20) is not None
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
