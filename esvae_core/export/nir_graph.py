"""An encoder as a graph of NIR, the Neuromorphic Intermediate Representation (Pedersen et al., Nat. Commun. 2024)."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import numpy as np

from esvae_core.errors import ExportError
from esvae_core.export.folded import FoldedLayer, fold, needed
from esvae_core.image_model import ImageModel

DT = 1e-4
"""Seconds of one step; what NIR's readers take for it unless told otherwise."""


def to_nir(model: ImageModel) -> Any:
    """The encoder as a `nir.NIRGraph`: Conv2d and LIF alternating, Flatten, Affine, LIF.

    With steps of `DT` seconds, NIR's equation tau dv/dt = -v + r I is the model's when tau = DT / (1 - leak) and
    r = tau / DT. Its input is the image, the same at every step; its output the latent neurons' spikes, whose mean over
    time are the rates.

    Raises:
        KindError: the model is no ESVAE.
        ExportError: its encoder's neurons are none of NIR's, or the package nir is not installed.
    """
    folded = fold(model)
    nir = needed("nir", "nir")
    if soft := [layer.name for layer in folded.encoder if layer.reset != "hard"]:
        raise ExportError(
            f"nir: {soft[0]} subtracts the threshold at a spike (soft reset); NIR's LIF is set to a value. Expected an "
            "encoder with hard reset; ONNX, snnTorch and SpikingJelly take this one"
        )
    if full := [layer.name for layer in folded.encoder if float(layer.leak.max()) >= 1]:
        raise ExportError(f"nir: {full[0]} forgets nothing (leak 1), for which NIR's LIF has no time constant")
    config = folded.config
    nodes: dict[str, Any] = {"input": nir.Input({"input": np.array(config.image_shape)})}
    side = config.image_size
    for i, layer in enumerate(folded.encoder[:-1]):
        nodes[f"conv{i}"] = nir.Conv2d(
            input_shape=(side, side),
            weight=layer.weight,
            stride=2,
            padding=1,
            dilation=1,
            groups=1,
            bias=layer.bias,
        )
        side //= 2
        nodes[f"lif{i}"] = _lif(nir, layer, (len(layer.bias), side, side))
    last = folded.encoder[-1]
    nodes["flatten"] = nir.Flatten({"input": np.array([config.channels[-1], side, side])}, start_dim=0)
    nodes["to_latent"] = nir.Affine(weight=last.weight, bias=last.bias)
    nodes["latent"] = _lif(nir, last, (config.latent_dim,))
    nodes["output"] = nir.Output({"output": np.array([config.latent_dim])})
    return nir.NIRGraph(nodes=nodes, edges=list(pairwise(nodes)))


def to_nir_bytes(model: ImageModel) -> bytes:
    """`to_nir` as the content of a .nir file (HDF5).

    Raises:
        KindError, ExportError: as `to_nir`.
    """
    graph, buffer = to_nir(model), io.BytesIO()
    needed("nir", "nir").write(buffer, graph)
    return buffer.getvalue()


def _lif(nir: Any, layer: FoldedLayer, shape: tuple[int, ...]) -> Any:
    """LIF neurons of that shape; NIR gives each neuron parameters of its own."""
    tau = np.float32(DT) / (1 - layer.leak_by_channel)
    tau, ones = np.broadcast_to(tau, shape).astype(np.float32), np.ones(shape, np.float32)
    return nir.LIF(
        tau=tau,
        r=(tau / np.float32(DT)).astype(np.float32),
        v_leak=0 * ones,
        v_threshold=np.float32(layer.threshold) * ones,
        v_reset=0 * ones,
    )
