"""The notebooks in examples/: every cell runs, in order, in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NEEDS = {"export_to_another_tool": ("onnx", "onnxruntime", "snntorch")}


def code_of(notebook: Path) -> str:
    """Its cells as one program, with the value of a cell's last line printed as a notebook shows it."""
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    program = ["import ast, sys", "def run_cell(text):", "    tree = ast.parse(text)", "    last = tree.body[-1]"]
    program += ["    shown = ast.Expression(tree.body.pop().value) if isinstance(last, ast.Expr) else None"]
    program += ["    exec(compile(tree, '<cell>', 'exec'), globals())"]
    program += ["    if shown is not None: print(type(eval(compile(shown, '<cell>', 'eval'), globals())).__name__)"]
    return "\n".join([*program, *(f"run_cell({''.join(cell['source'])!r})" for cell in cells)])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("train_digits", ["epoch 4: validation MSE 0.", "torch.Size([10, 16])", "Image"]),
        (
            "look_inside",
            ["torch.Size([8, 32])", "Tensor", "systematic: standard dev", "steerable: True", "Image"],
        ),
        ("export_to_another_tool", ["rates that differ: 0 of 256", "latent spikes that differ: 0 of 4096", "Image"]),
    ],
)
def test_a_notebook_runs(name, words, tmp_path):
    if missing := [module for module in NEEDS.get(name, ()) if importlib.util.find_spec(module) is None]:
        pytest.skip(f"{missing[0]} is not installed")
    (tmp_path / "notebook.py").write_text(code_of(EXAMPLES / f"{name}.ipynb"))
    root = str(EXAMPLES.parent)
    environment = {
        "PYTHONPATH": root,
        "TMPDIR": str(tmp_path),
        "PATH": "",
        "OMP_NUM_THREADS": "1",
        "NUMBA_NUM_THREADS": "1",  # several would wait for each other beside other tests: 297 s once, in place of 18
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, str(tmp_path / "notebook.py")],
        cwd=EXAMPLES,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    for word in words:
        assert word in done.stdout, done.stdout


def test_every_notebook_is_run_here_and_kept_without_outputs():
    notebooks = sorted(EXAMPLES.glob("*.ipynb"))
    assert [path.stem for path in notebooks] == ["export_to_another_tool", "look_inside", "train_digits"]
    for path in notebooks:
        for cell in json.loads(path.read_text())["cells"]:
            assert cell["cell_type"] == "markdown" or (cell["outputs"], cell["execution_count"]) == ([], None)
