"""A model as two ONNX graphs: an encoder from images to rates and spikes, and a decoder from spikes to images.

The graphs are written node by node, with time as an ONNX loop: they stay small, take any number of images, and
nothing of PyTorch is traced. The equations are docs/math.md, (1), (2) and (9).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from esvae_core.export.folded import FoldedLayer, FoldedModel, fold, needed
from esvae_core.image_model import ImageModel

OPSET = 17
_IR_VERSION = 8  # as old as that set of operators, so that runtimes of 2022 read the files


class OnnxModels(NamedTuple):
    """Both graphs, each an `onnx.ModelProto`."""

    encoder: Any
    """Input: images (N, C, H, W) float32 in [-1, 1]. Outputs: rates (N, d) in [0, 1]; spikes (T, N, d), 0 or 1."""
    decoder: Any
    """Input: spikes (T, N, d) float32, 0 or 1, of any T. Output: images (N, C, H, W) in [-1, 1]."""


def to_onnx(model: ImageModel, name: str = "esvae", *, steps: int | None = None) -> OnnxModels:
    """Encoder and decoder as ONNX models that ONNX's own checker has accepted.

    Args:
        model: an ESVAE.
        name: what the graphs are called.
        steps: time steps T of the encoder; the model's unless given. The decoder takes any.

    Raises:
        KindError: the model is of another kind.
        ExportError: the package onnx is not installed.
    """
    folded = fold(model)
    onnx = needed("onnx", "onnx")
    return OnnxModels(
        _finished(onnx, _encoder(onnx, folded, steps or folded.config.time_steps), f"{name}-encoder"),
        _finished(onnx, _decoder(onnx, folded), f"{name}-decoder"),
    )


def _finished(onnx: Any, graph: _Graph, name: str) -> Any:
    version = onnx.helper.make_opsetid("", OPSET)
    model = onnx.helper.make_model(
        graph.proto(name), opset_imports=[version], producer_name="esvae", ir_version=_IR_VERSION
    )
    onnx.checker.check_model(model, full_check=True)
    return model


class _Graph:
    """Nodes, constants, inputs and outputs of one graph."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def constant(self, name: str, value: ArrayLike) -> str:
        self.constants.append(self.onnx.numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """One node with one output, whose name it takes and returns."""
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def value(self, name: str, shape: Sequence[int | str], kind: str = "FLOAT") -> Any:
        """An input or output; a size that is a word may be any."""
        return self.onnx.helper.make_tensor_value_info(name, getattr(self.onnx.TensorProto, kind), shape)

    def proto(self, name: str) -> Any:
        return self.onnx.helper.make_graph(self.nodes, name, self.inputs, self.outputs, self.constants)


class _Time:
    """An ONNX loop over time steps: its body, and what it carries from each step to the next."""

    def __init__(self, onnx: Any, outer: _Graph, images: str) -> None:
        """`images` names a (1,) integer of `outer`, the number of images."""
        self.outer, self.images = outer, images
        self.body = _Graph(onnx)
        self.body.inputs = [self.body.value("step", (), "INT64"), self.body.value("more", (), "BOOL")]
        self.body.outputs = [self.body.value(self.body.add("Identity", ["more"], "go_on"), (), "BOOL")]
        self.carried: list[str] = []

    def carry(self, name: str, shape: Sequence[int]) -> str:
        """A value of the body, (N, *shape), 0 before the first step; `keep` says what it is in the next."""
        size = self.outer.constant(f"{name}.size", np.array(shape, np.int64))
        whole = self.outer.add("Concat", [self.images, size], f"{name}.shape", axis=0)
        self.outer.add("ConstantOfShape", [whole], f"{name}.start")
        self.body.inputs.append(self.body.value(name, ("N", *shape)))
        self.carried.append(name)
        return name

    def keep(self, value: str, shape: Sequence[int]) -> None:
        """What the last carried value is in the next step."""
        self.body.outputs.append(self.body.value(value, ("N", *shape)))

    def lif(self, layer: FoldedLayer, drive: str, shape: Sequence[int]) -> str:
        """LIF neurons, (N, *shape): equations 1 and 2."""
        body, name = self.body, layer.name
        kept = self.carry(f"{name}.kept", shape)
        leak, threshold = (
            body.constant(f"{name}.leak", layer.leak_by_channel),
            body.constant(f"{name}.threshold", np.float32(layer.threshold)),
        )
        leaked = body.add("Mul", [leak, kept], f"{name}.leaked")
        membrane = body.add("Add", [leaked, drive], f"{name}.membrane")
        above = body.add("Greater", [membrane, threshold], f"{name}.above")
        spikes = body.add("Cast", [above], f"{name}.spikes", to=body.onnx.TensorProto.FLOAT)
        if layer.reset == "hard":
            rest = body.add("Sub", [body.constant(f"{name}.one", np.float32(1)), spikes], f"{name}.silent")
            after = body.add("Mul", [membrane, rest], f"{name}.after")
        else:
            taken = body.add("Mul", [threshold, spikes], f"{name}.taken")
            after = body.add("Sub", [membrane, taken], f"{name}.after")
        self.keep(after, shape)
        return spikes

    def run(self, steps: str, each_step: Sequence[str] = ()) -> None:
        """Add the loop to the outer graph: NAME.end is each carried value after it, `each_step` what each step gave."""
        outer = self.outer
        go = outer.constant("go", np.array(True))
        inputs = [steps, go, *(f"{name}.start" for name in self.carried)]
        outputs = [*(f"{name}.end" for name in self.carried), *each_step]
        body = self.body.proto("step")
        outer.nodes.append(outer.onnx.helper.make_node("Loop", inputs, outputs, name="time", body=body))


def _transform(graph: _Graph, layer: FoldedLayer, x: str) -> str:
    """Convolution, transposed convolution or matrix, with its bias."""
    weight = graph.constant(f"{layer.name}.weight", layer.weight)
    inputs, output = [x, weight, graph.constant(f"{layer.name}.bias", layer.bias)], f"{layer.name}.drive"
    if layer.kind == "dense":
        return graph.add("Gemm", inputs, output, transB=1)
    shape: dict[str, Any] = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    if layer.kind == "up":
        return graph.add("ConvTranspose", inputs, output, output_padding=[1, 1], **shape)
    return graph.add("Conv", inputs, output, **shape)


def _size(graph: _Graph, of: str, axis: int, name: str) -> str:
    """(1,) integer: the size of an axis."""
    return graph.add("Shape", [of], name, start=axis, end=axis + 1)


def _encoder(onnx: Any, model: FoldedModel, steps: int) -> _Graph:
    config, graph = model.config, _Graph(onnx)
    graph.inputs = [graph.value("images", ("N", *config.image_shape))]
    graph.constant("steps", np.int64(steps))
    time = _Time(onnx, graph, _size(graph, "images", 0, "count"))
    drive, side, spikes = _transform(graph, model.encoder[0], "images"), config.image_size, ""  # the same at every step
    for layer in model.encoder:
        side //= 2
        if spikes:
            if layer.kind == "dense":
                spikes = time.body.add("Flatten", [spikes], "features")
            drive = _transform(time.body, layer, spikes)
        shape = (config.latent_dim,) if layer.kind == "dense" else (len(layer.bias), side, side)
        spikes = time.lif(layer, drive, shape)
    time.body.outputs.append(time.body.value(time.body.add("Identity", [spikes], "fired"), ("N", config.latent_dim)))
    time.run("steps", ["spikes"])
    axis = graph.constant("time_axis", np.array([0], np.int64))
    counts = graph.add("ReduceSum", ["spikes", axis], "counts", keepdims=0)
    graph.add("Div", [counts, graph.constant("T", np.float32(steps))], "rates")
    latent = ("N", config.latent_dim)
    graph.outputs = [graph.value("rates", latent), graph.value("spikes", (steps, *latent))]
    return graph


def _decoder(onnx: Any, model: FoldedModel) -> _Graph:
    config, graph = model.config, _Graph(onnx)
    graph.inputs = [graph.value("spikes", ("T", "N", config.latent_dim))]
    steps = graph.add("Squeeze", [_size(graph, "spikes", 0, "T")], "steps")
    time = _Time(onnx, graph, _size(graph, "spikes", 1, "count"))
    body, side = time.body, config.feature_size
    spikes = body.add("Gather", ["spikes", "step"], "latent", axis=0)
    for layer in model.decoder:
        side *= 2 if layer.kind == "up" else 1
        shape = (len(layer.bias), side, side) if layer.kind == "up" else (len(layer.bias),)
        spikes = time.lif(layer, _transform(body, layer, spikes), shape)
        if layer.kind == "dense":
            square = np.array([-1, config.channels[-1], side, side], np.int64)
            spikes = body.add("Reshape", [spikes, body.constant("square", square)], "features")
    # the readout is linear, so that spikes are summed over time and convolved once
    last = body.constant("last", np.int64(len(model.readout_shares) - 1))
    at = body.add("Min", ["step", last], "at")
    share = body.add("Gather", [body.constant("shares", model.readout_shares), at], "share")
    shape = (config.channels[0], side, side)
    kept = body.add("Mul", [share, time.carry("summed", shape)], "summed.kept")
    time.keep(body.add("Add", [kept, spikes], "summed.after"), shape)
    kept = body.add("Mul", [share, time.carry("weight", (1, 1, 1))], "weight.kept")
    time.keep(body.add("Add", [kept, body.constant("one", np.float32(1))], "weight.after"), (1, 1, 1))
    time.run(steps)
    weight = graph.constant("readout.weight", model.readout_weight)
    drive = graph.add("ConvTranspose", ["summed.end", weight], "drive", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    bias = graph.constant("readout.bias", model.readout_bias[:, None, None])
    drive = graph.add("Add", [drive, graph.add("Mul", [bias, "weight.end"], "drive.bias")], "membrane")
    graph.add("Tanh", [drive], "images")
    graph.outputs = [graph.value("images", ("N", *config.image_shape))]
    return graph
