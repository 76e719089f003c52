"""Bundles: there and back, and every kind of damage."""

from __future__ import annotations

import hashlib
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esvae_core.engine import from_bundle, plan_of, to_bundle
from esvae_core.engine.bundle import content_hash, plan_hash
from esvae_core.engine.plan import before_fitted_prior
from esvae_core.engine.prior import prior
from esvae_core.errors import CheckpointContentError, CheckpointError, CheckpointVersionError, NotACheckpointError
from tests.engine.networks import CONFIGS, network

NAN = b"\xff\xff\xff\x7f"  # float32, little-endian
BUNDLE = to_bundle(plan_of(network(CONFIGS["soft"])))
FITTED = to_bundle(plan_of(network(CONFIGS["fitted"])))
PLACES = st.integers(0, 2000) | st.integers(0, len(BUNDLE) - 1)  # half of them where the structure is


def sealed(raw):
    """With the hash that fits the content, so that damage gets past it."""
    return raw[:16] + hashlib.sha256(raw[48:]).digest() + raw[48:]


def with_header(change):
    length = int.from_bytes(BUNDLE[12:16], "little")
    header = json.loads(BUNDLE[48 : 48 + length])
    change(header)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 16)
    return sealed(BUNDLE[:12] + len(text).to_bytes(4, "little") + bytes(32) + text + BUNDLE[48 + length :])


@pytest.mark.parametrize("name", CONFIGS)
def test_there_and_back(name):
    plan = plan_of(network(CONFIGS[name]))
    raw = to_bundle(plan)
    again = from_bundle(raw)
    assert again.config == plan.config
    assert list(again.tensors) == list(plan.tensors)
    assert all(np.array_equal(again.tensors[key], plan.tensors[key]) for key in plan.tensors)
    assert to_bundle(again) == raw
    assert len(raw) % 16 == 0
    assert content_hash(raw) == hashlib.sha256(raw[48:]).hexdigest()


@pytest.mark.parametrize("name", CONFIGS)
def test_the_hash_is_known_without_the_file(name):
    model = network(CONFIGS[name])
    plan = plan_of(model)
    assert plan_hash(plan) == content_hash(to_bundle(plan))
    earlier = before_fitted_prior(plan)
    assert (earlier is None) == (model.config.prior_components == 0)
    if earlier is not None:
        assert to_bundle(earlier) == to_bundle(plan_of(model.with_prior(None)))


@pytest.mark.parametrize(
    ("raw", "kind", "message"),
    [
        (b"", NotACheckpointError, "found no bytes"),
        (b"ESVA", NotACheckpointError, "found a truncated file"),
        (b"PK\x03\x04 and more", NotACheckpointError, "found another format"),
        (BUNDLE[:20], NotACheckpointError, "truncated: expected at least 48 bytes, found 20"),
        (BUNDLE[:60], NotACheckpointError, "truncated: expected a header up to byte"),
        (BUNDLE[:-1], NotACheckpointError, "truncated: expected"),
        (BUNDLE + b"\0", CheckpointContentError, r"expected [\d,]+ bytes, found"),
        (BUNDLE[:8] + b"\3" + BUNDLE[9:], CheckpointVersionError, "version 3, this library reads version 2; please"),
        (BUNDLE[:8] + b"\1" + BUNDLE[9:], CheckpointVersionError, "version 1, this library reads version 2; write it"),
        (BUNDLE[:-9] + b"\7" + BUNDLE[-8:], CheckpointContentError, "does not match its SHA-256"),
        (sealed(BUNDLE[:-16] + NAN + bytes(12)), CheckpointContentError, "prior.bias: expected finite numbers"),
        (BUNDLE[:48] + b"]" + BUNDLE[49:], CheckpointContentError, "header: expected JSON"),
        (with_header(lambda h: h.update(more=1)), CheckpointContentError, "an object of 'model' and 'tensors'"),
        (with_header(lambda h: h["model"].update(time_steps=0)), CheckpointContentError, "model: time_steps: "),
        (with_header(lambda h: h["model"].update(channels=[40, 32])), CheckpointContentError, "tensors: expected {"),
        (with_header(lambda h: h["tensors"].pop()), CheckpointContentError, "tensors: expected a list of 16"),
        (with_header(lambda h: h["tensors"][1].update(offset=0)), CheckpointContentError, "as number 2"),
    ],
)
def test_damage_is_named(raw, kind, message):
    with pytest.raises(kind, match=re.compile(message)):
        from_bundle(raw)


@settings(max_examples=300, deadline=None)
@given(
    changes=st.lists(st.tuples(PLACES, st.integers(0, 255)), max_size=4),
    cut=st.none() | st.integers(0, len(BUNDLE)),
    seal=st.booleans(),
    whole=st.sampled_from([BUNDLE, FITTED]),
)
def test_any_bytes_are_a_plan_or_an_error_of_ours(changes, cut, seal, whole):
    raw = bytearray(whole)
    for at, value in changes:
        raw[at % len(raw)] = value
    raw = bytes(raw[:cut])
    try:
        plan = from_bundle(sealed(raw) if seal and len(raw) > 48 else raw)
    except CheckpointError:
        return
    assert all(bool(np.isfinite(x).all()) for x in plan.tensors.values())
    with np.errstate(all="ignore"):  # weights may be huge
        rates = prior(plan, 3)
    assert bool((np.isnan(rates) | ((rates >= 0) & (rates <= 1))).all())
