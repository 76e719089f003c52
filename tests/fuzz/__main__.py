"""A long round: `python -m tests.fuzz --minutes 30 --seed 1 [--reader NAME] [--out DIR]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.readers import READERS
from tests.fuzz.run import content_of, failures

BLOCK = 200


def main() -> None:
    """Take readers in turn, a block of inputs each, until the time is up; exit 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long")
    parser.add_argument("--seed", type=int, default=1, help="first seed; each block takes the next ones")
    parser.add_argument("--reader", choices=[reader.name for reader in READERS], action="append")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="folder for inputs that fail")
    given = parser.parse_args()
    chosen = [reader for reader in READERS if not given.reader or reader.name in given.reader]
    end, start, count, bad = time.monotonic() + 60 * given.minutes, given.seed * 1_000_000, 0, 0
    seen: set[tuple[str, str]] = set()
    with tempfile.TemporaryDirectory() as place:
        while time.monotonic() < end:
            for reader in chosen:
                folder = Path(place) / reader.name
                folder.mkdir(exist_ok=True)
                for failure in failures(reader, folder, range(start, start + BLOCK)):
                    bad += 1
                    key = (reader.name, failure.what[-200:])
                    if key in seen:
                        continue
                    seen.add(key)
                    given.out.mkdir(parents=True, exist_ok=True)
                    kept = given.out / f"{reader.name}-{failure.seed}{Path(reader.file).suffix}"
                    kept.write_bytes(content_of(reader.make(folder), failure.seed))
                    print(f"{kept}: {failure.what}", flush=True)
                count += BLOCK
                if time.monotonic() > end:
                    break
            start += BLOCK
    print(f"{count:,} inputs, {bad} failures, {len(seen)} of them different")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
