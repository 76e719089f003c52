"""A step's way through the network and back as CUDA graphs.

Hundreds of small kernels cost more to launch than to run; a graph of them is launched as a whole. The plain way is the
objective itself.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from esvae_core.training.objectives import Objective


class _Pass(nn.Module):
    def __init__(self, objective: Objective[Any], low: bool) -> None:
        super().__init__()
        self.objective, self.low = objective, low

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        # without the cache: a graph casts the weights anew whenever it runs
        with torch.autocast("cuda", torch.bfloat16, enabled=self.low, cache_enabled=False):
            outputs: tuple[Tensor, ...] = self.objective(*inputs)
        return tuple(x.float() for x in outputs)


class Graphs:
    """The objective as a function that replays graphs, in training mode; captured anew when shapes change with T."""

    def __init__(self, objective: Objective[Any], *, low: bool) -> None:
        """`low`: mixed bfloat16 arithmetic."""
        self.objective, self.low = objective, low
        self.shapes: tuple[torch.Size, ...] = ()
        self.captured: nn.Module | None = None

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """As the objective's forward; float32, and good until the next call.

        Raises:
            RuntimeError: something on the way cannot be captured.
        """
        shapes = tuple(x.shape for x in inputs)
        if self.captured is None or shapes != self.shapes:
            self.captured = None  # gives its memory back
            self.captured, self.shapes = self._capture(inputs), shapes
        outputs: tuple[Tensor, ...] = self.captured(*inputs)
        return outputs

    def _capture(self, inputs: tuple[Tensor, ...]) -> nn.Module:
        if hasattr(torch.autograd.graph, "set_warn_on_accumulate_grad_stream_mismatch"):
            # gradients arrive from the stream that captured, and PyTorch waits for it, as it should
            torch.autograd.graph.set_warn_on_accumulate_grad_stream_mismatch(False)
        passes = _Pass(self.objective, self.low)
        before = [buffer.clone() for buffer in passes.buffers()]
        captured = torch.cuda.make_graphed_callables(passes, tuple(x.clone() for x in inputs), allow_unused_input=True)
        for buffer, kept in zip(passes.buffers(), before, strict=True):
            buffer.copy_(kept)  # the passes that warmed up have moved the running statistics
        assert isinstance(captured, nn.Module)
        return captured
