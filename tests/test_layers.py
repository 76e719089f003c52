"""The fused kernels against the reference, and the reference against normalisation worked out plainly."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading

import numba
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from esvae_core import kernels
from esvae_core.config import NeuronConfig
from esvae_core.layers import bound_memory, dense, down, norm_lif, norm_lif_reference, up
from esvae_core.tdbn import TdBatchNorm

HARD = NeuronConfig()
SOFT = NeuronConfig(leak=0.9, reset="soft", surrogate_center=0.2, surrogate_width=0.8)
TRIANGLE = SOFT.model_copy(update={"surrogate_shape": "triangle", "learned_leak": True})
TAILED = HARD.model_copy(update={"surrogate_shape": "fast-sigmoid", "learned_leak": True})


def made_norm(channels, *, training, seed=0):
    source = torch.Generator().manual_seed(seed)
    norm = TdBatchNorm(channels)
    with torch.no_grad():
        norm.weight.copy_(torch.rand(channels, generator=source) + 0.5)
        norm.bias.copy_(torch.randn(channels, generator=source) * 0.1)
        norm.running_mean.copy_(torch.randn(channels, generator=source))
        norm.running_var.copy_(torch.rand(channels, generator=source) + 0.5)
    return norm.train(training)


def leaks_of(neuron, channels):
    """Leaks from .1 to .9 to learn, where the neuron's are learned."""
    return torch.linspace(0.1, 0.9, channels).requires_grad_() if neuron.learned_leak else None


def compare(x, neuron, input_steps, steps, *, training, seed=0):
    """Both ways on the same input: spikes, gradients and statistics must agree.

    A membrane within rounding of the threshold may fire on one side only; from then on that neuron's trace differs. A
    comparison of gradients is fair only where no spike differs, so such rows are masked in the incoming gradient.
    """
    channels = x.shape[1]
    fast_norm, slow_norm = (
        made_norm(channels, training=training, seed=seed),
        made_norm(channels, training=training, seed=seed),
    )
    fast_x, slow_x = x.clone().requires_grad_(), x.clone().requires_grad_()
    fast_leak, slow_leak = leaks_of(neuron, channels), leaks_of(neuron, channels)
    fast = norm_lif(fast_x, fast_norm, neuron, input_steps, steps, fast_leak)
    slow, membranes = norm_lif_reference(slow_x, slow_norm, neuron, input_steps, steps, slow_leak)
    slow = slow.flatten(0, 1)
    assert fast.shape == slow.shape
    assert fast.dtype is torch.float32
    assert set(fast.detach().unique().tolist()) <= {0.0, 1.0}
    differ = (fast != slow).reshape(steps, -1)
    assert float(differ.float().mean()) <= 1e-4
    near = (membranes.detach() - neuron.threshold).abs().reshape(steps, -1)
    first = differ & (differ.cumsum(0) == 1)
    assert bool((near[first] < 1e-4).all())  # a trace parts from its twin only within rounding of the threshold
    grad = torch.randn(fast.shape, generator=torch.Generator().manual_seed(seed + 1))
    grad = grad * ~differ.any(0).expand(steps, -1).reshape(fast.shape)
    edge = [neuron.surrogate_center - neuron.surrogate_width / 2, neuron.surrogate_center + neuron.surrogate_width / 2]
    at_edge = torch.stack([(membranes.detach() - e).abs() < 1e-5 for e in edge]).any(0).reshape(steps, -1).any(0)
    grad = grad * ~at_edge.expand(steps, -1).reshape(fast.shape)
    fast.backward(grad)
    slow.backward(grad)
    scale = float(slow_x.grad.abs().max()) + 1e-3
    torch.testing.assert_close(fast_x.grad, slow_x.grad, rtol=1e-3, atol=2e-4 * scale)
    learned = [(getattr(fast_norm, name), getattr(slow_norm, name)) for name in ("weight", "bias")]
    if neuron.learned_leak:
        learned.append((fast_leak, slow_leak))
    for ours, theirs in learned:
        tolerance = 1e-4 * (float(theirs.grad.abs().max()) + float(grad.abs().sum()) / channels * 1e-2 + 1e-3)
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-3, atol=tolerance)
    for name in ("running_mean", "running_var"):
        torch.testing.assert_close(getattr(fast_norm, name), getattr(slow_norm, name), rtol=1e-4, atol=1e-5)
    return fast.detach()


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("neuron", [HARD, SOFT, TRIANGLE, TAILED], ids=["hard", "soft", "triangle", "tailed"])
@pytest.mark.parametrize("constant", [True, False], ids=["constant", "moving"])
@pytest.mark.parametrize("shape", [(5, 3, 7, 9), (4, 600), (1, 1, 1, 1), (33, 16)], ids=str)
def test_fused_agrees_with_reference(shape, constant, neuron, training):
    steps = 6
    input_steps = 1 if constant else steps
    if shape == (1, 1, 1, 1) and training and constant:
        shape = (2, 1, 1, 1)  # a single value has no variance to speak of: its normalised form is rounding
    x = torch.randn(input_steps * shape[0], *shape[1:], generator=torch.Generator().manual_seed(0)) * 2
    spikes = compare(x, neuron, input_steps, steps, training=training)
    if spikes.numel() > 100:
        assert 0.02 < float(spikes.mean()) < 0.98


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_fused_agrees_with_reference_whatever_the_parameters(data):
    number = lambda low, high: st.floats(low, high, width=32)  # noqa: E731
    neuron = NeuronConfig(
        leak=data.draw(number(0, 1)),
        learned_leak=data.draw(st.booleans()),
        threshold=data.draw(number(0.0625, 2)),
        reset=data.draw(st.sampled_from(["hard", "soft"])),
        surrogate_shape=data.draw(st.sampled_from(["box", "triangle", "fast-sigmoid"])),
        surrogate_center=data.draw(number(-1, 1)),
        surrogate_width=data.draw(number(0.0625, 4)),
    )
    steps, images, channels, pixels = (data.draw(st.integers(1, high)) for high in (9, 6, 40, 30))
    input_steps = data.draw(st.sampled_from([1, steps]))
    seed = data.draw(st.integers(0, 10_000))
    x = torch.randn(input_steps * images, channels, pixels, 1, generator=torch.Generator().manual_seed(seed))
    training = data.draw(st.booleans()) and images * pixels > 4
    compare(x, neuron, input_steps, steps, training=training, seed=seed)


@pytest.mark.parametrize("channels", [1, 3, kernels.BLOCK - 1, kernels.BLOCK, kernels.BLOCK + 1, 2000])
def test_channel_counts_around_the_block_size(channels):
    x = torch.randn(3 * 4, channels, generator=torch.Generator().manual_seed(1))
    compare(x, HARD, 3, 3, training=True)


@pytest.mark.parametrize("training", [True, False])
def test_a_constant_input_is_the_same_as_its_repetition(training):
    x = torch.randn(4, 5, 3, 3, generator=torch.Generator().manual_seed(0))
    one, many = made_norm(5, training=training), made_norm(5, training=training)
    a, b = x.clone().requires_grad_(), x.clone().requires_grad_()
    first, second = norm_lif(a, one, SOFT, 1, 7), norm_lif(b.repeat(7, 1, 1, 1), many, SOFT, 7, 7)
    assert float((first != second).float().mean()) <= 1e-4
    grad = torch.randn(first.shape, generator=torch.Generator().manual_seed(2))
    first.backward(grad)
    second.backward(grad)
    torch.testing.assert_close(a.grad, b.grad, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(one.running_var, many.running_var, rtol=1e-5, atol=1e-6)


def test_memory_layout_does_not_matter():
    x = torch.randn(6 * 3, 5, 4, 8, generator=torch.Generator().manual_seed(0))
    layouts = (
        x,
        x.contiguous(memory_format=torch.channels_last),
        x.transpose(2, 3).contiguous().transpose(2, 3),
        torch.cat([x, x], 1)[:, :5],
        x.double().float(),
    )
    results = [norm_lif(view, made_norm(5, training=True), HARD, 6, 6) for view in layouts]
    assert all(torch.equal(results[0], other) for other in results[1:])


def test_an_expanded_gradient_is_understood():
    x = torch.randn(6, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    norm_lif(x, made_norm(5, training=True), HARD, 3, 3).sum().backward()  # its gradient has stride 0
    found, x.grad = x.grad.clone(), None
    (norm_lif(x, made_norm(5, training=True), HARD, 3, 3) * torch.ones(6, 5)).sum().backward()
    assert torch.equal(found, x.grad)


def test_neither_input_nor_gradient_is_written_to():
    x = torch.randn(6, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    before = x.detach().clone()
    grad = torch.ones(6, 5)
    norm_lif(x, made_norm(5, training=True), HARD, 3, 3).backward(grad)
    assert torch.equal(x.detach(), before)
    assert torch.equal(grad, torch.ones(6, 5))


def one_pass(x):
    norm = made_norm(x.shape[1], training=True)
    leaf = x.clone().requires_grad_()
    spikes = norm_lif(leaf, norm, HARD, 4, 4)
    spikes.backward(torch.ones_like(spikes))
    return [spikes.detach(), leaf.grad, norm.weight.grad, norm.bias.grad, norm.running_mean, norm.running_var]


def test_results_do_not_depend_on_the_number_of_threads():
    x = torch.randn(4 * 8, 24, 8, 8, generator=torch.Generator().manual_seed(0))
    before = numba.get_num_threads()
    try:
        results = []
        for threads in sorted({1, before}):
            numba.set_num_threads(threads)
            results.append(one_pass(x))
    finally:
        numba.set_num_threads(before)
    if len(results) == 1:
        pytest.skip("this machine gives Numba one thread only")
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


def test_two_threads_at_once_get_what_each_gets_alone():
    inputs = [torch.randn(4 * 8, 24, 8, 8, generator=torch.Generator().manual_seed(seed)) for seed in range(2)]
    alone = [one_pass(x) for x in inputs]
    together, failures = {}, []

    def work(i):
        try:
            for _ in range(5):
                together[i] = one_pass(inputs[i])
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert not failures
    assert all(torch.equal(a, b) for i in range(2) for a, b in zip(alone[i], together[i], strict=True))


# ---- tdBN itself -----------------------------------------------------------------------------------------------------


def test_statistics_are_taken_over_images_pixels_and_time():
    x = torch.randn(3 * 4, 2, 5, 5, generator=torch.Generator().manual_seed(0)) * 3 + 7
    norm = TdBatchNorm(2)
    norm_lif(x, norm, HARD, 3, 3)
    rows = x.movedim(1, 0).reshape(2, -1)
    torch.testing.assert_close(norm.running_mean, 0.1 * rows.mean(1), rtol=1e-5, atol=0)
    torch.testing.assert_close(norm.running_var, 0.9 + 0.1 * rows.var(1, correction=1), rtol=1e-5, atol=0)


def test_the_unbiased_variance_counts_a_constant_input_at_every_step():
    x = torch.tensor([[0.0], [2.0]])  # biased variance 1; at T = 3 there are 6 values: unbiased 6/5
    norm = TdBatchNorm(1)
    norm_lif(x, norm, HARD, 1, 3)
    assert norm.running_var.item() == pytest.approx(0.9 + 0.1 * 6 / 5, rel=1e-6)


def test_normalised_drive_by_hand():
    # values 0 and 2: mean 1, variance 1; normalised -1 and 1, times V_th gamma = .2 * 2, plus beta .3: -.1 and .7
    norm = TdBatchNorm(1)
    with torch.no_grad():
        norm.weight.fill_(2)
        norm.bias.fill_(0.3)
    run = norm_lif_reference(torch.tensor([[0.0], [2.0]]), norm, HARD, 1, 1)
    torch.testing.assert_close(run.membranes.flatten(), torch.tensor([-0.1, 0.7]), rtol=0, atol=1e-5)
    assert run.spikes.flatten().tolist() == [0, 1]


def test_evaluation_mode_leaves_the_statistics_alone():
    norm = made_norm(5, training=False)
    before = norm.running_mean.clone(), norm.running_var.clone()
    norm_lif(torch.randn(6, 5), norm, HARD, 3, 3)
    assert torch.equal(norm.running_mean, before[0])
    assert torch.equal(norm.running_var, before[1])


def test_an_offset_far_above_the_spread_costs_no_precision():
    # fused moments are sums of squares: with a mean of 300 standard deviations they must still give the variance
    x = torch.randn(4 * 64, 3, 8, 8, generator=torch.Generator().manual_seed(0)) + 300
    norm = TdBatchNorm(3)
    norm_lif(x, norm, HARD, 4, 4)
    wanted = x.double().movedim(1, 0).reshape(3, -1).var(1, correction=1)
    torch.testing.assert_close(norm.running_var.double(), 0.9 + 0.1 * wanted, rtol=1e-3, atol=0)


def test_a_channel_without_variance_gives_finite_gradients():
    x = torch.full((12, 2), 3.0, requires_grad=True)
    norm_lif(x, TdBatchNorm(2), HARD, 3, 3).sum().backward()
    assert bool(x.grad.isfinite().all())


@pytest.mark.parametrize(
    ("layer", "x", "wanted"),
    [
        (down(3, 5, HARD), torch.randn(2, 3, 8, 8), (6, 5, 4, 4)),
        (up(3, 5, HARD), torch.randn(2, 3, 4, 4), (6, 5, 8, 8)),
        (dense(7, 5, HARD), torch.randn(2, 7), (6, 5)),
    ],
    ids=["down", "up", "dense"],
)
def test_layers_run_the_way_they_forward(layer, x, wanted):
    layer.eval()
    spikes = layer(x, 1, 3)
    assert tuple(spikes.shape) == wanted
    run = layer.run(x, 1, 3)
    assert tuple(run.spikes.shape) == (3, 2, *wanted[1:])
    assert torch.equal(run.spikes.flatten(0, 1), spikes)


# ---- bounded memory --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("images", [1, 2, 3, 7, 8])
@pytest.mark.parametrize("make", [down, up])
def test_a_layer_in_parts_gives_what_it_gives_at_once(make, images):
    steps, results = 5, []
    x = (torch.rand(steps * 7, 6, 4, 4, generator=torch.Generator().manual_seed(0)) < 0.2).float()
    for parts in (None, images):
        torch.manual_seed(0)
        layer = make(6, 10, SOFT)
        bound_memory(layer, parts)
        leaf = x.clone().requires_grad_()
        spikes = layer(leaf, steps, steps)
        assert type(spikes.grad_fn).__name__ == ("BoundedBackward" if parts and parts < 7 else "NormLifBackward")
        spikes.backward(torch.randn(spikes.shape, generator=torch.Generator().manual_seed(1)))
        results.append([spikes, leaf.grad, layer.norm.running_mean, layer.norm.running_var])
        results[-1] += [p.grad for p in layer.parameters()]
    assert torch.equal(results[0][0], results[1][0])
    for whole, bounded in zip(*results, strict=True):
        torch.testing.assert_close(bounded, whole, rtol=1e-4, atol=1e-3)  # tdBN makes the bias's gradient rounding


# ---- the neurons of CUDA, interpreted on the CPU ---------------------------------------------------------------------

_INTERPRETED = """
import torch
from esvae_core import triton_lif
from esvae_core.config import NeuronConfig
from esvae_core.layers import norm_lif_reference
from tests.test_layers import HARD, SOFT, TAILED, TRIANGLE, leaks_of, made_norm

for neuron in (HARD, SOFT, TRIANGLE, TAILED):
    for input_steps, steps, training in ((1, 5, True), (5, 5, True), (5, 5, False), (1, 1, True)):
        for shape in ((4, 7, 5, 6), (9, 600)):
            for kind, most in ((torch.float32, 0), (torch.bfloat16, 0.001)):
                x = torch.randn(input_steps * shape[0], *shape[1:], generator=torch.Generator().manual_seed(3)).to(kind)
                if x.dim() == 4:
                    x = x.contiguous(memory_format=torch.channels_last)
                grad = torch.randn((steps * shape[0], *shape[1:]), generator=torch.Generator().manual_seed(1))
                offset, answers = torch.linspace(-1, 1, shape[1]), []
                for fast in (True, False):
                    norm, leaf = made_norm(shape[1], training=training), x.clone().requires_grad_()
                    leak = leaks_of(neuron, shape[1])
                    if fast:
                        part = offset.clone().requires_grad_() if training else None
                        spikes = triton_lif.norm_lif(leaf, norm, neuron, input_steps, steps, leak, part)
                        assert spikes.dtype == kind
                        spikes.backward(grad.to(kind))
                        assert part is None or not part.grad.any()
                    else:
                        spikes = norm_lif_reference(leaf, norm, neuron, input_steps, steps, leak).spikes.flatten(0, 1)
                        spikes.backward(grad)
                        if training:
                            norm.running_mean += norm.momentum * offset
                    gradients = [leaf.grad.float(), norm.weight.grad, norm.bias.grad]
                    gradients += [] if leak is None or steps == 1 else [leak.grad]
                    answers.append([spikes.detach().float(), *gradients, norm.running_mean, norm.running_var])
                assert float((answers[0][0] != answers[1][0]).float().mean()) <= most
                assert 0.05 < float(answers[0][0].mean()) < 0.95
                for a, b in zip(*answers[:2]):
                    if kind == torch.float32:
                        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
                    else:
                        assert float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), 0)) > 0.98
"""


def test_the_neurons_of_cuda_compute_what_the_reference_does():
    if not importlib.util.find_spec("triton"):
        pytest.skip("Triton is not installed: the kernels for CUDA were not checked")
    command, words = [sys.executable, "-c", _INTERPRETED], {**os.environ, "TRITON_INTERPRET": "1"}
    done = subprocess.run(command, env=words, capture_output=True, text=True)
    if "only 0-dimensional arrays can be converted" in done.stderr:
        pytest.skip("this Triton's interpreter does not know this NumPy: the kernels for CUDA were not checked")
    assert done.returncode == 0, done.stderr


@pytest.mark.gpu
def test_on_cuda():
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    for neuron in (HARD, SOFT, TRIANGLE, TAILED):
        for input_steps, steps in ((1, 6), (6, 6), (1, 1)):
            x = torch.randn(input_steps * 4, 7, 5, 6, generator=torch.Generator().manual_seed(3)).cuda()
            answers = []
            for run in (norm_lif, lambda *args: norm_lif_reference(*args).spikes.flatten(0, 1)):
                norm, leaf = made_norm(7, training=True).cuda(), x.clone().requires_grad_()
                leak = None if not neuron.learned_leak else torch.linspace(0.1, 0.9, 7).cuda().requires_grad_()
                spikes = run(leaf, norm, neuron, input_steps, steps, leak)
                spikes.backward(torch.ones_like(spikes))
                answers.append((spikes.detach(), leaf.grad))
            assert float((answers[0][0] != answers[1][0]).float().mean()) < 1e-3
            close = (answers[0][1] - answers[1][1]).abs() < 1e-3
            assert float(close.float().mean()) > 0.99


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_alpha_scales_the_drive_in_both_paths(training):
    """Fast and slow agree at alpha = 2, in gradients too, and both do what a weight of 2 does at alpha = 1."""
    x = torch.randn(6 * 8, 16, generator=torch.Generator().manual_seed(0))
    found = []
    for run, alpha, weight in ((norm_lif, 2.0, 1.0), (norm_lif_reference, 2.0, 1.0), (norm_lif, 1.0, 2.0)):
        norm = TdBatchNorm(16, alpha=alpha).train(training)
        with torch.no_grad():
            norm.weight.fill_(weight)
        out = run(x, norm, HARD, 6, 6)
        spikes = out if isinstance(out, torch.Tensor) else out.spikes.flatten(0, 1)
        (spikes * x).sum().backward()
        found.append((spikes.detach(), norm.weight.grad, norm.bias.grad))
    fast, slow, heavy = found
    assert torch.equal(fast[0], slow[0])
    assert torch.equal(fast[0], heavy[0])
    assert 0 < fast[0].mean() < 1
    torch.testing.assert_close(fast[1], slow[1])
    torch.testing.assert_close(fast[2], slow[2])
    torch.testing.assert_close(fast[1], 2 * heavy[1])  # the weight of alpha = 1 is half as far from the drive


def test_single_steps_in_evaluation_mode_are_the_run_over_time():
    layer = dense(8, 16, HARD, alpha=2.0).eval()
    x = torch.randn(6, 4, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        layer.norm.running_var.fill_(0.3)
        state, spikes = (), []
        for drive in x:
            fired, state = layer.step(drive, state)
            spikes.append(fired)
        whole = layer(x.flatten(0, 1), 6, 6).view(6, 4, 16)
    assert torch.equal(torch.stack(spikes), whole)
    assert 0 < whole.mean() < 1
