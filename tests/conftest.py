"""What several tests share: the reference files, and one tiny network."""

from __future__ import annotations

import copy
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Set before PyTorch loads OpenMP. By default its threads wait spinning, and where another process holds a core, each of
# a step's many barriers then lasts as long as that one's turn (measured: 0.09 s became 1 to 5 s).
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
if workers := int(
    os.environ.get("PYTEST_XDIST_WORKER_COUNT", 0)
):  # they share the cores, as do the processes they start
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, CORES // workers)))

import pytest  # noqa: E402
import torch  # noqa: E402
from rich.console import Console  # noqa: E402

from esvae_core import ESVAE, ModelConfig, cli  # noqa: E402
from esvae_core.cli import console  # noqa: E402

from .forked import Forked, Started  # noqa: E402


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite runs on a process more than there are cores, at most four; tests named by path, in pytest's own.

    Many wait for a page, a server or a process: on two cores three took 322 s for what two took 383 s for.
    `PYTEST_XDIST_AUTO_NUM_WORKERS` and `-n` say otherwise.
    """
    if asked := os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return int(asked)
    return min(CORES + 1, 4) if config.args_source is config.ArgsSource.TESTPATHS and CORES > 1 else 0


@pytest.fixture(scope="session")
def forked() -> Iterator[Forked | Started]:
    """Runs command lines: on Linux in forks of one process, which starts with the first of them."""
    process = Forked() if sys.platform == "linux" else Started()
    yield process
    process.close()


class Done:
    """How a command ended that ran in this process."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def esvae(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run the command in this process, as its entry point does."""

    def run(*words: object, columns: int = 200) -> Done:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys, "argv", ["esvae", *map(str, words)])
        monkeypatch.setattr(console, "out", Console(width=columns))
        monkeypatch.setattr(console, "err", Console(stderr=True, width=columns))
        capsys.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    """A network in the published format with the reference implementation's outputs."""
    beside = Path(__file__).parents[2] / "shared" / "reference"
    folder = Path(os.environ.get("ESVAE_REFERENCE_DIR", beside)) / "published_mnist"
    if not (folder / "published_mnist.pth").exists():
        pytest.skip("no reference outputs here; name their folder in ESVAE_REFERENCE_DIR")
    return folder


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """A data folder that holds the real MNIST."""
    folder = Path(os.environ.get("ESVAE_DATA_DIR", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "mnist" / "t10k-images-idx3-ubyte.gz").exists():
        pytest.skip("MNIST's files are not here; name their folder in ESVAE_DATA_DIR")
    return folder


@pytest.fixture(scope="session")
def warm_model() -> ESVAE:
    """A tiny network whose layers fire, since its statistics were warmed up. Tests take a copy, `tiny`."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(3)
        model = ESVAE(ModelConfig(image_size=8, channels=(4, 8), latent_dim=6, time_steps=4))
        for name, tensor in model.named_parameters():
            if name.endswith("norm.weight"):
                tensor.uniform_(1, 2)
            if name.endswith("norm.bias"):
                tensor.uniform_(0, 0.15)
        for _ in range(20):
            model(torch.rand(16, 1, 8, 8) * 2 - 1, generator=torch.Generator().manual_seed(0))
    return model.eval()


@pytest.fixture
def tiny(warm_model: ESVAE) -> ESVAE:
    """A tiny network in evaluation mode, the test's own."""
    return copy.deepcopy(warm_model)
