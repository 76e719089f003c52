"""The browser's engine under Node: the .mjs tests beside this file, on bundles and figures that are written here."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from esvae_core.engine import plan_of, prior, reference, to_bundle
from esvae_core.engine.bundle import content_hash
from esvae_core.engine.bundle_parts import PARTS, bundle_part
from esvae_core.front_end import FRONT_END
from tests.engine.networks import CONFIGS, network, picture, train

HERE = Path(__file__).parent
ENGINE = FRONT_END / "engine"


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
        "parts": {part: base64.b64encode(bundle_part(raw, part)).decode() for part in PARTS},
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


def test_the_committed_module_was_built_from_this_source():
    """Needs no compiler; `build.sh` writes the sums."""
    sums = dict(line.split()[::-1] for line in (ENGINE / "engine.sha256").read_text().splitlines())
    found = {name: hashlib.sha256((ENGINE / name).read_bytes()).hexdigest() for name in ("engine.c", "engine.wasm")}
    assert found == sums, (
        "engine.c or engine.wasm has changed since esvae_core/web/engine/build.sh built it; run it again"
    )


def test_the_committed_module_is_what_its_source_builds(tmp_path):
    made_by = re.search(r'made_by="(.+)"', (ENGINE / "build.sh").read_text())[1]
    major = made_by.split(".")[0]
    clang = shutil.which(f"clang-{major}") or shutil.which("clang")
    if clang is None or not (shutil.which(f"wasm-ld-{major}") or shutil.which("wasm-ld")):
        pytest.skip(
            f"not rebuilt: esvae_core/web/engine/build.sh needs clang and wasm-ld {made_by}, and they are not here"
        )
    version = subprocess.run([clang, "-dumpversion"], capture_output=True, text=True, check=True).stdout.strip()
    if version != made_by:
        pytest.skip(f"not rebuilt: esvae_core/web/engine/build.sh needs clang {made_by}, here is {version}")
    built = tmp_path / "engine.wasm"
    subprocess.run(["bash", str(ENGINE / "build.sh"), str(built)], check=True)
    assert built.read_bytes() == (ENGINE / "engine.wasm").read_bytes()
