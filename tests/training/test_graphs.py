"""CUDA graphs of a training step against the plain way; needs a GPU."""

from __future__ import annotations

import pytest
import torch

from esvae_core.config import ModelConfig, NeuronConfig, TrainConfig
from esvae_core.esvae import ESVAE
from esvae_core.training.graphs import Graphs
from esvae_core.training.objectives import StepContext, objective_of

SOFT = NeuronConfig(leak=0.9, reset="soft", surrogate_center=0.2)


@pytest.mark.gpu
@pytest.mark.parametrize("sampler", ["bernoulli", "systematic"])
def test_a_graph_does_what_it_was_captured_from(sampler):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    torch.manual_seed(0)
    config = ModelConfig(image_size=16, channels=(8, 16, 32), latent_dim=16, time_steps=8, sampler=sampler)
    plain = objective_of(ESVAE(config.model_copy(update={"latent_neuron": SOFT})), TrainConfig()).cuda()
    other = objective_of(ESVAE(plain.model.config), TrainConfig()).cuda()
    other.load_state_dict(plain.state_dict())
    graphs = Graphs(other, low=False)
    source = torch.Generator().manual_seed(1)
    for step, steps in enumerate([8, 8, 4, 4, 4]):
        images = (torch.rand((32, 1, 16, 16), generator=source) * 2 - 1).cuda()
        context = StepContext(step, 0, 1, steps)
        noise = [x.cuda() for x in plain.noise(32, slice(None), source, context)]
        found = []
        for objective, run in ((plain, plain), (other, graphs)):
            objective.zero_grad()
            terms = objective.terms(images, run(images, *noise), context, lambda x: x)
            terms.total.backward()
            found.append([terms.total.detach(), *(p.grad.clone() for p in objective.parameters())])
            found[-1] += [b.clone() for b in objective.buffers()]
        for a, b in zip(*found, strict=True):
            torch.testing.assert_close(a, b, rtol=2e-3, atol=2e-4)
        with torch.no_grad():
            for p, q in zip(plain.parameters(), other.parameters(), strict=True):
                p -= 0.05 * p.grad
                q.copy_(p)
