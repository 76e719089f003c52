"""Our file format: what is written comes back, and whatever else a file may hold is refused by name."""

from __future__ import annotations

import copy
import json
import math
import os
import pickle
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

import esvae_core
from esvae_core import checkpoint
from esvae_core.checkpoint import (
    FORMAT_VERSION,
    DataRecord,
    Header,
    Metric,
    TrainingRecord,
    load,
    read_header,
    save,
    stored_bundle_hash,
)
from esvae_core.config import DataConfig, ModelConfig, NeuronConfig, TrainConfig
from esvae_core.errors import (
    CheckpointContentError,
    CheckpointError,
    CheckpointVersionError,
    EsvaeError,
    NotACheckpointError,
)
from esvae_core.explore.latent_interface import hash_of
from esvae_core.files import write_atomically
from esvae_core.fitted_prior import fit_prior

SMALLEST = ModelConfig(image_size=8, channels=(2,), latent_dim=2, time_steps=2)


@pytest.fixture
def written(tmp_path, tiny):
    """A good checkpoint of the tiny network."""
    path = tmp_path / "good.safetensors"
    save(path, tiny.state_dict(), Header(name="tiny", model=tiny.config))
    return path


def parts(path):
    """(layout, body) of a .safetensors file."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def put(path, layout, body):
    text = json.dumps(layout).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)


def with_header(path, change):
    """Rewrite the file with a changed header of ours."""
    layout, body = parts(path)
    values = json.loads(layout["__metadata__"]["esvae"])
    values = change(values) or values
    layout["__metadata__"]["esvae"] = json.dumps(values)
    put(path, layout, body)


def refused(path, kind, *words):
    """The message with which the file is refused; it must name the file and the words, in one line."""
    with pytest.raises(kind) as caught:
        load(path)
    message = str(caught.value)
    for word in (str(path), *words):
        assert word in message, message
    assert "\n" not in message
    return message


# ---- round trip ------------------------------------------------------------------------------------------------------


def test_trainings_in_a_row_name_each_device_once():
    def on(device):
        return TrainingRecord(epochs=1, steps=1, seconds=1, device=device, curve=())

    assert on("cpu").after(on("cpu").after(on("cuda"))).device == "cuda and cpu"
    assert on("cpu").after(on("")).device == "cpu"


def test_a_checkpoint_comes_back_whole(tmp_path):
    config = ModelConfig(
        image_channels=3, image_size=8, channels=(4, 8), latent_dim=6, time_steps=4,
        latent_neuron=NeuronConfig(leak=0.9, reset="soft"), sampler="systematic",
    )  # fmt: skip
    model = esvae_core.ESVAE(config)
    header = Header(
        name="näme [x] \U0001f642",
        model=config,
        data=DataConfig(dataset="digits"),
        train=TrainConfig(grow_time=((0.25, 2), (0.5, 4))),
        dataset=DataRecord(name="digits", sha256="ab" * 32, class_names=("0", "one")),
        training=TrainingRecord(epochs=2, steps=10, seconds=1.5, device="cpu", curve=({"epoch": 1.0, "mse": 0.1},)),
        metrics=(Metric(name="mse", value=0.125, protocol="here"),),
        source="somewhere",
    )
    path = tmp_path / "a.safetensors"
    save(path, model.state_dict(), header)
    loaded = load(path)
    assert loaded.header == header == read_header(path)
    assert loaded.model.config == config
    assert not loaded.model.training
    state = model.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in loaded.model.state_dict().items())
    assert all(p.requires_grad for p in loaded.model.parameters())


def test_a_file_says_the_hash_of_its_bundle(written, tiny, tmp_path):
    """Beside the header, so that versions without it read the file as before; and always in the same bytes."""
    assert stored_bundle_hash(written) == hash_of(tiny)
    header = Header(name="tiny", model=tiny.config)
    assert {checkpoint.serialized(tiny.state_dict(), header) for _ in range(20)} == {written.read_bytes()}
    with safe_open(written, "numpy") as file:
        assert file.metadata().keys() == {"esvae", "esvae_bundle_sha256"}
        assert all(np.array_equal(file.get_tensor(name), value) for name, value in tiny.state_dict().items())
    films = esvae_core.ESVAE(tiny.config.model_copy(update={"frames": True, "readout_decay": 0.5}))
    huge = copy.deepcopy(tiny)
    huge.state_dict()["encoder.0.norm.weight"].fill_(3e38)
    huge.state_dict()["encoder.0.norm.running_var"].fill_(1e-3)
    for model in (films, huge):  # of which there is no bundle
        save(tmp_path / "other.safetensors", model.state_dict(), Header(name="other", model=model.config))
        assert stored_bundle_hash(tmp_path / "other.safetensors") is None
        load(tmp_path / "other.safetensors")


def test_a_loaded_model_computes_the_same(written, tiny):
    source = lambda: torch.Generator().manual_seed(5)  # noqa: E731
    a, b = tiny.sample(4, source()), load(written).model.sample(4, source())
    assert torch.equal(a.images, b.images)
    assert torch.equal(a.spikes, b.spikes)


def fitted(tiny):
    """The tiny network with a prior fitted to random rates."""
    source = torch.Generator().manual_seed(0)
    rates = torch.randint(0, 5, (100, 6), generator=source) / 4
    return tiny.with_prior(fit_prior(rates, 3, 4, source), snap=True)


def test_a_fitted_prior_comes_back(tmp_path, tiny):
    model, path = fitted(tiny), tmp_path / "a.safetensors"
    save(path, model.state_dict(), Header(name="x", model=model.config))
    loaded = load(path)
    assert (loaded.header.model.prior_components, loaded.header.model.prior_snap) == (3, True)
    source = lambda: torch.Generator().manual_seed(5)  # noqa: E731
    assert torch.equal(loaded.model.prior_rates(9, generator=source()), model.prior_rates(9, generator=source()))


def test_shares_of_a_fitted_prior_that_are_none_are_refused(tmp_path, tiny):
    path = tmp_path / "a.safetensors"
    for shares in ([0.5, -0.5, 1.0], [0.0, 0.0, 0.0]):
        state = fitted(tiny).state_dict() | {"fitted.weights": torch.tensor(shares)}
        save(path, state, Header(name="x", model=fitted(tiny).config))
        refused(path, CheckpointContentError, "fitted.weights", "expected shares of 0 or more")


def test_a_file_from_before_fitted_priors_still_loads(written, tiny):
    def change(values):
        del values["model"]["prior_components"], values["model"]["prior_snap"]

    with_header(written, change)
    assert load(written).header.model == tiny.config


def test_a_loaded_model_can_be_trained_on(written):
    model = load(str(written)).model.train()
    output = model(torch.rand(4, 1, 8, 8) * 2 - 1)
    (output.images.square().mean() + output.prior_rates.mean()).backward()
    assert all(p.grad is not None for p in model.parameters())


def test_loading_changes_no_random_state(written):
    before = torch.random.get_rng_state()
    load(written)
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_stamp_says_when_and_with_what():
    header = checkpoint.stamped(Header(name="x", model=SMALLEST))
    assert header.versions.keys() == {"python", "esvae", "torch", "numpy", "numba"}
    assert header.versions["torch"] == torch.__version__.split("+")[0] or header.versions["torch"] == torch.__version__
    assert header.created.endswith("+00:00")


NOT_FINITE = [math.nan, math.inf, -math.inf]


@pytest.mark.parametrize("value", NOT_FINITE)
def test_a_figure_that_is_not_finite_is_not_recorded(value, written):
    before, known = written.read_bytes(), load(written)
    figures = [Metric(name="mse", value=0.5, protocol="p"), Metric(name="mmd", value=value, protocol="p")]
    with pytest.raises(
        CheckpointContentError, match=f"good.safetensors: nothing is recorded: mmd is {value}, expected"
    ):
        checkpoint.record(written, known, figures)
    assert written.read_bytes() == before


@pytest.mark.parametrize("value", [None, *NOT_FINITE])
def test_a_header_loses_figures_and_times_that_are_not_finite_and_keeps_the_others(value, written, caplog):
    """Versions up to 0.1 wrote NaN and infinite ones; the weights must never be lost to it."""
    good = {"name": "mse", "value": 0.5, "protocol": "p"}
    rows = [{"epoch": 1.0, "mse": value}, {"epoch": 2.0, "mse": 0.25}]
    times = {"seconds": value, "cpu_seconds": value}
    with_header(
        written,
        lambda values: (
            values | {"metrics": [good | {"value": value}, good], "training": {"epochs": 2, "curve": rows, **times}}
        ),
    )
    header = load(written).header
    assert header.metrics == (Metric(**good),)
    assert header.training == TrainingRecord(epochs=2, seconds=0, cpu_seconds=None, curve=({"epoch": 1.0}, rows[1]))
    assert "good.safetensors: metrics, seconds" in caplog.text


def test_a_header_is_json_whatever_was_measured(tmp_path, tiny):
    path = tmp_path / "a.safetensors"
    training = TrainingRecord(epochs=2, seconds=math.inf, curve=({"epoch": 1.0, "mse": math.nan},))
    save(path, tiny.state_dict(), Header(name="x", model=tiny.config, training=training))
    text = parts(path)[0]["__metadata__"]["esvae"]
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert load(path).header.training == TrainingRecord(epochs=2, curve=({"epoch": 1.0},))


# ---- writing ---------------------------------------------------------------------------------------------------------


def others(path):
    return [entry.name for entry in path.parent.iterdir() if entry != path]


@pytest.mark.parametrize("where", ["fsync", "replace", "write"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "ctrl-c"])
def test_a_failure_while_writing_keeps_the_old_file_and_leaves_nothing_else(where, error, written, monkeypatch):
    before = written.read_bytes()

    def fail(*args, **kwargs):
        raise error

    if where == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    elif where == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        opened = Path.open
        monkeypatch.setattr(Path, "open", lambda self, *a, **k: Broken(opened(self, *a, **k), error))
    with pytest.raises((EsvaeError, KeyboardInterrupt)) as caught:
        write_atomically(written, b"new")
    monkeypatch.undo()
    if isinstance(error, OSError):
        assert str(written) in str(caught.value)
        assert "No space left" in str(caught.value)
    assert written.read_bytes() == before
    assert others(written) == []


class Broken:
    """A file that fails half way through."""

    def __init__(self, file, error):
        self.file, self.error = file, error

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.file.close()

    def fileno(self):
        return self.file.fileno()

    def write(self, content):
        self.file.write(content[:1])
        raise self.error


def test_writing_replaces_and_leaves_nothing_else(written):
    write_atomically(written, b"new")
    assert written.read_bytes() == b"new"
    assert others(written) == []


def test_a_reader_never_sees_half_a_file(tmp_path):
    path = tmp_path / "x"
    contents = [bytes([i]) * 300_000 for i in range(2)]
    write_atomically(path, contents[0])
    seen, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            content = path.read_bytes()
            seen.append(content in contents)

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(20):
        write_atomically(path, contents[i % 2])
    stop.set()
    reader.join()
    assert seen
    assert all(seen)


# ---- other files -----------------------------------------------------------------------------------------------------


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    refused(tmp_path / "no.safetensors", NotACheckpointError, "No such file")
    refused(tmp_path, NotACheckpointError, "directory")


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9])
def test_a_file_of_a_few_bytes_is_refused(size, tmp_path):
    path = tmp_path / "few.safetensors"
    path.write_bytes(b"\0" * size)
    refused(path, NotACheckpointError, "expected a .safetensors file")


def test_a_file_truncated_anywhere_is_refused(written):
    whole = written.read_bytes()
    cuts = {*range(0, 64), *range(64, len(whole), 97), *range(len(whole) - 16, len(whole))}
    for cut in sorted(cuts):
        written.write_bytes(whole[:cut])
        refused(written, NotACheckpointError)


def test_bytes_after_the_end_are_refused(written):
    written.write_bytes(written.read_bytes() + b"more")
    refused(written, NotACheckpointError)


def test_random_bytes_are_refused(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "noise.safetensors"
    for size in (8, 100, 5000):
        for _ in range(20):
            path.write_bytes(rng.bytes(size))
            refused(path, NotACheckpointError)


class Evil:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("writer", [torch.save, lambda thing, path: path.write_bytes(pickle.dumps(thing))])
def test_a_pickle_by_our_name_is_refused_and_runs_nothing(writer, tmp_path):
    trap, path = tmp_path / "executed", tmp_path / "evil.safetensors"
    writer(Evil(f"echo > {trap}"), path)
    refused(path, NotACheckpointError, "found another format")
    assert not trap.exists()


def test_a_published_file_by_our_name_is_refused(tmp_path, tiny):
    path = tmp_path / "published.safetensors"
    torch.save(tiny.state_dict(), path)
    refused(path, NotACheckpointError, "found another format")


def test_someone_elses_safetensors_are_refused(tmp_path, tiny):
    path = tmp_path / "other.safetensors"
    for metadata in (None, {"format": "pt"}):
        save_file({name: tensor.contiguous() for name, tensor in tiny.state_dict().items()}, path, metadata)
        refused(path, NotACheckpointError, "not one of esvae")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param((2**63).to_bytes(8, "little") + b"{}", id="huge length"),
        pytest.param((50).to_bytes(8, "little") + b"{", id="length beyond the end"),
        pytest.param((17 * 2**20).to_bytes(8, "little") + b" " * 17 * 2**20, id="a header of 17 MB"),
        pytest.param((8).to_bytes(8, "little") + b"not json", id="no JSON"),
        pytest.param((8).to_bytes(8, "little") + b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", id="no text"),
        pytest.param((4).to_bytes(8, "little") + b"[[]]", id="a list"),
        pytest.param((4).to_bytes(8, "little") + b"null", id="null"),
        pytest.param((8).to_bytes(8, "little") + b'{"a": 1}', id="no layout"),
        pytest.param((200_000).to_bytes(8, "little") + b"[" * 200_000, id="nested too deep"),
        pytest.param((23).to_bytes(8, "little") + b'{"a":{"data_offsets":1}}'[:23], id="cut JSON"),
    ],
)
def test_headers_that_are_no_headers_are_refused(raw, tmp_path):
    path = tmp_path / "off.safetensors"
    path.write_bytes(raw)
    refused(path, NotACheckpointError)


@pytest.mark.parametrize(
    "offsets", [[0, math.inf], [0, math.nan], [0, -1], [4, 0], [0, 10**30], [0], [], None, ["a", "b"], {"0": 1}]
)
def test_offsets_that_make_no_sense_are_refused(offsets, written):
    layout, body = parts(written)
    layout["readout.bias"]["data_offsets"] = offsets
    put(written, layout, body)
    refused(written, CheckpointError)


@pytest.mark.parametrize("dtype", ["U32", "I32", "F64", "F16", "BOOL", "F4", "F8_E4M3", "E9M9", 5, None])
def test_a_tensor_of_another_type_is_refused(dtype, written):
    layout, body = parts(written)
    layout["readout.bias"]["dtype"] = dtype
    put(written, layout, body)
    refused(written, CheckpointError)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.safetensors")
    refused(tmp_path / "pipe.safetensors", NotACheckpointError, "not a regular file")


def test_a_loaded_model_has_nothing_to_do_with_its_file_any_more(written, tiny):
    model = load(written).model
    with written.open("r+b") as file:
        file.seek(written.stat().st_size // 2)
        file.write(bytes(1000))
        file.truncate(10)
    state = tiny.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in model.state_dict().items())


def test_what_cannot_be_read_is_not_written(written, tiny):
    before = written.read_bytes()
    state = tiny.state_dict() | {"readout.bias": torch.tensor([math.nan])}
    with pytest.raises(CheckpointContentError, match=r"readout\.bias: expected finite"):
        save(written, state, Header(name="x", model=tiny.config), check=True)
    assert written.read_bytes() == before


# ---- our header ------------------------------------------------------------------------------------------------------


def test_a_later_version_is_refused_with_the_advice_to_update(written):
    with_header(written, lambda values: values.update(format_version=FORMAT_VERSION + 1, something_new={"a": 1}))
    refused(written, CheckpointVersionError, f"version {FORMAT_VERSION + 1}", "update")


@pytest.mark.parametrize("version", [0, -1, "1", 1.5, None])
def test_a_version_that_is_none_is_refused(version, written):
    with_header(written, lambda values: values.update(format_version=version))
    refused(written, CheckpointContentError, "format_version", repr(version))


def test_a_header_without_version_is_refused(written):
    with_header(written, lambda values: {k: v for k, v in values.items() if k != "format_version"})
    refused(written, CheckpointContentError, "format_version")


@pytest.mark.parametrize("value", [[], "text", 3, None])
def test_a_header_that_is_no_object_is_refused(value, written):
    layout, body = parts(written)
    layout["__metadata__"]["esvae"] = json.dumps(value)
    put(written, layout, body)
    refused(written, CheckpointContentError, "expected a JSON object")


def test_an_unknown_header_field_is_named(written):
    with_header(written, lambda values: values.update(colour="red"))
    refused(written, CheckpointContentError, "colour", "unknown")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("latent_dim", 10**9),
        ("latent_dim", -1),
        ("latent_dim", "many"),
        ("image_size", 10**6),
        ("image_channels", 2),
        ("time_steps", 0),
        ("channels", []),
        ("channels", [4] * 2000),
        ("channels", [0, 8]),
        ("channels", [10**9, 8]),
        ("channels", [10**9, 10**9]),
        ("channels", [10**30, 10**30]),
        ("readout_decay", math.nan),
        ("readout_decay", 2),
        ("neuron", {"leak": math.nan}),
        ("neuron", {"threshold": math.inf}),
        ("neuron", {"threshold": 1e300}),
        ("neuron", {"surrogate_center": math.nan}),
        ("neuron", {"surrogate_width": math.inf}),
        ("neuron", None),
        ("sampler", "quantum"),
    ],
)
def test_an_absurd_model_is_refused_at_once(field, value, written):
    with_header(written, lambda values: values["model"].update({field: value}))
    started = time.monotonic()
    refused(written, CheckpointError)
    assert time.monotonic() - started < 5


# ---- tensors ---------------------------------------------------------------------------------------------------------


def changed_state(tmp_path, model, change):
    state = dict(model.state_dict())
    change(state)
    path = tmp_path / "changed.safetensors"
    save(path, state, Header(name="x", model=model.config))
    return path


def test_every_missing_tensor_is_named(tmp_path, tiny):
    for name in tiny.state_dict():
        path = changed_state(tmp_path, tiny, lambda state, name=name: state.pop(name))
        refused(path, CheckpointContentError, name, "found none")


def test_an_unknown_tensor_is_named(tmp_path, tiny):
    path = changed_state(tmp_path, tiny, lambda state: state.update(surprise=torch.zeros(2)))
    refused(path, CheckpointContentError, "surprise", "unknown tensor")


def test_a_wrong_shape_is_named_with_both_shapes(tmp_path, tiny):
    path = changed_state(tmp_path, tiny, lambda state: state.update({"readout.bias": torch.zeros(3)}))
    refused(path, CheckpointContentError, "readout.bias", "(1,)", "(3,)")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16, torch.int32])
def test_a_wrong_type_is_named_with_both_types(dtype, tmp_path, tiny):
    path = changed_state(tmp_path, tiny, lambda s: s.update({"readout.bias": s["readout.bias"].to(dtype)}))
    refused(path, CheckpointContentError, "readout.bias", "float32", str(dtype).removeprefix("torch."))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_named(value, tmp_path, tiny):
    def change(state):
        state["encoder.1.norm.running_var"] = state["encoder.1.norm.running_var"].clone()
        state["encoder.1.norm.running_var"][3] = value

    refused(changed_state(tmp_path, tiny, change), CheckpointContentError, "encoder.1.norm.running_var", "finite")


def test_a_negative_variance_is_refused(tmp_path, tiny):
    def change(state):
        state["encoder.0.norm.running_var"] = -torch.ones_like(state["encoder.0.norm.running_var"])

    refused(changed_state(tmp_path, tiny, change), CheckpointContentError, "encoder.0.norm.running_var")


# ---- fuzz ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def smallest(tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / "small.safetensors"
    save(path, esvae_core.ESVAE(SMALLEST).state_dict(), Header(name="small", model=SMALLEST))
    return path.read_bytes()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_flipped_bytes_give_a_model_or_a_checkpoint_error(smallest, tmp_path_factory, data):
    raw = bytearray(smallest)
    end = 8 + int.from_bytes(smallest[:8], "little")
    places = st.one_of(st.integers(0, end - 1), st.integers(0, len(raw) - 1))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(places)] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "flipped.safetensors"
    path.write_bytes(raw)
    try:
        found = load(path).model
    except CheckpointError as refusal:
        found = str(refusal)
    assert isinstance(found, esvae_core.ESVAE) or "\n" not in found


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_json_in_place_of_any_header_field_gives_a_model_or_a_checkpoint_error(smallest, tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "field.safetensors"
    path.write_bytes(smallest)
    numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([0, -1, 10**9, 10**18, 10**30, 1e308]))
    values = st.recursive(
        st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=5)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=2)),
        max_leaves=5,
    )
    value = data.draw(values)

    def change(header):
        group = header["model"] if data.draw(st.booleans()) else header
        if data.draw(st.booleans()) and group is not header:
            group = group["neuron"]
        group[data.draw(st.sampled_from(sorted(group)))] = value

    with_header(path, change)
    try:
        load(path)
    except CheckpointError:
        return
    except EsvaeError as error:
        pytest.fail(f"{type(error).__name__} is no CheckpointError: {error}")
