"""Everything that reads files or texts from outside, each with a valid one: the table that the fuzzer goes through.

A new reader of files is a new row. `test_fuzz.py` fails if a module of the library opens files and no row reaches it.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from app import state as links
from benchmarks.published_layout import published_network, published_state
from esvae_core import checkpoint
from esvae_core.arrays import read_features, read_rates, write_rates
from esvae_core.cli.train import settings_of
from esvae_core.config import ModelConfig, RunConfig
from esvae_core.controls.file import write_controls
from esvae_core.controls.measured import Attribute, Measured
from esvae_core.data import load, open_image, to_model_input
from esvae_core.data.event_files import read_events, to_nmnist
from esvae_core.engine import from_bundle, plan_of, to_bundle
from esvae_core.errors import InputError
from esvae_core.esvae import ESVAE
from esvae_core.evaluation.feature_import import import_features
from esvae_core.evaluation.feature_net import (
    FeatureConfig,
    FeatureFile,
    FeatureHeader,
    FeatureNet,
    load_features,
    save_features,
)
from esvae_core.evaluation.frechet import Gaussian
from esvae_core.explore import atlas, recipe_files
from esvae_core.explore.decode_rates import decode_rates
from esvae_core.explore.recipe import recipe_of
from esvae_core.explore.replay import replay
from esvae_core.published import read_published
from esvae_core.sweep.launch import last_line
from esvae_core.training.runs import find_runs, table_of
from esvae_core.training.state import RunState, load_state, save_state
from tests.app.made import plain_map, small_set
from tests.controls.test_directions import made as control
from tests.data.made import (
    archive,
    cifar_members,
    event_records,
    idx_bytes,
    made_events,
    picture_bytes,
    save_hub_data,
)


@dataclass(frozen=True)
class Reader:
    """One reader.

    Attributes:
        name: What the fuzzer calls it.
        file: Where the file lies that it reads, below the fuzzer's folder for it.
        write: Writes a valid one, and what belongs beside it, below that folder.
        read: Reads the file at that path; raises `EsvaeError` for one that is not valid.
    """

    name: str
    file: str
    write: Callable[[Path], None]
    read: Callable[[Path], Any]

    def path(self, folder: Path) -> Path:
        """The file that is changed."""
        return folder / self.file

    def make(self, folder: Path) -> bytes:
        """Write the valid file, and give its content."""
        self.path(folder).parent.mkdir(parents=True, exist_ok=True)
        self.write(folder)
        return self.path(folder).read_bytes()


RNG = np.random.default_rng
PIXELS = RNG(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
RATES = RNG(1).random((5, 6)).astype(np.float32)


@cache
def _model() -> ESVAE:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ESVAE(ModelConfig(image_size=16, channels=(4, 4), latent_dim=6, time_steps=4)).eval()


def _save_checkpoint(path: Path) -> None:
    metric = checkpoint.Metric(name="mse", value=0.1, protocol="made up")
    header = checkpoint.Header(name="tiny", model=_model().config, metrics=(metric,))
    checkpoint.save(path, _model().state_dict(), header)


def _save_atlas(folder: Path) -> None:
    made = atlas.build(_model(), small_set(_model(), 40))
    atlas.save(folder / "tiny.atlas.npz", made)


def _save_published(path: Path, wrap: Callable[[dict[str, Any]], Any] = lambda state: state) -> None:
    net = published_network(0, image_channels=1, image_size=8, channels=(4, 8), latent_dim=6, time_steps=4)
    torch.save(wrap(published_state(net)), path)


def _write_log(folder: Path) -> None:
    (folder / "runs/tiny/train.log").write_text("epoch 1\nepoch 2\nlearning rate: expected more than 0, got -1\n")


def _nested(state: dict[str, Any]) -> dict[str, Any]:
    return {"net": state, "epoch": 3}


def _save_recipe(suffix: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        _save_checkpoint(folder / "tiny.safetensors")
        units = np.full((3, 6), 23_040, np.uint16)
        kind = "film" if suffix in (".gif", ".webp") else "grid"
        made = recipe_of(_model(), "tiny", units, (1,), kind=kind, sampler="bernoulli", steps=4)
        pixels = decode_rates(_model(), units, (1,), sampler="bernoulli", steps=4)
        recipe_files.write(folder / f"picture{suffix}", made, pixels)

    return write


def _replay(path: Path) -> None:
    replay(path, [path.parent])


def _save_table(suffix: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        if suffix == ".csv":
            lines = [",".join(f"rate_{j}" for j in range(6)), *(",".join(map(str, row)) for row in RATES)]
            (folder / "rates.csv").write_text("\n".join(lines))
        else:
            write_rates(folder / f"rates{suffix}", RATES, [f"image {i}" for i in range(len(RATES))], None)

    return write


def _save_image(suffix: str, **options: Any) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        frame = Image.fromarray(PIXELS)
        frame.save(folder / f"image{suffix}", **options)

    return write


def _read_image(path: Path) -> None:
    to_model_input(open_image(path, str(path)), image_size=16, channels=1)


def _save_latents(folder: Path) -> None:
    np.savez(folder / "latents.npz", latent=RATES)


def _save_features(folder: Path) -> None:
    config = FeatureConfig(image_size=16, channels=(4, 6), features=3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = FeatureNet(config)
    header = FeatureHeader(dataset="digits", config=config, statistics="test", origin="made up", licence="MIT")
    save_features(folder / "net.safetensors", FeatureFile(net, Gaussian(np.zeros(3), np.eye(3)), header))


def _save_published_features(folder: Path) -> None:
    from tests.evaluation.test_feature_import import Published

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        torch.save(Published().state_dict(), folder / "net.pth")
    np.savez(folder / "statistics.npz", mu=np.arange(3.0), sigma=np.eye(3))


def _import_features(path: Path) -> None:
    import_features(path.parent / "net.pth", path.parent / "statistics.npz", "made")


def _save_state(folder: Path) -> None:
    state = RunState(RunConfig(name="tiny", model=_model().config).model_dump_json(), "0" * 64)
    state.model = _model().state_dict()
    save_state(folder / "state.pt", state)


def _save_config(folder: Path) -> None:
    (folder / "config.json").write_text(RunConfig(name="tiny", model=_model().config).model_dump_json())


def _read_config(path: Path) -> None:
    settings_of(None, None, path, [], False)


def _read_change(path: Path) -> None:
    """A change of a setting, as `--set` takes it."""
    text = path.read_text("utf-8", "surrogateescape").replace("\0", "")
    settings_of(None, "digits", None, [text], False)


def _write_text(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text) and None


def _read_link(path: Path) -> None:
    links.decode(path.read_text("utf-8", "surrogateescape"))


def _save_link(folder: Path) -> None:
    rates = links.to_grid([0, 0.25, 0.5, 1, 0.1, 0.9])
    view = (("tab", "draw"), ("flips", "s1b.p"))
    state = links.State("tiny", links.TestImage(7), rates, 5, "bernoulli", 16, view=view)
    (folder / "link.txt").write_text(links.encode(state))


def _read_bundle(path: Path) -> None:
    from_bundle(path.read_bytes())


def _save_bundle(folder: Path) -> None:
    (folder / "bundle.bin").write_bytes(to_bundle(plan_of(_model())))


def _read_set(path: Path, name: str = "", image_size: int = 32) -> None:
    """Read the data set whose files lie in the folder's first level; its name is the folder's unless given."""
    root = path.parents[1]
    load(
        name or path.parent.name,
        "test",
        image_size=image_size,
        data_dir=root,
        download=False,
        accept_other_hash=True,
    )


def _read_folder(path: Path) -> None:
    _read_set(path, f"folder:{path.parents[1]}")


def _save_mnist(folder: Path) -> None:
    place = folder / "mnist"
    place.mkdir(exist_ok=True)
    for part, count in (("train", 60), ("t10k", 20)):
        images = RNG(0).integers(0, 256, (count, 28, 28), dtype=np.uint8)
        (place / f"{part}-images-idx3-ubyte.gz").write_bytes(idx_bytes(images))
        (place / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx_bytes(np.arange(count, dtype=np.uint8) % 10))


def _save_cifar(folder: Path) -> None:
    archive(folder / "cifar10" / "cifar-10-python.tar.gz", cifar_members())


def _save_emoji(folder: Path) -> None:
    names = np.array([f"e{k}" for k in range(40)])
    np.savez(
        folder / "emoji" / "emoji64.npz",
        images=RNG(0).integers(0, 256, (40, 64, 64, 3), dtype=np.uint8),
        labels=(np.arange(40) % 2).astype(np.uint8),
        class_names=np.array(["even", "odd"]),
        names=names,
        skin_tone_variant=np.zeros(40, bool),
    )


def _save_binary_cifar(folder: Path) -> None:
    rows = RNG(0).integers(0, 256, (10, 3073), dtype=np.uint8)
    rows[:, 0] %= 10
    place = folder / "cifar10" / "cifar-10-batches-bin"
    place.mkdir(parents=True, exist_ok=True)
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        (place / f"{name}.bin").write_bytes(rows.tobytes())


def _save_own(folder: Path) -> None:
    factors = {"factors": RNG(0).random((40, 2)), "factor_names": ["x", "y"]}
    images = RNG(0).integers(0, 256, (40, 9, 12, 3), dtype=np.uint8)
    np.savez(folder / "mine.npz", images=images, labels=np.arange(40) % 2, test=np.arange(40) < 9, **factors)


def _read_own(path: Path) -> None:
    load(f"npz:{path}", "test", image_size=32)


def _save_arrow(suffix: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        save_hub_data(folder / "set", [picture_bytes(PIXELS)] * 6, [0, 1] * 3, parquet=suffix == ".parquet")

    return write


def _read_arrow(path: Path) -> None:
    load(f"huggingface:{path.parent}", "test", image_size=32)


def _save_tar(folder: Path) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for i in range(12):
            for ending, data in (("png", picture_bytes(PIXELS)), ("cls", b"ab"[i % 2 : i % 2 + 1])):
                info = tarfile.TarInfo(f"{i}.{ending}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    (folder / "shard.tar").write_bytes(content.getvalue())


def _read_tar(path: Path) -> None:
    load(f"tar:{path}", "test", image_size=32)


def _save_events(form: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        events, path = made_events(200), folder / f"recording{form}"
        if form == ".bin":
            path.write_bytes(to_nmnist(events))
        elif form == ".npz":
            np.savez(path, **events._asdict(), events=event_records(events))
        elif form == ".npy":
            np.save(path, event_records(events))
        else:
            h5py = pytest.importorskip("h5py")
            with h5py.File(path, "w") as file:
                for name, values in events._asdict().items():
                    file[name] = values

    return write


def _save_run(folder: Path) -> None:
    place = folder / "runs" / "tiny"
    place.mkdir(parents=True, exist_ok=True)
    _save_config(place)
    (place / "log.csv").write_text("epoch,time_steps,validation_mse,seconds\n1,2,0.5,2\n2,4,0.3,4\n")


def _read_runs(path: Path) -> None:
    table_of(find_runs(path.parents[1]), path.parents[1])


def _save_celeba(folder: Path) -> None:
    place = folder / "celeba"
    (place / "img_align_celeba").mkdir(parents=True, exist_ok=True)
    names = [f"{k:06}.jpg" for k in range(1, 9)]
    for k, name in enumerate(names):
        face = np.full((218, 178, 3), 20 * k, np.uint8)
        (place / "img_align_celeba" / name).write_bytes(picture_bytes(face, "JPEG"))
    (place / "list_eval_partition.txt").write_text("".join(f"{name} {k % 3}\n" for k, name in enumerate(names)))
    rows = "".join(f"{name} {1 - 2 * (k % 2)} -1\n" for k, name in enumerate(names))
    (place / "list_attr_celeba.txt").write_text(f"8\nMale Smiling\n{rows}")


def _save_folder(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / "pictures" / name).mkdir(parents=True, exist_ok=True)
        for k in range(8):
            Image.fromarray(PIXELS + np.uint8(k)).save(folder / "pictures" / name / f"{k}.png")


def _save_described_folder(folder: Path) -> None:
    _save_folder(folder)
    rows = [f"{name}/{k}.png,{k / 2},{'dark' if k % 2 else 'light'}" for name in ("a", "b") for k in range(8)]
    (folder / "pictures" / "attributes.csv").write_text("\n".join(["file,size,shade", *rows]))


def _read_described(path: Path) -> None:
    _read_set(path, f"folder:{path.parent}")


def _save_controls(folder: Path) -> None:
    _save_checkpoint(folder / "tiny.safetensors")
    made = control("thickness"), control("slant", seed=1, two_sides=True)
    sha256 = checkpoint.weights_hash(_model().state_dict())
    attributes = Attribute("slant", "deg", "number", "as told"), Attribute("hat", "", "category", "", categories=("a",))
    size = len(made[0].middle)
    table = Measured(attributes, np.zeros((2, size)), 5, np.arange(3), np.array([[1.0, 0], [np.nan, 0], [2, 0]]))
    where = {"dataset": "made", "dataset_sha256": "0" * 64, "checkpoint_sha256": sha256}
    write_controls(folder / "tiny.controls.npz", made, measured=table, **where)


def _read_controls(path: Path) -> None:
    _ = checkpoint.load(path.parent / "tiny.safetensors").controls["slant"]


def _save_map(folder: Path) -> None:
    made = plain_map(RNG(0).random((40, 6)).astype(np.float32))
    np.savez(
        folder / "map.npz",
        map2=made.flat.positions,
        map3=made.solid.positions,
        trust2=made.flat.point_trust,
        trust3=made.solid.point_trust,
        trust=np.array([made.flat.trust, made.solid.trust], np.float32),
    )


def _read_map(path: Path) -> None:
    from app.maps import Job, _kept
    from esvae_core.explore.map import MapSettings

    if _kept(Job(MapSettings(), 40, path)) is None:
        raise InputError("no map")  # a map that cannot be read is drawn again


IMAGES: dict[str, dict[str, Any]] = {
    **{suffix: {} for suffix in (".png", ".jpg", ".webp", ".bmp", ".tif")},
    ".gif": {"save_all": True, "append_images": [Image.fromarray(PIXELS[::-1])] * 2},
}
READERS: tuple[Reader, ...] = (
    Reader("checkpoint", "tiny.safetensors", lambda f: _save_checkpoint(f / "tiny.safetensors"), checkpoint.load),
    Reader("header", "tiny.safetensors", lambda f: _save_checkpoint(f / "tiny.safetensors"), checkpoint.read_header),
    Reader("atlas", "tiny.atlas.npz", _save_atlas, atlas.load),
    Reader("controls", "tiny.controls.npz", _save_controls, _read_controls),
    Reader("bundle", "bundle.bin", _save_bundle, _read_bundle),
    Reader("published", "net.pth", lambda f: _save_published(f / "net.pth"), read_published),
    Reader("published-nested", "net.pth", lambda f: _save_published(f / "net.pth", _nested), read_published),
    Reader("training-state", "state.pt", _save_state, load_state),
    Reader("config", "config.json", _save_config, _read_config),
    Reader("change", "change.txt", _write_text("change.txt", "train.grow_time=[[0.5, 2], [0.9, 4]]"), _read_change),
    Reader("link", "link.txt", _save_link, _read_link),
    *(Reader(f"recipe{suffix}", f"picture{suffix}", _save_recipe(suffix), _replay) for suffix in recipe_files.SUFFIXES),
    *(
        Reader(f"rates{suffix}", f"rates{suffix}", _save_table(suffix), partial(read_rates, latent_dim=6))
        for suffix in (".npz", ".csv", ".parquet")
    ),
    Reader("features-table", "latents.npz", _save_latents, partial(read_features, latent_dim=6)),
    *(
        Reader(f"image{suffix}", f"image{suffix}", _save_image(suffix, **options), _read_image)
        for suffix, options in IMAGES.items()
    ),
    Reader("feature-network", "net.safetensors", _save_features, load_features),
    Reader("published-features", "net.pth", _save_published_features, _import_features),
    Reader("statistics", "statistics.npz", _save_published_features, _import_features),
    Reader("mnist", "mnist/t10k-images-idx3-ubyte.gz", _save_mnist, _read_set),
    Reader("mnist-labels", "mnist/t10k-labels-idx1-ubyte.gz", _save_mnist, _read_set),
    Reader("cifar10", "cifar10/cifar-10-python.tar.gz", _save_cifar, _read_set),
    Reader(
        "cifar10-binary",
        "cifar10/cifar-10-batches-bin/test_batch.bin",
        _save_binary_cifar,
        partial(_read_set, name="cifar10"),
    ),
    Reader("emoji", "emoji/emoji64.npz", _save_emoji, _read_set),
    Reader("celeba-list", "celeba/list_attr_celeba.txt", _save_celeba, partial(_read_set, image_size=64)),
    Reader("celeba-parts", "celeba/list_eval_partition.txt", _save_celeba, partial(_read_set, image_size=64)),
    Reader("folder", "pictures/a/0.png", _save_folder, _read_folder),
    Reader("npz", "mine.npz", _save_own, _read_own),
    Reader("tar", "shard.tar", _save_tar, _read_tar),
    *(
        Reader(f"huggingface-{file}", f"set/{file}", _save_arrow(Path(file).suffix), _read_arrow)
        for file in ("state.json", "data-00000-of-00001.arrow", "train-00000-of-00001.parquet")
    ),
    *(
        Reader(f"events{form}", f"recording{form}", _save_events(form), read_events)
        for form in (".bin", ".npz", ".npy", ".h5")
    ),
    Reader("run-settings", "runs/tiny/config.json", _save_run, _read_runs),
    Reader("run-log", "runs/tiny/log.csv", _save_run, _read_runs),
    Reader("sweep-log", "runs/tiny/train.log", _write_log, last_line),
    Reader("attributes-table", "pictures/attributes.csv", _save_described_folder, _read_described),
    Reader("cached-map", "map.npz", _save_map, _read_map),
)  # fmt: skip
