"""Trained networks for other tools of the field: ONNX, NIR, snnTorch and SpikingJelly (docs/other-tools.md).

    >>> model = esvae_core.load("checkpoints/mnist.safetensors").model
    >>> network = to_snntorch(model)                     # a torch.nn.Module of snnTorch's neurons
    >>> rates = network.encode(images).mean(0)           # (N, 1, 32, 32) in [-1, 1] -> (N, 32)

Batch normalisation is folded into weights and biases, so that what leaves is convolutions, matrices and LIF neurons.
Sampling stays outside: encoders end with rates, decoders begin with spikes. Each library is imported when it is used.
"""

from esvae_core.export.lif_network import Network
from esvae_core.export.modules import network_files, to_snntorch, to_spikingjelly
from esvae_core.export.nir_graph import to_nir, to_nir_bytes
from esvae_core.export.onnx_models import to_onnx

__all__ = ["Network", "network_files", "to_nir", "to_nir_bytes", "to_onnx", "to_snntorch", "to_spikingjelly"]
