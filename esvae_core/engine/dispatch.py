"""Which engine runs a call: the events of `event_engine.py`, or the dense layers of the model itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol, cast

import torch
from torch import Tensor, nn

from esvae_core.config import SpikingModelConfig
from esvae_core.engine.event_engine import Events
from esvae_core.engine.plan import Model, beyond_engine, plan_of
from esvae_core.errors import InputError

Engine = Literal["dense", "events"]
"""'events': compiled additions, spike by spike, on the CPU. 'dense': PyTorch, on any device, with gradients."""


class _Network(Protocol):
    training: bool

    @property
    def config(self) -> SpikingModelConfig: ...

    def named_modules(self) -> Iterator[tuple[str, nn.Module]]: ...


class Folded:
    """The event-driven engine of one model, folded anew when the model's weights have changed.

    It belongs to its model but is no part of it: copied or pickled, it is empty again.
    """

    def __init__(self) -> None:
        self._kept: tuple[Events, tuple[tuple[Tensor, int, int], ...]] | None = None

    def __reduce__(self) -> tuple[type[Folded], tuple[()]]:
        return Folded, ()

    def choose(self, model: _Network, x: Tensor, asked: Engine | None) -> Events | None:
        """The engine for the input `x` of that model; None for the dense layers.

        Args:
            model: the model.
            x: images or spikes.
            asked: an engine, or None for the faster of those that can.

        Raises:
            InputError: the engine that was asked for is unknown, or cannot run this call.
        """
        if asked == "dense":
            return None
        if asked not in (None, "events"):
            raise InputError(f"engine: expected 'dense', 'events' or None, got {asked!r}")
        tensors: list[Tensor] = []
        hooked = False
        for name, module in model.named_modules():
            tensors += [t for t in (*module._parameters.values(), *module._buffers.values()) if t is not None]
            hooked = hooked or (name != "" and bool(module._forward_hooks or module._forward_pre_hooks))
        reason = _obstacle(model, x, tensors, hooked)
        if reason is None and not (asked is None and model.config.kind == "fsvae"):  # figures of it are of dense layers
            return self._current(cast(Model, model), tensors)
        if asked == "events":
            raise InputError(f"engine 'events': {reason}")
        return None

    def _current(self, model: Model, tensors: list[Tensor]) -> Events:
        # the tensors themselves are kept, so that no other can take the address of one
        kept = self._kept
        if kept is not None and len(kept[1]) == len(tensors):
            same = (
                tensor is known and tensor._version == version and tensor.data_ptr() == at
                for tensor, (known, version, at) in zip(tensors, kept[1], strict=True)
            )
            if all(same):
                return kept[0]
        seen = tuple((tensor, tensor._version, tensor.data_ptr()) for tensor in tensors)
        engine = Events(plan_of(model))
        self._kept = engine, seen  # one step: another thread sees both or neither
        return engine


def _obstacle(model: _Network, x: Tensor, tensors: list[Tensor], hooked: bool) -> str | None:
    """Why only the dense layers can do it; None if nothing is in the way."""
    if lacking := beyond_engine(model.config):
        return f"does not have {lacking}"
    if model.config.takes_frames:
        return "runs models of images, not of recordings"
    if model.training:
        return "the model is in training mode; call model.eval()"
    if torch.compiler.is_compiling():
        return "PyTorch is tracing the model"
    if x.device.type != "cpu" or any(tensor.device.type != "cpu" for tensor in tensors):
        return "runs on the CPU only"
    if any(tensor.is_floating_point() and tensor.dtype != torch.float32 for tensor in tensors):
        return "runs in float32 only"
    if torch.is_autocast_enabled("cpu"):
        return "takes no part in autocast"
    if torch.is_grad_enabled() and (x.requires_grad or any(tensor.requires_grad for tensor in tensors)):
        return "has no gradients; call under torch.no_grad()"
    if hooked:
        return "calls no hooks, and a layer has some"
    if any(tensor.is_inference() for tensor in tensors):
        return "needs weights whose changes PyTorch counts; create the model outside torch.inference_mode()"
    return None
