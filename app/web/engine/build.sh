#!/usr/bin/env bash
# engine.c -> engine.wasm, or to the path given. The committed file was built by clang and lld 14.0.6 (Debian 12:
# apt-get install clang lld); the same version gives the same bytes anywhere, another may not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

out="${1:-engine.wasm}"
object="$(mktemp)"
trap 'rm -f "$object"' EXIT

"${CLANG:-clang}" --target=wasm32 -std=c11 -Wall -Wextra -Werror \
  -O3 -msimd128 -mbulk-memory -ffp-contract=off -ffreestanding -fno-builtin -nostdlib -c engine.c -o "$object"
"${WASM_LD:-wasm-ld}" --no-entry --strip-all --export=__heap_base -z stack-size=16384 "$object" -o "$out"
