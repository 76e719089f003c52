"""`esvae app`: the explorer of checkpoints that lie anywhere, started from anywhere."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from esvae_core.cli import console
from esvae_core.cli.options import group
from esvae_core.errors import ConfigError, InputError

NEEDED = ("streamlit", "starlette", "plotly")
"""Of the extra `app`."""

_TRIES = 100  # ports after the one that was asked for
_OPEN_OPTION = "ESVAE_OPEN"  # as app/catalogue.py reads it
_NO_HOME = "/nonexistent"  # what Debian calls the home of those who have none
_PACKAGE = Path(__file__).resolve().parents[1]

app = group()


@app.command(
    "app",
    context_settings={"ignore_unknown_options": True},
    epilog="Examples: `esvae app` · `esvae app runs/` · `esvae app mine.safetensors --port 9000`"
    " · `esvae app --server.baseUrlPath lab`",
)
def start(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATHS",
            help="Checkpoints, or folders that are searched for them with their subfolders, to open beside those that"
            " ship. Streamlit's options (`--section.option VALUE`) may stand anywhere.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=1, max=65535, envvar="STREAMLIT_SERVER_PORT", help="Port; the next free one if in use.")
    ] = 8501,
    host: Annotated[
        str, typer.Option(envvar="STREAMLIT_SERVER_ADDRESS", help="Address to listen at; see docs/deploy.md.")
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option(help="Open it in the browser.")] = True,
) -> None:
    """Start the explorer, until Ctrl-C."""
    script = explorer()
    paths, options = parted(words or ())
    free = free_port(host, port)
    if free != port:
        console.err.print(console.text(f"esvae: port {port} is in use; using {free}"), soft_wrap=True)
    flags = [f"--server.address={host}", f"--server.port={free}", f"--server.headless={str(not browser).lower()}"]
    # -P: no file of the folder where it is started is taken for a module
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(script), *flags, *options]
    environment = os.environ | homeless() | ({_OPEN_OPTION: os.pathsep.join(map(found, paths))} if paths else {})
    if os.name == "posix":  # signals then reach the server itself
        os.execve(sys.executable, command, environment)
    sys.exit(subprocess.call(command, env=environment))


def homeless() -> dict[str, str]:
    """A home that is not there, for a user who has none; Streamlit insists on the name of one. Otherwise nothing."""
    try:
        Path.home()
    except RuntimeError:
        return {"HOME": _NO_HOME}
    return {}


def explorer() -> Path:
    """The script that Streamlit runs: in the package, or beside the library in the repository.

    Raises:
        ConfigError: it is not installed, or something that it needs is not.
    """
    places = (_PACKAGE / "explorer" / "app", _PACKAGE.parent / "app")
    script = next((path for place in places if (path := place / "main.py").is_file()), None)
    missing = [name for name in NEEDED if find_spec(name) is None]
    if script is None or missing:
        raise ConfigError(f"the explorer needs {', '.join(missing) or 'its files'}: pip install 'esvae[app]'")
    return script


def parted(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Paths, and Streamlit's options as `--section.option=value`, from a command line that has both.

    Raises:
        InputError: an option that is neither of this command nor of Streamlit's form, or one without its value.
    """
    paths, options = [], []
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            paths.append(word)
            continue
        name, equals, value = word.partition("=")
        if not name.startswith("--") or "." not in name:
            raise InputError(f"no such option: {name}; Streamlit's have a dot, such as --server.baseUrlPath")
        given = value if equals else next(rest, None)
        if given is None:
            raise InputError(f"{name}: expected a value after it")
        options.append(f"{name}={given}")
    return paths, options


def found(text: str) -> str:
    """The absolute form of a path to a checkpoint or a folder.

    Raises:
        InputError: there is no such file or folder, or its name cannot be handed on.
    """
    from esvae_core.files import expanded

    path = expanded(text).absolute()
    if not path.is_dir() and not (path.is_file() and path.suffix == ".safetensors"):
        raise InputError(f"{text}: expected a checkpoint (.safetensors) or a folder, found neither")
    if os.pathsep in str(path):
        raise InputError(f"{text}: a path with {os.pathsep!r} in it cannot be handed to the explorer")
    return str(path)


def free_port(host: str, wanted: int) -> int:
    """The first port from `wanted` on where nobody listens.

    Raises:
        InputError: the host is no address of this machine, or none of the ports can be had.
    """
    try:
        family, *_, (address, *_) = socket.getaddrinfo(host, wanted, type=socket.SOCK_STREAM)[0]
        for port in range(wanted, min(wanted + _TRIES, 65536)):
            try:
                socket.create_server((str(address), port), family=family).close()
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                return port
    except OSError as error:
        raise InputError(f"cannot listen at {host} port {wanted}: {error.strerror or error}") from None
    raise InputError(f"no free port at {host} from {wanted} to {min(wanted + _TRIES, 65536) - 1}")
