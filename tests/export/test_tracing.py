"""`torch.export` and `torch.compile`: one graph without breaks, for any number of images, with the same results."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from esvae_core.checkpoint import Header, save

from ..forked import Job
from . import traced
from .traced import PARTS, inputs

ROOT = Path(__file__).parents[2]
each_part = pytest.mark.parametrize("part", PARTS)


@each_part
@torch.no_grad()
def test_an_exported_program_takes_any_number_of_images(part, tiny):
    kind, axis = PARTS[part]
    module = kind(tiny)
    program = torch.export.export(module, (inputs(part, 2),), dynamic_shapes=({axis: torch.export.Dim.DYNAMIC},))
    for count in (2, 5):
        wanted = module(inputs(part, count))
        assert wanted.std() > 0
        assert torch.allclose(program.module()(inputs(part, count)), wanted, atol=4e-7, rtol=0)


@each_part
def test_it_compiles_to_one_graph_and_once_more_for_other_numbers(part, warm_model, forked, tmp_path):
    """In a process where no coverage is counted, since on Python 3.11 what counts is in the code that is traced."""
    path = tmp_path / "tiny.safetensors"
    save(path, warm_model.state_dict(), Header(name="tiny", model=warm_model.config))
    done = forked.run(Job((str(path), part), str(tmp_path), script=str(Path(traced.__file__))))
    assert done.code == 0, done.err
    assert done.out == "2\n", "the second is for any number"


COMPILE = """
import torch, esvae_core
model, graphs = esvae_core.load("checkpoints/digits.safetensors", esvae_core.ESVAE).model, []
def count(graph, examples):
    graphs.append(graph)
    return graph.forward
compiled = torch.compile(lambda spikes: model.decode(spikes), backend=count, fullgraph=True)
with torch.no_grad():
    for number in (2, 5, 31, 9):
        spikes = torch.zeros(model.config.time_steps, number, model.config.latent_dim)
        spikes[::2, :, ::3] = 1
        assert torch.allclose(compiled(spikes), model.decode(spikes), atol=1e-6, rtol=0)
print(len(graphs))
"""


def test_a_process_that_has_done_nothing_else_compiles_a_shipped_decoder():
    """Nothing is imported while it is traced, and one graph is for fewer than 16 images and for more."""
    done = subprocess.run([sys.executable, "-c", COMPILE], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.stdout == "2\n", done.stderr
    assert "recompile" not in done.stderr
