"""A bundle in parts: together they hold what it holds, under its hash, in fewer bytes."""

from __future__ import annotations

import gzip
import hashlib
import json

import numpy as np
import pytest

from esvae_core.baselines.annvae import ANNVAE
from esvae_core.baselines.pvae import PVAE
from esvae_core.config import ANNVAEConfig, PVAEConfig
from esvae_core.engine import plan_of, to_bundle
from esvae_core.engine.ann import ann_plan_of
from esvae_core.engine.bundle import content_hash
from esvae_core.engine.bundle_parts import PARTS, bundle_part, compressed
from esvae_core.explore.latent_interface import folded, read_explorable
from esvae_core.shipped import SHIPPED
from tests.engine.networks import CONFIGS, network

SMALL = {"image_size": 16, "image_channels": 1, "channels": (8, 8), "latent_dim": 6}
PLANS = {name: plan_of(network(config)) for name, config in CONFIGS.items()} | {
    "annvae": ann_plan_of(ANNVAE(ANNVAEConfig(**SMALL))),
    "pvae": ann_plan_of(PVAE(PVAEConfig(**SMALL))),
}


def read(raw):
    """Header and tensors of a part, by the layout that the page reads."""
    start = 48 + int.from_bytes(raw[12:16], "little")
    header = json.loads(raw[48:start])
    assert hashlib.sha256(raw[48:]).digest() == raw[16:48]
    data = np.frombuffer(raw[start:], np.uint8).reshape(4, -1).T.copy().view("<f4").ravel()
    tensors = {}
    for entry in header["tensors"]:
        at = entry["offset"] // 4
        tensors[entry["name"]] = data[at : at + int(np.prod(entry["shape"]))].reshape(entry["shape"])
    return header, tensors


@pytest.mark.parametrize("name", PLANS)
def test_together_they_hold_every_tensor_to_the_bit(name):
    plan = PLANS[name]
    bundle = to_bundle(plan)
    found = {}
    for part in PARTS:
        header, tensors = read(bundle_part(bundle, part))
        assert (header["part"], header["bundle"]) == (part, content_hash(bundle))
        assert not found.keys() & tensors.keys()
        found |= tensors
    assert found.keys() == plan.tensors.keys()
    assert all(np.array_equal(found[key], plan.tensors[key]) for key in found)


def test_each_holds_what_it_is_called():
    bundle = to_bundle(PLANS["fitted"])
    layers = {part: {key.partition(".")[0] for key in read(bundle_part(bundle, part))[1]} for part in PARTS}
    assert layers == {
        "decoder": {"from_latent", "decoder", "readout"},
        "encoder": {"encoder", "to_latent"},
        "prior": {"prior", "fitted"},
    }
    assert read(bundle_part(to_bundle(PLANS["pvae"]), "prior"))[1] == {}, "its range says all"


def test_compressed_they_are_smaller_than_the_bundle_by_gzip():
    bundle = to_bundle(folded(read_explorable(SHIPPED / "digits-plus.safetensors")))
    packed = [compressed(bundle_part(bundle, part)) for part in PARTS]
    assert [gzip.decompress(each) for each in packed] == [bundle_part(bundle, part) for part in PARTS]
    assert sum(map(len, packed)) < 0.95 * len(gzip.compress(bundle))
