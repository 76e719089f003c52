"""Made-up files in the published forms."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

from esvae_core.data.events import Events


def idx_bytes(values: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, values.ndim]) + b"".join(struct.pack(">I", size) for size in values.shape)
    return gzip.compress(header + values.tobytes(), compresslevel=1)


def _string(value: bytes) -> bytes:
    return b"U" + bytes([len(value)]) + value if len(value) < 256 else b"T" + struct.pack("<i", len(value)) + value


def _number(value: int) -> bytes:
    return b"K" + bytes([value]) if value < 256 else b"M" + struct.pack("<H", value)


def python2_batch(images: np.ndarray, labels: list[int], module: bytes = b"numpy.core.multiarray") -> bytes:
    """A batch as Python 2 pickled it, memo and all."""
    rows, columns = images.shape
    array = (
        b"c" + module + b"\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01bq\x03\x87R("
        b"K\x01" + _number(rows) + _number(columns) + b"\x86"
        b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89" + _string(images.tobytes()) + b"tb"
    )
    labels_list = b"](" + b"".join(_number(label) for label in labels) + b"e"
    name = _string(b"labels")
    return b"\x80\x02}q\x00(" + _string(b"data") + array + name + labels_list + _string(b"batch_label") + b"h\x03u."


def archive(path: Path, members: dict[str, bytes | tarfile.TarInfo]) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def cifar_members() -> dict[str, bytes]:
    rng = np.random.default_rng(1)
    names = ["test_batch", *(f"data_batch_{i}" for i in (4, 1, 2, 3, 5))]  # not in the order they are read
    return {
        name: python2_batch(
            rng.integers(0, 256, (10, 3072), dtype=np.uint8), [(k + int(name[-1] == "1")) % 10 for k in range(10)]
        )
        for name in names
    }


def picture_bytes(values: np.ndarray | Image.Image, kind: str = "PNG", **options) -> bytes:
    image = values if isinstance(values, Image.Image) else Image.fromarray(values)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def made_events(count: int, side: int = 34, seed: int = 0) -> Events:
    """Events at random places; the last pixel and the first and last of 300,000 microseconds are among them."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, side, (2, count))
    x[0] = y[0] = side - 1
    t = np.sort(rng.integers(0, 300_000, count))
    t[0], t[-1] = 0, 300_000
    return Events(x, y, rng.integers(0, 2, count), t)


def event_records(events: Events) -> np.ndarray:
    """The events as the library tonic has them: one structured array."""
    records = np.empty(len(events.x), [("x", np.int16), ("y", np.int16), ("t", np.int64), ("p", bool)])
    for name, values in events._asdict().items():
        records[name] = values
    return records


def save_hub_data(
    folder: Path, pictures: list[bytes | None], labels: list, *, parquet=False, names=("no", "yes"), **more
):
    """A split as `datasets` 4 saves it to disk, or as it lies on the Hub: pictures, labels and further columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    cells = pa.array([{"bytes": content, "path": None} for content in pictures], kind)
    features = {"image": {"_type": "Image"}} | (
        {"label": {"names": list(names), "_type": "ClassLabel"}} if names else {}
    )
    features |= {name: {"dtype": "float64", "_type": "Value"} for name in more}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    table = pa.table({"image": cells, "label": labels, **more}).replace_schema_metadata(metadata)
    if parquet:
        pq.write_table(table, folder / "train-00000-of-00001.parquet")
        return
    file = "data-00000-of-00001.arrow"
    with pa.ipc.new_stream(folder / file, table.schema) as stream:
        stream.write_table(table, max_chunksize=4)
    state = {"_data_files": [{"filename": file}], "_split": None}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text(json.dumps({"features": features}))
