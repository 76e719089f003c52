"""Maps with other settings than the atlas': drawn in the background, kept by content, in memory and on disk.

What is on disk is for the next start of the server alone: it may be lost, damaged or impossible to write.
"""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from app.limits import BusyError
from esvae_core.data import cache_dir
from esvae_core.errors import InputError, OutputError
from esvae_core.explore.map import Layout, MapSettings, Metric, RateMap, check_mappable, map_key
from esvae_core.files import write_atomically

ROOT = Path(__file__).resolve().parents[1]
MAX_JOBS = 2  # at a time; each keeps a core busy for some seconds
MAX_SECONDS = 600.0  # after which one is given up
_MAX_KNOWN = 64  # jobs that are remembered, with their maps: some 30 kB for 2,000 points
_MAX_BYTES = 64 * 2**20  # of a map's file
_LOG = logging.getLogger("esvae.app")
_ONE_THREAD = {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass
class Job:
    """A map on its way.

    Attributes:
        settings: How it is drawn.
        points: N.
        path: Where it is kept.
        process: Who draws it.
        progress: 0 to 1.
        drawn: The map, once it is done.
        state: running, done, failed or cancelled.
    """

    settings: MapSettings
    points: int
    path: Path
    process: subprocess.Popen[bytes] | None = None
    progress: float = 0.0
    drawn: RateMap | None = None
    state: str = "running"


_jobs: dict[str, Job] = {}
_lock = threading.Lock()


def settings_of(words: Mapping[str, str]) -> MapSettings:
    """Settings from a request.

    Raises:
        InputError: if one is no number or out of range.
    """
    try:
        neighbors, min_dist = int(words.get("neighbors", "15")), float(words.get("min_dist", "0.1"))
    except ValueError:
        raise InputError("map: expected numbers for neighbors and min_dist") from None
    return MapSettings(neighbors, min_dist, cast(Metric, words.get("metric", "euclidean")))


def start(rates: NDArray[np.float32], settings: MapSettings) -> str:
    """Begin to draw a map, unless it is there or under way; gives its key.

    Raises:
        InputError: if the rates are nothing to map.
        BusyError: if too many are being drawn.
    """
    check_mappable(rates)
    key = map_key(rates, settings)
    with _lock:
        job = _jobs.get(key)
        if job is not None and job.state in ("running", "done"):
            return key
        path = cache_dir() / "maps" / f"{key}.npz"
        job = Job(settings, len(rates), path)
        job.drawn = _kept(job)
        if job.drawn is not None:
            job.state, job.progress = "done", 1.0
        else:
            if sum(other.state == "running" for other in _jobs.values()) >= MAX_JOBS:
                raise BusyError(f"{MAX_JOBS} other maps are being drawn; try again when they are done")
            job.process = _spawn(job)
            threading.Thread(target=_follow, args=(job, rates), daemon=True, name="map").start()
        _jobs.pop(key, None)
        _jobs[key] = job
        for old in [k for k, other in _jobs.items() if other.state != "running"][:-_MAX_KNOWN]:
            del _jobs[old]
    return key


def status(key: str) -> dict[str, Any] | None:
    """What has become of a map: {key, state, progress}; None if nobody asked for it."""
    job = _jobs.get(key)
    return None if job is None else {"key": key, "state": job.state, "progress": round(job.progress, 3)}


def cancel(key: str) -> None:
    """Stop drawing a map."""
    with _lock:
        job = _jobs.get(key)
        if job is not None and job.state == "running":
            job.state = "cancelled"
            if job.process is not None:
                job.process.terminate()


def finished(key: str) -> RateMap | None:
    """A finished map; None if there is none."""
    job = _jobs.get(key)
    return None if job is None else job.drawn


def _spawn(job: Job) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "app.map_worker", json.dumps(asdict(job.settings))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | _ONE_THREAD,
    )


def _follow(job: Job, rates: NDArray[np.float32]) -> None:
    """Feed a process, listen to it until it ends, and note how it did."""
    process = job.process
    assert process is not None
    assert process.stdin is not None
    assert process.stdout is not None
    drawn = None
    timer = threading.Timer(MAX_SECONDS, process.kill)
    timer.daemon = True
    timer.start()
    try:
        content = io.BytesIO()
        np.save(content, rates)
        process.stdin.write(content.getvalue())
        process.stdin.close()
        made = _listen(job, process.stdout)
        drawn = _read(job, made)
        code = process.wait()
    except (
        Exception
    ) as error:  # it was stopped while it was fed, or wrote something else, on which readers raise anything
        process.kill()
        code = process.wait()
        _LOG.info("map: %s", error)
    finally:
        timer.cancel()
        process.stdout.close()
    whole = code == 0 and drawn is not None
    if whole:
        _keep(job.path, made)
    with _lock:
        if job.state != "cancelled":
            job.state, job.drawn = ("done", drawn) if whole else ("failed", None)
            if job.state == "failed":
                _LOG.error("map: the process that draws it ended with %d", code)


def _listen(job: Job, output: IO[bytes]) -> bytes:
    """Note the progress, a number a line, until the map comes: its length, and its bytes."""
    for line in output:
        word, _, length = line.partition(b" ")
        if word == b"map":
            return output.read(min(int(length), _MAX_BYTES))
        job.progress = float(line)
    raise ValueError("it ended without a map")


def _keep(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except (OSError, OutputError) as error:
        _LOG.info("map: it is not kept for the next start: %s", error)


def _kept(job: Job) -> RateMap | None:
    """The map from disk; None if it is not there, or is anything else: it is drawn again then."""
    try:
        if job.path.stat().st_size > _MAX_BYTES:
            raise ValueError(f"more than {_MAX_BYTES:,} bytes")
        return _read(job, job.path.read_bytes())
    except FileNotFoundError:
        return None
    except Exception as error:  # zip and npy readers raise nearly anything on rubbish
        _LOG.info("%s: cannot be read and is drawn again: %s", job.path, error)
        return None


def _read(job: Job, content: bytes) -> RateMap:
    """A map from the bytes of its file; raises anything if it is none."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _MAX_BYTES:
            raise ValueError(f"unpacks to more than {_MAX_BYTES:,} bytes")
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        part = {name: file[name] for name in file.files}
    trust = part["trust"].tolist()
    if not all(0 <= share <= 1 for share in trust):
        raise ValueError(f"trust {trust}")
    flat = Layout(part["map2"], float(trust[0]), part["trust2"])
    solid = Layout(part["map3"], float(trust[1]), part["trust3"])
    for layout, axes in ((flat, 2), (solid, 3)):
        if layout.positions.dtype != np.uint16 or layout.positions.shape != (job.points, axes):
            raise ValueError(f"positions {layout.positions.dtype} of shape {layout.positions.shape}")
        if layout.point_trust.dtype != np.uint8 or layout.point_trust.shape != (job.points,):
            raise ValueError(f"trust {layout.point_trust.dtype} of shape {layout.point_trust.shape}")
    return RateMap(job.settings, flat, solid)
