"""A process that draws one map: `python -m app.map_worker SETTINGS OUT`.

It takes rates (.npy) on its input and tells its progress on its output. A process of its own, because compiling UMAP
holds Python for seconds, and because a process can be stopped at any moment.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np

from esvae_core.explore.map import MapSettings, build_map
from esvae_core.files import write_atomically


def main() -> None:
    """Read rates, write the map's arrays to OUT, and on the way the share that is done, a number a line."""
    settings = MapSettings(**json.loads(sys.argv[1]))
    rates = np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False)
    made = build_map(rates, settings, lambda share: print(f"{share:.4f}", flush=True))
    content = io.BytesIO()
    np.savez(
        content,
        map2=made.flat.positions,
        map3=made.solid.positions,
        trust2=made.flat.point_trust,
        trust3=made.solid.point_trust,
        trust=np.array([made.flat.trust, made.solid.trust], np.float32),
    )
    write_atomically(Path(sys.argv[2]), content.getvalue())


if __name__ == "__main__":
    main()
