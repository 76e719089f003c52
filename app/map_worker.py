"""A process that draws one map: `python -m app.map_worker SETTINGS`.

It takes rates (.npy) on its input, and tells its progress and then the map on its output, so that it needs no disk. A
process of its own, because compiling UMAP holds Python for seconds, and because a process can be stopped at any moment.
"""

from __future__ import annotations

import io
import json
import sys

import numpy as np

from esvae_core.explore.map import MapSettings, build_map


def main() -> None:
    """Read rates; write the share that is done, a number a line, then `map`, a length and so many bytes of .npz."""
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
    print(f"map {len(content.getvalue())}", flush=True)
    sys.stdout.buffer.write(content.getvalue())
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
