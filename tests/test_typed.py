"""README's example, as a type checker sees it that has the library installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

api = pytest.importorskip("mypy.api", reason="needs mypy")
ROOT = Path(__file__).parents[1]


def test_readmes_example_is_typed(tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    shapes = "reveal_type(sample.rates)\nreveal_type(model.trace_decode(sample.spikes))\n"
    (tmp_path / "example.py").write_text(example + shapes)
    said, errors, code = api.run(["--config-file", str(ROOT / "pyproject.toml"), str(tmp_path / "example.py")])
    assert (code, errors) == (0, ""), said
    assert 'Revealed type is "torch._tensor.Tensor"' in said
    assert 'Revealed type is "esvae_core.esvae.Trace"' in said
