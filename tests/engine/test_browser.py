"""The browser's engine under Node: the .mjs tests beside this file, on bundles and figures that are written here."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from esvae_core.engine import plan_of, prior, reference, to_bundle
from esvae_core.engine.bundle import content_hash
from tests.engine.networks import CONFIGS, network, picture, train

HERE = Path(__file__).parent
ENGINE = HERE.parents[1] / "app" / "web" / "engine"


def _packed(values):
    """An array as JSON: its bytes, since most floats have no short decimal form."""
    kind = np.uint8 if values.dtype == np.uint8 else np.float32
    return {"kind": np.dtype(kind).name, "base64": base64.b64encode(np.ascontiguousarray(values, kind)).decode()}


def _case(name):
    config = CONFIGS[name]
    plan = plan_of(network(config))
    raw = to_bundle(plan)
    image = picture(config)[0].numpy()
    spikes = train(config, config.time_steps + 2)[:, 0].numpy().astype(np.uint8)
    posterior = reference.encode(plan, image)
    decoded, encoded = reference.trace_decode(plan, spikes), reference.trace_encode(plan, image)
    assert decoded.images is not None
    return {
        "bundle": base64.b64encode(raw).decode(),
        "hash": content_hash(raw),
        "steps": len(spikes),
        "image": _packed(image),
        "spikes": _packed(spikes),
        "rates": _packed(posterior.rates),
        "encoder_spikes": _packed(posterior.spikes),
        "decoded": _packed(reference.decode(plan, spikes)),
        "formed": _packed(decoded.images),
        "prior": [
            {"seed": seed, "temperature": temperature, "prior": name, "rates": _packed(drawn)}
            for seed in (0, 1, 2, 7, 2**32 - 1)
            for temperature in (0.0, 1.0, 2.5)
            for name in (None, "learned", "fitted")
            if name != "fitted" or config.prior_components
            for drawn in [prior.prior(plan, seed, temperature, name)]
        ],
        "layers": {
            layer: {"shape": run.spikes.shape, "spikes": _packed(run.spikes), "membranes": _packed(run.membranes)}
            for layer, run in (encoded.layers | decoded.layers).items()
        },
    }


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    path = tmp_path_factory.mktemp("engine") / "cases.json"
    path.write_text(json.dumps({name: _case(name) for name in CONFIGS}))
    return path


@pytest.mark.parametrize("name", ["engine", "bundle", "noise", "pool"])
def test_in_node(name, cases):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here")
    run = subprocess.run(
        [node, "--test-reporter=spec", str(HERE / f"{name}.test.mjs")],
        env=os.environ | {"ESVAE_CASES": str(cases)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "tests 0" not in run.stdout, run.stdout


def test_the_committed_module_is_what_its_source_builds(tmp_path):
    clang, linker = shutil.which("clang"), shutil.which("wasm-ld")
    if clang is None or linker is None:
        pytest.skip("no clang and wasm-ld here")
    version = subprocess.run([clang, "--version"], capture_output=True, text=True, check=True).stdout
    if "clang version 14.0.6" not in version:
        pytest.skip(f"the committed module is clang 14.0.6's; here is {version.splitlines()[0]}")
    built = tmp_path / "engine.wasm"
    subprocess.run(["bash", str(ENGINE / "build.sh"), str(built)], check=True)
    assert built.read_bytes() == (ENGINE / "engine.wasm").read_bytes()
