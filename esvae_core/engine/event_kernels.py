"""The engine's inner loops, compiled: what spikes do to a layer, as events, one image at a time.

A layer is what `esvae_core.engine.plan` says: output position p hears input position q through tap k, and a spike of
channel c adds the row weight[c, k] to all channels at p. Spikes are bits, LANES channels to a word, (positions, T,
words); what a layer hears is listed before it runs. A position gathers the rows that it hears at a step and runs all
its steps before the next position begins, so its membranes stay in the first-level cache and its sums never leave the
registers.

Sums run taps in turn, then channels in turn, without fused multiply-adds: bit for bit what `reference.py` does, on any
processor and for any number of threads. The twin for the browser is `esvae_core/web/engine/engine.c`.

LANES channels at a time are one vector of LLVM's, which the compiler spreads over the processor's registers; Numba
has no such type, so the functions that need it are written twice: in NumPy, for NUMBA_DISABLE_JIT, and as LLVM. All
compiled code is in this one file, because Numba's cache looks at no other when it asks whether it is current.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from esvae_core.engine.packed import BIAS, BIAS_STEP, FIRST, LANES, LEAK, POSITIONS, STRIDE, WEIGHT, WIDTH, Half
from esvae_core.engine.plan import F32, I64
from esvae_core.numba_jit import jit

Bits = NDArray[np.uint32]
Flags = NDArray[np.uint8]
Offsets = NDArray[np.int32]

_INT = ir.IntType(64)
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_FLAGS = ir.VectorType(ir.IntType(1), LANES)


# ---- LANES channels at once ------------------------------------------------------------------------------------------


def fire_blocks(
    blocks: int,
    floats: F32,
    at: int,
    taps: I64,
    first: int,
    last: int,
    place: int,
    steps: int,
    starts: I64,
    listed: Offsets,
    bias: F32,
    bias_at: int,
    leak_at: int,
    carried: F32,
    c: int,
    neuron: F32,
    fired: Bits,
    to: int,
) -> None:
    """One step of the LIF neurons of so many blocks of LANES channels (equations 1 and 2), their spikes as bits.

    An addition has to wait for the one before it to the same channel; those to other channels fill the time.

    Args:
        blocks: 1, 2 or 4; a constant.
        floats: weights; the row of a spike begins at `at`, its tap's distance and its own.
        at: see there.
        taps: (taps, 2): input position, and the distance of the tap's rows.
        first: the spikes heard are those of taps[first : last], summed in that order.
        last: see there.
        place: the step.
        steps: how many steps there are.
        starts: with `listed`, the spikes of each input position and step, see `_list_spikes`.
        listed: see there.
        bias: the sums start from bias[bias_at : bias_at + blocks * LANES].
        bias_at: see there.
        leak_at: floats[leak_at : leak_at + blocks * LANES] are the leaks.
        carried: carried[c : c + blocks * LANES] is what the membranes kept; changed.
        c: see there.
        neuron: threshold, keep, drop.
        fired: the spikes go into fired[to : to + blocks].
        to: see there.
    """
    width = blocks * LANES
    sums = bias[bias_at : bias_at + width].copy()
    for source, shift in taps[first:last].tolist():
        for row in listed[starts[source * steps + place] : starts[source * steps + place + 1]].tolist():
            sums += floats[at + shift + row : at + shift + row + width]
    membrane = floats[leak_at : leak_at + width] * carried[c : c + width] + sums
    spikes = membrane > neuron[0]
    carried[c : c + width] = np.where(spikes, neuron[1] * membrane - neuron[2], membrane)
    fired[to : to + blocks] = np.frombuffer(np.packbits(spikes, bitorder="little").tobytes(), "<u4")


def charge(bits: Bits, at: int, step: int, steps: int, shares: F32, plane: F32, to: int) -> None:
    """plane[to : to + LANES] after all steps of a leaky sum of the spikes in bits[at], bits[at + step] ... (eq. 9).

    `shares` (T,) is what each step keeps of the sum before it.
    """
    total = np.zeros(LANES, np.float32)
    for share, word in zip(shares, bits[at : at + step * steps : step], strict=True):
        fired = np.unpackbits(np.frombuffer(word.tobytes(), np.uint8), bitorder="little")
        total = share * total + fired.astype(np.float32)
    plane[to : to + LANES] = total


def lowest(bits: int) -> int:
    """The lowest bit that is set; there must be one."""
    return int(bits & -bits).bit_length() - 1


def ones(bits: int) -> int:
    """How many bits are set."""
    return int(bits).bit_count()


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    return context.make_array(kind)(context, builder, array).data


def _spread(builder: Any, number: Any) -> Any:
    """A vector of that number."""
    empty, zero = ir.Constant(_VECTOR, ir.Undefined), ir.Constant(ir.IntType(32), 0)
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(builder.insert_element(empty, number, zero), empty, zeros)


def _vectors_at(builder: Any, data: Any, at: Any, blocks: int) -> list[Any]:
    start = builder.gep(data, [at])
    return [
        builder.bitcast(builder.gep(start, [ir.Constant(_INT, block * LANES)]), _VECTOR.as_pointer())
        for block in range(blocks)
    ]


def _begin(builder: Any, phis: list[Any], *ways: tuple[Any, list[Any]]) -> None:
    """Give values at the beginning of a block, by the block from which it is reached."""
    for block, values in ways:
        for phi, value in zip(phis, values, strict=True):
            phi.add_incoming(value, block)


def _heard(
    builder: Any, weights: Any, taps: Any, where: Sequence[Any], starts: Any, listed: Any, sums: list[Any]
) -> list[Any]:
    """Sums of channels that lie side by side with the rows that a position hears: tap by tap, spike by spike.

    `where` is first and last of the taps, the step, and how many steps there are.
    """
    first, last, place, steps = where
    one, two = ir.Constant(_INT, 1), ir.Constant(_INT, 2)
    before = builder.block
    tap, spike, latch, after = (builder.append_basic_block() for _ in range(4))
    builder.cbranch(builder.icmp_signed("<", first, last), tap, after)

    builder.position_at_end(tap)
    e, at_tap = builder.phi(_INT), [builder.phi(_VECTOR) for _ in sums]
    about = builder.gep(taps, [builder.mul(e, two)])
    source, shift = builder.load(about), builder.load(builder.gep(about, [one]))
    list_at = builder.gep(starts, [builder.add(builder.mul(source, steps), place)])
    begin, end = builder.load(list_at), builder.load(builder.gep(list_at, [one]))
    rows = builder.gep(weights, [shift])
    builder.cbranch(builder.icmp_signed("<", begin, end), spike, latch)

    builder.position_at_end(spike)
    k, at_spike = builder.phi(_INT), [builder.phi(_VECTOR) for _ in sums]
    row = builder.sext(builder.load(builder.gep(listed, [k])), _INT)
    places = _vectors_at(builder, rows, row, len(sums))
    added = [builder.fadd(total, builder.load(each, align=4)) for total, each in zip(at_spike, places, strict=True)]
    next_k = builder.add(k, one)
    builder.cbranch(builder.icmp_signed("<", next_k, end), spike, latch)
    _begin(builder, [k, *at_spike], (tap, [begin, *at_tap]), (spike, [next_k, *added]))

    builder.position_at_end(latch)
    at_latch = [builder.phi(_VECTOR) for _ in sums]
    _begin(builder, at_latch, (tap, at_tap), (spike, added))
    next_e = builder.add(e, one)
    builder.cbranch(builder.icmp_signed("<", next_e, last), tap, after)
    _begin(builder, [e, *at_tap], (before, [first, *sums]), (latch, [next_e, *at_latch]))

    builder.position_at_end(after)
    found = [builder.phi(_VECTOR) for _ in sums]
    _begin(builder, found, (before, sums), (latch, at_latch))
    return found


@intrinsic
def _fire_blocks(
    _typing: Any,
    blocks: Any,
    floats: Any,
    at: Any,
    taps: Any,
    first: Any,
    last: Any,
    place: Any,
    steps: Any,
    starts: Any,
    listed: Any,
    bias: Any,
    bias_at: Any,
    leak_at: Any,
    carried: Any,
    c: Any,
    neuron: Any,
    fired: Any,
    to: Any,
) -> Any:
    if not isinstance(blocks, types.IntegerLiteral):
        return None
    kinds = (floats, at, taps, first, last, place, steps, starts, listed)
    more = (bias, bias_at, leak_at, carried, c, neuron, fired, to)

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        weights, heard, lists, rows, start, kept, lif, bits = (
            _data(context, builder, signature.args[i], args[i]) for i in (1, 3, 8, 9, 10, 13, 15, 16)
        )
        count = blocks.literal_value
        leaks = [builder.load(each, align=4) for each in _vectors_at(builder, weights, args[12], count)]
        biases = [builder.load(each, align=4) for each in _vectors_at(builder, start, args[11], count)]
        places = _vectors_at(builder, kept, args[14], count)
        threshold, keep, drop = (
            _spread(builder, builder.load(builder.gep(lif, [ir.Constant(_INT, i)]))) for i in range(3)
        )
        sums = _heard(builder, builder.gep(weights, [args[2]]), heard, args[4:8], lists, rows, biases)
        words = builder.gep(bits, [args[17]])
        for block, (leak, place, drive) in enumerate(zip(leaks, places, sums, strict=True)):
            membrane = builder.fadd(builder.fmul(leak, builder.load(place, align=4)), drive)
            spikes = builder.fcmp_ordered(">", membrane, threshold)
            spent = builder.fsub(builder.fmul(keep, membrane), drop)
            builder.store(builder.select(spikes, spent, membrane), place, align=4)
            word = builder.bitcast(spikes, ir.IntType(LANES))
            builder.store(word, builder.gep(words, [ir.Constant(_INT, block)]))
        return context.get_dummy_value()

    return types.void(blocks, *kinds, *more), build


@intrinsic
def _charge(_typing: Any, bits: Any, at: Any, step: Any, steps: Any, shares: Any, plane: Any, to: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        words = builder.gep(_data(context, builder, signature.args[0], args[0]), [args[1]])
        leaks, steps = _data(context, builder, signature.args[4], args[4]), args[3]
        before, loop, after = builder.block, builder.append_basic_block(), builder.append_basic_block()
        builder.branch(loop)
        builder.position_at_end(loop)
        t, total = builder.phi(_INT), builder.phi(_VECTOR)
        word = builder.load(builder.gep(words, [builder.mul(t, args[2])]))
        fired = builder.uitofp(builder.bitcast(word, _FLAGS), _VECTOR)
        leak = _spread(builder, builder.load(builder.gep(leaks, [t])))
        charged, following = builder.fadd(builder.fmul(leak, total), fired), builder.add(t, ir.Constant(_INT, 1))
        for phi, first, then in (
            (t, ir.Constant(_INT, 0), following),
            (total, ir.Constant(_VECTOR, [0.0] * LANES), charged),
        ):
            phi.add_incoming(first, before)
            phi.add_incoming(then, loop)
        builder.cbranch(builder.icmp_signed("<", following, steps), loop, after)
        builder.position_at_end(after)
        (place,) = _vectors_at(builder, _data(context, builder, signature.args[5], args[5]), args[6], 1)
        builder.store(charged, place, align=4)
        return context.get_dummy_value()

    return types.void(bits, at, step, steps, shares, plane, to), build


@intrinsic
def _lowest(_typing: Any, bits: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), build


@intrinsic
def _ones(_typing: Any, bits: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.int64), build


@overload(fire_blocks, strict=False, prefer_literal=True)
def _compiled_fire_blocks(
    blocks: Any,
    floats: Any,
    at: Any,
    taps: Any,
    first: Any,
    last: Any,
    place: Any,
    steps: Any,
    starts: Any,
    listed: Any,
    bias: Any,
    bias_at: Any,
    leak_at: Any,
    carried: Any,
    c: Any,
    neuron: Any,
    fired: Any,
    to: Any,
) -> Any:
    # fmt: off
    return lambda blocks, floats, at, taps, first, last, place, steps, starts, listed, bias, bias_at, leak_at, carried, c, neuron, fired, to: (  # noqa: E501
        _fire_blocks(blocks, floats, at, taps, first, last, place, steps, starts, listed, bias, bias_at, leak_at, carried, c, neuron, fired, to)  # type: ignore[call-arg]  # noqa: E501
    )
    # fmt: on


@overload(charge, strict=False)
def _compiled_charge(bits: Any, at: Any, step: Any, steps: Any, shares: Any, plane: Any, to: Any) -> Any:
    return lambda bits, at, step, steps, shares, plane, to: _charge(  # type: ignore[call-arg]
        bits, at, step, steps, shares, plane, to
    )


@overload(lowest, strict=False)
def _compiled_lowest(bits: Any) -> Any:
    return lambda bits: _lowest(bits)  # type: ignore[call-arg]


@overload(ones, strict=False)
def _compiled_ones(bits: Any) -> Any:
    return lambda bits: _ones(bits)  # type: ignore[call-arg]


# ---- a layer ---------------------------------------------------------------------------------------------------------


@jit()
def _list_spikes(bits: Bits, places: int, words: int, stride: int, starts: I64, listed: Offsets) -> None:
    """The spikes of each place, which is a position at a step, as distances of their channels' rows, rising.

    `bits` (places, words); those of place i become listed[starts[i] : starts[i + 1]]. Each place is heard by several
    positions, and a list is read much faster than bits are looked for.
    """
    count = 0
    for place in range(places):
        starts[place] = count
        for word in range(words):
            fired: Any = np.int64(bits[place * words + word])
            while fired:
                listed[count] = (word * LANES + lowest(fired)) * stride
                count += 1
                fired &= fired - 1
    starts[places] = count


@jit()
def _run(
    half: Half,
    index: int,
    steps: int,
    heard: Bits,
    positions: int,
    words: int,
    bias: F32,
    bias_at: int,
    bias_step: int,
    fired: Bits,
    starts: I64,
    listed: Offsets,
) -> int:
    """All steps of one layer, whose spikes go into `fired`; returns how many.

    It hears the spikes in `heard`, of so many positions and so many words to a position and step; with no words, only
    its bias. `starts` and `listed` have room for the lists of what it hears.
    """
    layer, neuron = half.table[index], half.neurons[index]
    width, weight, leak = layer[WIDTH], layer[WEIGHT], layer[LEAK]
    floats, taps = half.floats, half.taps
    _list_spikes(heard, positions * steps, words, layer[STRIDE], starts, listed)
    carried = np.empty(width, np.float32)
    spikes = to = 0
    for p in range(layer[POSITIONS]):
        carried[:] = 0
        first = half.first[layer[FIRST] + p]
        last = half.first[layer[FIRST] + p + 1] if words else first
        at, leaks = bias_at + p * bias_step, leak + p * layer[BIAS_STEP]
        for t in range(steps):
            c = 0
            while width - c >= 4 * LANES:
                fire_blocks(
                    4, floats, weight + c, taps, first, last, t, steps, starts, listed,
                    bias, at + c, leaks + c, carried, c, neuron, fired, to,
                )  # fmt: skip
                to, c = to + 4, c + 4 * LANES
            while width - c >= 2 * LANES:
                fire_blocks(
                    2, floats, weight + c, taps, first, last, t, steps, starts, listed,
                    bias, at + c, leaks + c, carried, c, neuron, fired, to,
                )  # fmt: skip
                to, c = to + 2, c + 2 * LANES
            if c < width:
                fire_blocks(
                    1, floats, weight + c, taps, first, last, t, steps, starts, listed,
                    bias, at + c, leaks + c, carried, c, neuron, fired, to,
                )  # fmt: skip
                to += 1
            for word in range(to - width // LANES, to):
                new: Any = np.int64(fired[word])
                spikes += ones(new)
    return spikes


@jit()
def _drive(half: Half, image: F32, sums: F32) -> None:
    """Input sums (positions * width) of the first layer, which hears the numbers of an image (colours, pixels)."""
    table = half.table[0]
    width = table[WIDTH]
    for p in range(table[POSITIONS]):
        place = sums[p * width : (p + 1) * width]
        place[:] = half.floats[table[BIAS] : table[BIAS] + width]
        for e in range(half.first[table[FIRST] + p], half.first[table[FIRST] + p + 1]):
            for colour in range(image.shape[0]):
                number = image[colour, half.taps[e, 0]]
                at = table[WEIGHT] + colour * table[STRIDE] + half.taps[e, 1]
                row = half.floats[at : at + width]
                for j in range(width):
                    place[j] += number * row[j]


@jit()
def _read_out(bits: Bits, words: int, steps: int, shares: F32, weight: F32, bias: F32, picture: F32) -> None:
    """The readout of the last layer's spikes, before its tanh: leaky sum over time, then transposed convolution."""
    colours, _, channels = weight.shape
    side = picture.shape[1]
    charged = np.empty(words * LANES, np.float32)
    plane = np.empty((channels, side, side), np.float32)  # channels first, so that the convolution runs along rows
    for p in range(side * side):
        for word in range(words):
            charge(bits, p * steps * words + word, words, steps, shares, charged, word * LANES)
        for c in range(channels):
            plane[c, p // side, p % side] = charged[c]
    for colour in range(colours):
        for y in range(side):
            line = picture[colour, y]
            line[:] = bias[colour]
            for k in range(9):
                source, shift = y + 1 - k // 3, 1 - k % 3
                if source < 0 or source >= side:
                    continue
                left, right = max(0, -shift), min(side, side - shift)
                for c in range(channels):
                    factor = weight[colour, k, c]
                    row = plane[c, source]
                    for x in range(left, right):
                        line[x] += row[x + shift] * factor


# ---- whole images ----------------------------------------------------------------------------------------------------


@jit()
def _room(half: Half, steps: int, neurons: int) -> int:
    """Words that hold the spikes of any layer, or of so many neurons at one position."""
    words = (neurons + LANES - 1) // LANES
    for index in range(half.table.shape[0]):
        words = max(words, half.table[index, POSITIONS] * half.table[index, WIDTH] // LANES)
    return words * steps


@jit()
def decode(
    half: Half,
    weight: F32,
    bias: F32,
    shares: F32,
    spikes: F32,
    begin: int,
    end: int,
    pictures: F32,
    counts: I64,
) -> None:
    """Images begin .. end - 1 from spikes (T, N, d), into pictures (N, colours, side, side), before the tanh.

    `weight` and `bias` are the readout's, the bias times the readout's charge of a constant 1; `shares` (T,) is what it
    keeps from step to step. `counts` (N, layers) becomes the spikes of each layer.
    """
    steps, _, neurons = spikes.shape
    room = _room(half, steps, neurons)
    heard, fired = np.empty(room, np.uint32), np.empty(room, np.uint32)
    starts, listed = np.empty(room + 1, np.int64), np.empty(room * LANES, np.int32)
    for image in range(begin, end):
        positions, words = 1, (neurons + LANES - 1) // LANES
        heard[: steps * words] = 0
        for t in range(steps):
            for j in range(neurons):
                if spikes[t, image, j] > 0:
                    heard[t * words + j // LANES] |= np.uint32(1) << np.uint32(j % LANES)
        for index in range(half.table.shape[0]):
            layer = half.table[index]
            counts[image, index] = _run(
                half, index, steps, heard, positions, words, half.floats, layer[BIAS], layer[BIAS_STEP], fired,
                starts, listed,
            )  # fmt: skip
            heard, fired = fired, heard
            positions, words = layer[POSITIONS], layer[WIDTH] // LANES
        _read_out(heard, words, steps, shares, weight, bias, pictures[image])


@jit()
def encode(half: Half, images: F32, begin: int, end: int, spikes: F32, counts: I64) -> None:
    """Spikes (T, N, d) of images begin .. end - 1 of (N, colours, pixels); `counts` as in `decode`."""
    steps, _, neurons = spikes.shape
    width = half.table[0, WIDTH]
    room = _room(half, steps, 0)
    heard, fired = np.empty(room, np.uint32), np.empty(room, np.uint32)
    starts, listed = np.empty(room + 1, np.int64), np.empty(room * LANES, np.int32)
    sums = np.empty(half.table[0, POSITIONS] * width, np.float32)
    for image in range(begin, end):
        _drive(half, images[image], sums)  # the image is the same at every step
        positions, words, bias, at, step = 0, 0, sums, 0, width
        for index in range(half.table.shape[0]):
            counts[image, index] = _run(
                half, index, steps, heard, positions, words, bias, at, step, fired, starts, listed
            )
            heard, fired = fired, heard
            positions, words = half.table[index, POSITIONS], half.table[index, WIDTH] // LANES
            if index + 1 < half.table.shape[0]:
                bias, at, step = half.floats, half.table[index + 1, BIAS], half.table[index + 1, BIAS_STEP]
        for t in range(steps):
            for j in range(neurons):
                spikes[t, image, j] = (heard[t * words + j // LANES] >> np.uint32(j % LANES)) & np.uint32(1)


# ---- one image, changed a little -------------------------------------------------------------------------------------


@jit()
def _rerun(
    half: Half,
    index: int,
    steps: int,
    heard: Bits,
    positions: int,
    words: int,
    changed: Flags,
    fresh: bool,
    fired: Bits,
    carried_over: F32,
    firing: Flags,
    starts: I64,
    listed: Offsets,
) -> int:
    """As `_run`, where `fired` and `carried_over` (positions, T, width) are the last run's and become this one's.

    A step of a position is computed only if it hears a change, or if its membranes are not those of the run before;
    with `fresh`, always. `changed` and `firing` (positions, T) mark what differs in `heard` and, out, in `fired`.
    Returns how many steps of positions were computed.
    """
    layer, neuron = half.table[index], half.neurons[index]
    width, weight, bias = layer[WIDTH], layer[WEIGHT], layer[BIAS]
    floats, taps = half.floats, half.taps
    _list_spikes(heard, positions * steps, words, layer[STRIDE], starts, listed)
    carried = np.empty(width, np.float32)
    computed = 0
    for p in range(layer[POSITIONS]):
        first, last = half.first[layer[FIRST] + p], half.first[layer[FIRST] + p + 1]
        same = not fresh
        for t in range(steps):
            place = p * steps + t
            stale = not same
            for e in range(first, last):
                stale = stale or changed[half.taps[e, 0] * steps + t] != 0
            firing[place] = fresh
            if not stale:
                continue
            if t == 0:
                carried[:] = 0
            elif same:
                carried[:] = carried_over[(place - 1) * width : place * width]
            for c in range(0, width, LANES):
                row, to = p * layer[BIAS_STEP] + c, (place * width + c) // LANES
                before: Any = fired[to]
                fire_blocks(
                    1, floats, weight + c, taps, first, last, t, steps, starts, listed,
                    floats, bias + row, layer[LEAK] + row, carried, c, neuron, fired, to,
                )  # fmt: skip
                firing[place] |= np.uint8(fired[to] != before)
            same = not fresh
            for c in range(width):
                same = same and carried[c] == carried_over[place * width + c]
                carried_over[place * width + c] = carried[c]
            computed += 1
    return computed


@jit()
def revise(
    half: Half,
    weight: F32,
    bias: F32,
    shares: F32,
    heard: Bits,
    changed: Flags,
    fresh: bool,
    fired: Bits,
    carried_over: F32,
    picture: F32,
    computed: I64,
) -> None:
    """As `decode` of one image, from the spikes in `heard` (T, words) of which those of `changed` (T) steps are new.

    `fired` and `carried_over` hold all layers' bits and membranes of the run before, one layer after the other;
    `computed` (layers) becomes how many steps of positions were computed.
    """
    steps = changed.shape[0]
    words = heard.shape[0] // steps
    room = _room(half, steps, words * LANES)
    starts, listed = np.empty(room + 1, np.int64), np.empty(room * LANES, np.int32)
    positions, at = 1, 0
    for index in range(half.table.shape[0]):
        layer = half.table[index]
        size = layer[POSITIONS] * steps
        width = layer[WIDTH]
        bits = fired[at // LANES : (at + size * width) // LANES]
        firing = np.empty(size, np.uint8)
        computed[index] = _rerun(
            half, index, steps, heard, positions, words, changed, fresh, bits,
            carried_over[at : at + size * width], firing, starts, listed,
        )  # fmt: skip
        heard, changed = bits, firing
        positions, words = layer[POSITIONS], width // LANES
        at += size * width
    _read_out(heard, words, steps, shares, weight, bias, picture)
