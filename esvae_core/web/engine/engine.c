/* The inner loops of the engine: what one time step does to one layer.
 *
 * A layer is what esvae_core/engine/plan.py says: output position p hears input position q through tap k, and
 * weight[channel][k] is the row that one spike adds to the channels at p. Events are lists: starts[q] .. starts[q + 1]
 * are the spikes at q, and rows[] says where in the weights each one's channel begins. So a step gathers, for every
 * output position, the rows of the spikes it hears into registers, and fires from there; sums never go through memory.
 *
 * Widths are padded to multiples of 4. Padding has weight and bias 0, so its membrane stays 0 and it never fires.
 * Sums run taps in turn, then channels in turn, without fused multiply-adds: bit for bit what reference.py does.
 *
 * There is no allocation and no checking here: engine.js lays out the memory and checks everything before it calls.
 */

#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define INLINE static inline __attribute__((always_inline))

enum { LANES = 4, BLOCK = 8 }; /* numbers in a vector; vectors summed at once, as many as x86 has registers for */

/* One tap of one output position. */
typedef struct {
  int source; /* input position */
  int offset; /* of the tap's row behind the channel's first, in floats */
} Tap;

/* Fields as engine.js writes them, 4 bytes each. */
typedef struct {
  int positions;       /* output positions */
  int width;           /* output channels, padded */
  const int *first;    /* (positions + 1): the taps of position p are first[p] .. first[p + 1] */
  const Tap *taps;
  const float *weight; /* (C_in, K, width) */
  const float *bias;   /* (width), or (positions, width) with bias_step = width */
  int bias_step;
  int stride;          /* floats from one input channel's rows to the next's: K * width */
  float *rest;         /* (positions, width): what the membrane kept */
  const float *leak;   /* as bias */
  float threshold;
  int soft;            /* reset: 0 hard, 1 soft */
  int *starts;         /* (positions + 1): out, where each position's spikes begin */
  int *rows;           /* (positions * width): out, the spikes, as row offsets into the next layer's weights */
  int next_stride;     /* the next layer's stride */
  float *plane;        /* (positions, width): if there is one, spikes charge it instead of making a list */
  float decay;         /* of the plane, per step */
  float *membranes;    /* (positions, width): if there is one, out, membranes before the reset */
} Layer;

/* sum[0 .. n) += rows of the spikes that position p hears, for the channels from c on */
INLINE void add_events(const Layer *l, const int *starts, const int *rows, int p, int c, v128_t *sum, const int n) {
  for (int e = l->first[p]; e < l->first[p + 1]; e++) {
    const float *tap = l->weight + l->taps[e].offset + c;
    const int end = starts[l->taps[e].source + 1];
    for (int s = starts[l->taps[e].source]; s < end; s++) {
      const float *row = tap + rows[s];
      for (int i = 0; i < n; i++) sum[i] = wasm_f32x4_add(sum[i], wasm_v128_load(row + LANES * i));
    }
  }
}

/* the same for real numbers x (positions in, x_width), of which the first `channels` are used */
INLINE void add_numbers(const Layer *l, const float *x, int x_width, int channels, int p, int c, v128_t *sum,
                        const int n) {
  for (int e = l->first[p]; e < l->first[p + 1]; e++) {
    const float *row = l->weight + l->taps[e].offset + c;
    const float *from = x + l->taps[e].source * x_width;
    for (int k = 0; k < channels; k++, row += l->stride) {
      const v128_t factor = wasm_v128_load32_splat(from + k);
      for (int i = 0; i < n; i++)
        sum[i] = wasm_f32x4_add(sum[i], wasm_f32x4_mul(factor, wasm_v128_load(row + LANES * i)));
    }
  }
}

INLINE void load(const float *from, v128_t *sum, const int n) {
  for (int i = 0; i < n; i++) sum[i] = wasm_v128_load(from + LANES * i);
}

INLINE void store(float *to, const v128_t *sum, const int n) {
  for (int i = 0; i < n; i++) wasm_v128_store(to + LANES * i, sum[i]);
}

/* LIF neurons of n vectors of channels from c on at position p; returns where the next spike goes */
INLINE int *fire_block(const Layer *l, int p, int c, const v128_t *drive, int *out, const int n) {
  const float *leak = l->leak + p * l->bias_step + c;
  const v128_t threshold = wasm_f32x4_splat(l->threshold);
  /* after a spike: hard keeps nothing of the membrane; soft keeps it less the threshold */
  const v128_t clear = wasm_i32x4_splat(l->soft ? 0 : -1);
  const v128_t drop = l->soft ? threshold : wasm_f32x4_splat(0);
  const v128_t decay = wasm_f32x4_splat(l->decay), one = wasm_f32x4_splat(1);
  const int at = p * l->width + c;
  unsigned mask = 0;
  for (int i = 0; i < n; i++) {
    float *rest = l->rest + at + LANES * i;
    const v128_t u = wasm_f32x4_add(wasm_f32x4_mul(wasm_v128_load(leak + LANES * i), wasm_v128_load(rest)), drive[i]);
    const v128_t fired = wasm_f32x4_gt(u, threshold);
    const v128_t kept = wasm_v128_andnot(u, wasm_v128_and(fired, clear));
    wasm_v128_store(rest, wasm_f32x4_sub(kept, wasm_v128_and(fired, drop)));
    if (l->membranes) wasm_v128_store(l->membranes + at + LANES * i, u);
    if (l->plane) {
      float *plane = l->plane + at + LANES * i;
      const v128_t charged = wasm_f32x4_mul(decay, wasm_v128_load(plane));
      wasm_v128_store(plane, wasm_f32x4_add(charged, wasm_v128_and(fired, one)));
    } else {
      mask |= (unsigned)wasm_i32x4_bitmask(fired) << (LANES * i);
    }
  }
  for (; mask; mask &= mask - 1) *out++ = (c + __builtin_ctz(mask)) * l->next_stride;
  return out;
}

/* Runs BODY(p, c, n) over all positions and channels: n = BLOCK vectors at once while they last, then one by one. */
#define EACH(l, BODY)                                                     \
  for (int p = 0; p < (l)->positions; p++) {                              \
    int c = 0;                                                            \
    BEGIN(p)                                                              \
    for (; c + LANES * BLOCK <= (l)->width; c += LANES * BLOCK) BODY(p, c, BLOCK) \
    for (; c < (l)->width; c += LANES) BODY(p, c, 1)                      \
  }

/* One time step of a layer that hears events. */
EXPORT("step") void step(const Layer *l, const int *starts, const int *rows) {
  int *out = l->rows;
#define BEGIN(p) l->starts[p] = (int)(out - l->rows);
#define BODY(p, c, n)                                   \
  {                                                     \
    v128_t sum[n];                                      \
    load(l->bias + p * l->bias_step + c, sum, n);       \
    add_events(l, starts, rows, p, c, sum, n);          \
    out = fire_block(l, p, c, sum, out, n);             \
  }
  EACH(l, BODY)
#undef BODY
  l->starts[l->positions] = (int)(out - l->rows);
}

/* One time step of a layer whose input sums (positions, width) are known. */
EXPORT("fire") void fire(const Layer *l, const float *drive) {
  int *out = l->rows;
#define BODY(p, c, n)                                   \
  {                                                     \
    v128_t sum[n];                                      \
    load(drive + p * l->width + c, sum, n);             \
    out = fire_block(l, p, c, sum, out, n);             \
  }
  EACH(l, BODY)
#undef BODY
#undef BEGIN
  l->starts[l->positions] = (int)(out - l->rows);
}

#define BEGIN(p)

/* Input sums (positions, width) of a layer that hears events. */
EXPORT("drive") void drive(const Layer *l, const int *starts, const int *rows, float *sums) {
#define BODY(p, c, n)                                   \
  {                                                     \
    v128_t sum[n];                                      \
    load(l->bias + p * l->bias_step + c, sum, n);       \
    add_events(l, starts, rows, p, c, sum, n);          \
    store(sums + p * l->width + c, sum, n);             \
  }
  EACH(l, BODY)
#undef BODY
}

/* Input sums (positions, width) of a layer that hears real numbers x (positions in, x_width). */
EXPORT("dense") void dense(const Layer *l, const float *x, int x_width, int channels, float *sums) {
#define BODY(p, c, n)                                        \
  {                                                          \
    v128_t sum[n];                                           \
    load(l->bias + p * l->bias_step + c, sum, n);            \
    add_numbers(l, x, x_width, channels, p, c, sum, n);      \
    store(sums + p * l->width + c, sum, n);                  \
  }
  EACH(l, BODY)
}
