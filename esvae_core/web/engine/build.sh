#!/usr/bin/env bash
# engine.c -> engine.wasm, or to the path given. The committed file was built by the clang and lld named here (Debian 12:
# apt-get install clang lld; elsewhere clang-14 lld-14). The same version gives the same bytes anywhere, another may not.
# Beside the committed file, engine.sha256 says which source it was built from, so that tests see a source that was
# changed and not built, whatever compiler they have.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

made_by="14.0.6"
major="${made_by%%.*}"
clang="${CLANG:-$(command -v "clang-$major" || echo clang)}"
linker="${WASM_LD:-$(command -v "wasm-ld-$major" || echo wasm-ld)}"
found="$("$clang" -dumpversion)"
[ "$found" = "$made_by" ] || echo "engine.wasm was built by clang $made_by; this is $found, which may give other bytes" >&2

out="${1:-engine.wasm}"
object="$(mktemp)"
trap 'rm -f "$object"' EXIT

"$clang" --target=wasm32 -std=c11 -Wall -Wextra -Werror \
  -O3 -msimd128 -mbulk-memory -ffp-contract=off -ffreestanding -fno-builtin -nostdlib -c engine.c -o "$object"
"$linker" --no-entry --strip-all --export=__heap_base -z stack-size=16384 "$object" -o "$out"
[ $# -gt 0 ] || sha256sum engine.c engine.wasm >engine.sha256
