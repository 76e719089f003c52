"""LIF neurons against traces worked out by hand, and their surrogate against its stated shape."""

from __future__ import annotations

import pytest
import torch

from esvae_core.config import NeuronConfig
from esvae_core.neurons import lif_step, over_time, spike

PUBLISHED = NeuronConfig()  # leak 1/4, threshold 0.2, hard reset
BINARY = NeuronConfig(leak=0.5, threshold=1.0)  # numbers that are exact in binary


def run(drive, neuron):
    result = over_time(torch.tensor(drive).view(-1, 1), neuron)
    return result.spikes.flatten().tolist(), result.membranes.flatten().tolist()


def test_hard_reset_by_hand():
    # u: .75 | .5*.75+.75 = 1.125 fires, kept 0 | .75 | 1.125 fires
    assert run([0.75] * 4, BINARY) == ([0, 1, 0, 1], [0.75, 1.125, 0.75, 1.125])


def test_soft_reset_by_hand():
    # u: .75 | 1.125 fires, kept .125 | .0625+.75 = .8125 | .40625+.75 = 1.15625 fires
    soft = BINARY.model_copy(update={"reset": "soft"})
    assert run([0.75] * 4, soft) == ([0, 1, 0, 1], [0.75, 1.125, 0.8125, 1.15625])


def test_soft_reset_keeps_what_is_above_the_threshold():
    # one drive of 2.5: fires at 2.5, keeps 1.5; .75 silent
    soft = BINARY.model_copy(update={"reset": "soft"})
    assert run([2.5, 0.0, 0.0], soft) == ([1, 0, 0], [2.5, 0.75, 0.375])
    assert run([2.5, 0.0, 0.0], BINARY) == ([1, 0, 0], [2.5, 0.0, 0.0])


def test_a_membrane_at_the_threshold_does_not_fire():
    assert run([1.0, 0.5], BINARY) == ([0, 0], [1.0, 1.0])


def test_leak_of_one_integrates_and_leak_of_zero_forgets():
    assert run([0.25] * 5, BINARY.model_copy(update={"leak": 1.0}))[0] == [0, 0, 0, 0, 1]
    assert run([0.75] * 5, BINARY.model_copy(update={"leak": 0.0}))[1] == [0.75] * 5


@pytest.mark.parametrize(("drive", "rate"), [(0.14, 0), (0.17, 0.5), (0.21, 1.0)])
def test_published_neuron_is_nearly_binary_under_a_constant_drive(drive, rate):
    # silent below .15 (the geometric sum .15/(1-.25) = .2), every other step from .16 (.16 * 1.25 = .2), always above
    assert over_time(torch.full((16, 1), drive), PUBLISHED).spikes.mean().item() == rate


@pytest.mark.parametrize(("center", "width"), [(0.0, 1.0), (0.2, 1.0), (0.0, 0.5), (0.2, 3.0)])
def test_surrogate_is_one_inside_its_interval_and_zero_outside(center, width):
    neuron = NeuronConfig(surrogate_center=center, surrogate_width=width)
    membrane = torch.linspace(-2, 2, 4001, requires_grad=True)
    spike(membrane, neuron).sum().backward()
    inside = (membrane.detach() - center).abs() < width / 2
    assert torch.equal(membrane.grad, inside.float())
    assert 0 < int(inside.sum()) < 4001


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ("box", [0, 0, 1, 1, 1, 0, 0]),
        ("triangle", [0, 0, 0.5, 1, 0.5, 0, 0]),
        ("fast-sigmoid", [1 / 9, 1 / 4, 4 / 9, 1, 4 / 9, 1 / 4, 1 / 9]),
    ],
)
def test_each_surrogate_has_its_stated_slope(shape, wanted):
    # at 2, 1 and 1/2 half widths below the centre, at it, and above
    neuron = NeuronConfig(surrogate_shape=shape, surrogate_center=0.25, surrogate_width=1.0)
    membrane = (torch.tensor([-2, -1, -0.5, 0, 0.5, 1, 2]) * 0.5 + 0.25).requires_grad_()
    spike(membrane, neuron).sum().backward()
    assert membrane.grad.tolist() == pytest.approx(wanted, abs=1e-6)


def test_the_gradient_flows_through_the_hard_reset():
    # two steps, w = .5: u1 = x1, o1 = [u1 > 1], u2 = .5 u1 (1 - o1) + x2. With both membranes inside the surrogate's
    # interval: do2/dx1 = .5 (1 - o1) - .5 u1
    neuron = BINARY.model_copy(update={"surrogate_width": 10.0})
    for first, wanted in ((0.75, 0.5 - 0.5 * 0.75), (1.5, -0.5 * 1.5)):
        drive = torch.tensor([[first], [0.25]], requires_grad=True)
        over_time(drive, neuron).spikes[1].sum().backward()
        assert drive.grad.flatten().tolist() == [wanted, 1.0]


def test_the_gradient_flows_through_the_soft_reset():
    # u2 = .5 (u1 - o1) + x2: do2/dx1 = .5 - .5 = 0 where the surrogate is 1, .5 where it is 0
    for width, wanted in ((10.0, 0.0), (0.1, 0.5)):
        neuron = BINARY.model_copy(update={"reset": "soft", "surrogate_center": 0.625, "surrogate_width": width})
        drive = torch.tensor([[0.75], [0.25]], requires_grad=True)
        over_time(drive, neuron).spikes[1].sum().backward()  # u2 = .625: inside either interval
        assert drive.grad.flatten().tolist() == [wanted, 1.0]


def test_a_step_returns_the_membrane_before_and_after_the_reset():
    fired, membrane, (kept,) = lif_step(torch.tensor([0.5, 1.5]), (torch.tensor([0.5, 0.5]),), BINARY)
    assert fired.tolist() == [0, 1]
    assert membrane.tolist() == [0.75, 1.75]
    assert kept.tolist() == [0.75, 0]


@pytest.mark.parametrize("reset", ["hard", "soft"])
def test_another_threshold_is_another_scale_of_the_drive(reset):
    # so a threshold for each channel is learned by the normalisation in front, whose gain and bias scale the drive
    drive = torch.randn(20, 50, generator=torch.Generator().manual_seed(0))
    neuron = PUBLISHED.model_copy(update={"reset": reset})
    for factor in (0.5, 2.0, 8.0):  # powers of two, which round nothing
        other = neuron.model_copy(update={"threshold": factor * neuron.threshold})
        spikes = over_time(drive, other).spikes
        assert torch.equal(spikes, over_time(drive / factor, neuron).spikes)
        assert 0.02 < float(spikes.mean()) < 0.98


def test_neurons_do_not_see_each_other():
    drive = torch.rand(6, 5, 3)
    whole = over_time(drive, PUBLISHED).spikes
    assert torch.equal(whole[:, 2, 1], over_time(drive[:, 2:3, 1:2], PUBLISHED).spikes.flatten())


def test_the_past_does_not_see_the_future():
    drive = torch.rand(6, 5)
    assert torch.equal(over_time(drive, PUBLISHED).spikes[:4], over_time(drive[:4], PUBLISHED).spikes)


def test_any_float_type_is_kept():
    assert over_time(torch.rand(3, 2, dtype=torch.float64), PUBLISHED).spikes.dtype is torch.float64
