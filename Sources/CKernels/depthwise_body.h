// Convolutions of single channels by a kernel of 3 × 3, as a part of kernels_body.h. A map is passed over once, line
// after line, in pieces whose three lines stay in the first-level cache. Each sum is a chain of fused multiply-adds in
// the order that stands here, so the bits are the same at any width of the CPU's vectors.

// The frames of a piece of lines.
#define PIECE 1024
// The elements after which lanes are folded, once the line that they lie in has ended.
#define FOLDED 2048

// What a kernel reads of a piece of three lines: a frame before the piece, the piece and the frame behind it, where 0
// lies beyond the map's ends. Behind them zeros fill a vector.
struct NAME(surroundings) {
  float lines[3][PIECE + 2 + HALF];
};

// What lies above the first line of a map and below the last one.
static const float NAME(nothing)[PIECE + 2 + HALF];

// Where a piece of a line lies: `count` frames from the index `first` of a line of `frames`.
struct NAME(piece) {
  size_t first, count, frames;
};

// Reads a line's piece; `line` is the index of the line's first frame.
INLINE void NAME(read_piece)(const ck_channel *channel, size_t line, const struct NAME(piece) *piece, float *to) {
  size_t before = piece->first > 0, behind = piece->first + piece->count < piece->frames;
  to[0] = 0;
  memset(to + 1 + piece->count, 0, (1 + HALF) * sizeof *to);
  NAME(read_channel)(channel, line + piece->first - before, to + 1 - before, before + piece->count + behind);
}

// Reads the piece of the line below a line, and that of the others too at the first line that is computed. `map` is the
// index of the map's first frame. Returns what the kernel reads: the line above, the line and the line below.
INLINE void NAME(step_line)(
    const ck_channel *channel, size_t map, size_t line, size_t first, size_t height, const struct NAME(piece) *piece,
    struct NAME(surroundings) *read, const float *three[3]) {
  size_t from = line > first ? line + 1 : line > 0 ? line - 1 : line;
  for (size_t next = from; next < height && next <= line + 1; next++) {
    NAME(read_piece)(channel, map + next * piece->frames, piece, read->lines[next % 3]);
  }
  three[0] = line > 0 ? read->lines[(line - 1) % 3] : NAME(nothing);
  three[1] = read->lines[line % 3];
  three[2] = line + 1 < height ? read->lines[(line + 1) % 3] : NAME(nothing);
}

INLINE struct NAME(piece) NAME(piece_from)(size_t first, size_t frames) {
  return (struct NAME(piece)){first, frames - first < PIECE ? frames - first : PIECE, frames};
}

static void NAME(depthwise)(
    const ck_channel *channel, const float *w, size_t height, size_t frames, size_t first, size_t count, int adding,
    float *y) {
  struct NAME(surroundings) read;
  for (size_t frame = 0; frame < frames; frame += PIECE) {
    struct NAME(piece) piece = NAME(piece_from)(frame, frames);
    for (size_t line = first; line < first + count; line++) {
      const float *three[3];
      NAME(step_line)(channel, 0, line, first, height, &piece, &read, three);
      float *to = y + (line - first) * frames + frame;
      for (size_t i = 0; i < piece.count; i += HALF) {
        size_t own = piece.count - i < HALF ? piece.count - i : HALF;
        floats sum = NAME(load)(three[0] + i, HALF);
        sum = adding ? FMA((floats)w[0], sum, NAME(load)(to + i, own)) : w[0] * sum;
#pragma clang loop unroll(full)
        for (size_t tap = 1; tap < 9; tap++) {
          sum = FMA((floats)w[tap], NAME(load)(three[tap / 3] + i + tap % 3, HALF), sum);
        }
        NAME(store)(sum, to + i, own);
      }
    }
  }
}

// The sum of all lanes, folded by halves.
INLINE float NAME(fold_eight)(eight s8) {
  four s4 = s8.lo + s8.hi;
  __typeof__(s4.lo) s2 = s4.lo + s4.hi;
  return s2.lo + s2.hi;
}

// Reads `count` elements, at most eight; the lanes from the `count`-th on are 0.
INLINE eight NAME(load_first)(const float *x, size_t count) {
  eight v = 0;
  if (count >= 8) {
    memcpy(&v, x, sizeof v);
  } else {
    NAME(copy_few)((float *)&v, x, count);
  }
  return v;
}

// Adds to the lanes the gradient of w that eight frames of a line give, and returns that of the input.
// - three: the output's gradient of the line above, of the line and of the line below, each from the frame before.
// - own: the convolution's input, as it is read.
INLINE eight NAME(depthwise_eight)(const float *const three[3], size_t i, const float *w, eight own, eight lanes[11]) {
  eight gradient = 0;
#pragma clang loop unroll(full)
  for (size_t place = 0; place < 9; place++) {
    // The output one line and one frame before is where the kernel's last element reads this one.
    size_t tap = 8 - place;
    eight dy = NAME(load_eight)(three[place / 3] + i + place % 3);
    lanes[tap] = FMA(own, dy, lanes[tap]);
    gradient = place == 0 ? w[tap] * dy : FMA((eight)w[tap], dy, gradient);
  }
  return gradient;
}

// Adds to the lanes what `count` frames of a line give, and writes their gradients to `dx`, if that is not null, with
// those at `residual` added, if that is not null.
// - input: the convolution's input, as it is read.
// - x: what that is scaled and shifted from.
INLINE void NAME(depthwise_line_backward)(
    const float *const three[3], const float *w, const float *input, const float *x, float mean,
    const float *residual, float *dx, size_t count, eight sums[11]) {
  size_t whole = count / 8 * 8, rest = count - whole;
  eight lanes[11];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 11; i++) lanes[i] = sums[i];
  for (size_t i = 0; i < whole; i += 8) {
    eight gradient = NAME(depthwise_eight)(three, i, w, NAME(load_eight)(input + i), lanes);
    lanes[9] += gradient;
    lanes[10] = FMA(gradient, NAME(load_eight)(x + i) - mean, lanes[10]);
    if (residual) gradient += NAME(load_eight)(residual + i);
    if (dx) NAME(store_eight)(gradient, dx + i);
  }
  if (rest > 0) {
    eight gradient = NAME(depthwise_eight)(three, whole, w, NAME(load_first)(input + whole, rest), lanes);
    float few[8];
    NAME(store_eight)(gradient, few);
    gradient = NAME(load_first)(few, rest);
    lanes[9] += gradient;
    lanes[10] = FMA(gradient, NAME(load_first)(x + whole, rest) - mean, lanes[10]);
    if (residual) gradient += NAME(load_first)(residual + whole, rest);
    NAME(store_eight)(gradient, few);
    if (dx) NAME(copy_few)(dx + whole, few, rest);
  }
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 11; i++) sums[i] = lanes[i];
}

INLINE void NAME(fold_into)(eight lanes[11], double *sums) {
  for (size_t i = 0; i < 11; i++) {
    sums[i] += NAME(fold_eight)(lanes[i]);
    lanes[i] = 0;
  }
}

static void NAME(depthwise_backward)(
    const float *dy, const ck_channel *channel, const float *w, size_t maps, size_t height, size_t frames, float mean,
    const float *residual, float *dx, double *sums) {
  struct NAME(surroundings) read;
  const ck_channel gradient = {dy, NULL, 1, 0, 0, 0};
  float input[PIECE];
  eight lanes[11];
  size_t taken = 0;
  for (size_t i = 0; i < 11; i++) sums[i] = 0, lanes[i] = 0;
  for (size_t map = 0; map < maps * height * frames; map += height * frames) {
    for (size_t first = 0; first < frames; first += PIECE) {
      struct NAME(piece) piece = NAME(piece_from)(first, frames);
      for (size_t line = 0; line < height; line++) {
        const float *three[3];
        size_t at = map + line * frames + first;
        NAME(step_line)(&gradient, map, line, 0, height, &piece, &read, three);
        NAME(read_channel)(channel, at, input, piece.count);
        NAME(depthwise_line_backward)(
            three, w, input, channel->x + at, mean, residual ? residual + at : NULL, dx ? dx + at : NULL, piece.count,
            lanes);
        taken += piece.count;
        if (taken < FOLDED) continue;
        NAME(fold_into)(lanes, sums);
        taken = 0;
      }
    }
  }
  NAME(fold_into)(lanes, sums);
}
