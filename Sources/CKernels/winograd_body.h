// Winograd's minimal filtering F(2×2, 3×3) and its gradients (Lavin and Gray 2016, sections 4.1 and 4.2), as a part of
// kernels_body.h. Eight tiles beside each other are transformed at a time. Each sum is rounded by itself, in the order
// that stands here, so the bits are the same at any width of the CPU's vectors.

typedef float eight __attribute__((ext_vector_type(8)));
typedef float four __attribute__((ext_vector_type(4)));

// Elements 0 to 3 and 8 to 11 from an address on. Together with those from four further on, the even and the odd ones
// of sixteen elements are found in order by a shuffle within halves, which is the cheapest of all.
INLINE eight NAME(load_halves)(const float *x) {
  four low, high;
  memcpy(&low, x, sizeof low);
  memcpy(&high, x + 8, sizeof high);
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
}

INLINE eight NAME(even)(eight first, eight second) {
  return __builtin_shufflevector(first, second, 0, 2, 8, 10, 4, 6, 12, 14);
}

INLINE eight NAME(odd)(eight first, eight second) {
  return __builtin_shufflevector(first, second, 1, 3, 9, 11, 5, 7, 13, 15);
}

// Writes 16 elements, by turns from `even` and `odd`.
INLINE void NAME(store_interleaved)(eight even, eight odd, float *y) {
  eight first = __builtin_shufflevector(even, odd, 0, 8, 1, 9, 4, 12, 5, 13);
  eight second = __builtin_shufflevector(even, odd, 2, 10, 3, 11, 6, 14, 7, 15);
  four quarters[] = {first.lo, second.lo, first.hi, second.hi};
  memcpy(y, quarters, sizeof quarters);
}

// Bᵀ·d for one column of a tile.
INLINE void NAME(input_column)(const eight d[4], eight v[4]) {
  v[0] = d[0] - d[2];
  v[1] = d[1] + d[2];
  v[2] = d[2] - d[1];
  v[3] = d[1] - d[3];
}

// Aᵀ·m.
INLINE void NAME(output_column)(const eight m[4], eight y[2]) {
  y[0] = m[0] + m[1] + m[2];
  y[1] = m[1] - m[2] - m[3];
}

// A·y, the gradient through Aᵀ·m.
INLINE void NAME(gradient_column)(const eight y[2], eight m[4]) {
  m[0] = y[0];
  m[1] = y[0] + y[1];
  m[2] = y[0] - y[1];
  m[3] = -y[1];
}

// G·w of a column of a kernel.
INLINE void NAME(weight_column)(const eight w[3], eight u[4]) {
  eight outer = w[0] + w[2];
  u[0] = w[0];
  u[1] = (outer + w[1]) * 0.5f;
  u[2] = (outer - w[1]) * 0.5f;
  u[3] = w[2];
}

// Gᵀ·u, the gradient through G·w.
INLINE void NAME(weight_gradient_column)(const eight u[4], eight w[3]) {
  eight half = (u[1] + u[2]) * 0.5f;
  w[0] = u[0] + half;
  w[1] = (u[1] - u[2]) * 0.5f;
  w[2] = half + u[3];
}

INLINE size_t NAME(lesser)(size_t x, size_t y) { return x < y ? x : y; }

INLINE eight NAME(load_eight)(const float *x) {
  eight v;
  memcpy(&v, x, sizeof v);
  return v;
}

INLINE void NAME(store_eight)(eight v, float *to) { memcpy(to, &v, sizeof v); }

// Bᵀ·d·B of eight tiles, whose lines are `stride` elements apart. The first tile's first column is at `lines`.
INLINE void NAME(input_tiles)(const float *lines, size_t stride, float *v, size_t step) {
  eight rows[4][4];
#pragma clang loop unroll(full)
  for (size_t part = 0; part < 2; part++) {
    eight first[4], second[4], turned[4], next[4];
#pragma clang loop unroll(full)
    for (size_t line = 0; line < 4; line++) {
      first[line] = NAME(load_halves)(lines + line * stride + 2 * part);
      second[line] = NAME(load_halves)(lines + line * stride + 2 * part + 4);
    }
    NAME(input_column)(first, turned);
    NAME(input_column)(second, next);
#pragma clang loop unroll(full)
    for (size_t row = 0; row < 4; row++) {
      rows[row][2 * part] = NAME(even)(turned[row], next[row]);
      rows[row][2 * part + 1] = NAME(odd)(turned[row], next[row]);
    }
  }
#pragma clang loop unroll(full)
  for (size_t row = 0; row < 4; row++) {
    eight turned[4];
    NAME(input_column)(rows[row], turned);
#pragma clang loop unroll(full)
    for (size_t column = 0; column < 4; column++) NAME(store_eight)(turned[column], v + (4 * row + column) * step);
  }
}

// Writes the elements that a run's tiles read: four lines, each of them with a frame before the first tile's outputs
// and, up to `length`, zeros behind what there is.
INLINE void NAME(read_lines)(
    const ck_channel *channel, const ck_tiles *run, size_t frames, float *lines, size_t length) {
  size_t before = run->frames_before, count = before + NAME(lesser)(2 * run->count + 1, run->frames_after);
  for (size_t line = 0; line < 4; line++) {
    float *to = lines + line * length;
    if (line + run->lines_before < 1 || line >= 1 + run->lines_after) {
      memset(to, 0, length * sizeof *to);
      continue;
    }
    size_t from = run->column + line * frames - frames - before;
    float *own = to + 1 - before;
    if (before == 0) to[0] = 0;
    NAME(read_channel)(channel, from, own, count);
    memset(own + count, 0, (length - 1 + before - count) * sizeof *own);
  }
}

static void NAME(winograd_input)(
    const ck_channel *channel, const ck_tiles *runs, size_t count, size_t frames, float *lines, float *v,
    size_t step) {
  for (const ck_tiles *run = runs; run < runs + count; run++) {
    size_t length = (run->count + 7) / 8 * 16 + 2;
    NAME(read_lines)(channel, run, frames, lines, length);
    for (size_t tile = 0; tile < run->count; tile += 8) {
      NAME(input_tiles)(lines + 2 * tile, length, v + tile, step);
    }
    v += run->count;
  }
}

// Reads the even and odd frames of a line of eight tiles, of which `frames` are there; the others are 0.
INLINE void NAME(read_outputs)(const float *y, size_t frames, eight *even, eight *odd) {
  float part[16];
  if (frames < 16) {
    memset(part, 0, sizeof part);
    memcpy(part, y, frames * sizeof *y);
    y = part;
  }
  eight first = NAME(load_halves)(y), second = NAME(load_halves)(y + 4);
  *even = NAME(even)(first, second);
  *odd = NAME(odd)(first, second);
}

static void NAME(winograd_gradient)(
    const float *dy, const ck_tiles *runs, size_t count, size_t frames, float *dm, size_t step) {
  for (const ck_tiles *run = runs; run < runs + count; run++) {
    const float *first = dy + run->column;
    for (size_t tile = 0; tile < run->count; tile += 8) {
      size_t there = NAME(lesser)(16, run->frames_after - 2 * tile);
      eight columns[2][2], rows[4][2];
      NAME(read_outputs)(first + 2 * tile, there, &columns[0][0], &columns[1][0]);
      NAME(read_outputs)(
          first + frames + 2 * tile, run->lines_after > 1 ? there : 0, &columns[0][1], &columns[1][1]);
#pragma clang loop unroll(full)
      for (size_t column = 0; column < 2; column++) {
        eight turned[4];
        NAME(gradient_column)(columns[column], turned);
#pragma clang loop unroll(full)
        for (size_t row = 0; row < 4; row++) rows[row][column] = turned[row];
      }
#pragma clang loop unroll(full)
      for (size_t row = 0; row < 4; row++) {
        eight turned[4];
        NAME(gradient_column)(rows[row], turned);
#pragma clang loop unroll(full)
        for (size_t column = 0; column < 4; column++) {
          NAME(store_eight)(turned[column], dm + (4 * row + column) * step + tile);
        }
      }
    }
    dm += run->count;
  }
}

// Writes a line's outputs of eight tiles, or adds them, up to `frames` of them.
INLINE void NAME(write_outputs)(eight even, eight odd, float *y, size_t frames, int adding) {
  float part[16];
  if (frames == 16 && !adding) {
    NAME(store_interleaved)(even, odd, y);
    return;
  }
  NAME(store_interleaved)(even, odd, part);
  if (frames == 16) {
    for (size_t i = 0; i < 16; i++) y[i] += part[i];
    return;
  }
  for (size_t i = 0; i < frames; i++) y[i] = adding ? y[i] + part[i] : part[i];
}

static void NAME(winograd_output)(
    const float *m, size_t step, const ck_tiles *runs, size_t count, size_t frames, int adding, float *y) {
  for (const ck_tiles *run = runs; run < runs + count; run++) {
    float *first = y + run->column;
    for (size_t tile = 0; tile < run->count; tile += 8) {
      size_t there = NAME(lesser)(2 * NAME(lesser)(8, run->count - tile), run->frames_after - 2 * tile);
      eight lines[2][4], outputs[2];
#pragma clang loop unroll(full)
      for (size_t column = 0; column < 4; column++) {
        eight products[4], sums[2];
#pragma clang loop unroll(full)
        for (size_t row = 0; row < 4; row++) {
          products[row] = NAME(load_eight)(m + (4 * row + column) * step + tile);
        }
        NAME(output_column)(products, sums);
        lines[0][column] = sums[0];
        lines[1][column] = sums[1];
      }
      NAME(output_column)(lines[0], outputs);
      NAME(write_outputs)(outputs[0], outputs[1], first + 2 * tile, there, adding);
      if (run->lines_after < 2) continue;
      NAME(output_column)(lines[1], outputs);
      NAME(write_outputs)(outputs[0], outputs[1], first + frames + 2 * tile, there, adding);
    }
    m += run->count;
  }
}

static void NAME(winograd_weights)(
    const float *w, size_t stride, size_t count, int turned, float *u, size_t step) {
  for (size_t i = 0; i < count; i += 8) {
    eight taps[3][3], columns[3][4];
    for (size_t j = 0; j < 8; j++) {
      const float *kernel = w + NAME(lesser)(i + j, count - 1) * stride;
#pragma clang loop unroll(full)
      for (size_t tap = 0; tap < 9; tap++) taps[tap % 3][tap / 3][j] = kernel[turned ? 8 - tap : tap];
    }
#pragma clang loop unroll(full)
    for (size_t column = 0; column < 3; column++) NAME(weight_column)(taps[column], columns[column]);
    size_t here = NAME(lesser)(8, count - i);
#pragma clang loop unroll(full)
    for (size_t row = 0; row < 4; row++) {
      eight line[] = {columns[0][row], columns[1][row], columns[2][row]}, own[4];
      NAME(weight_column)(line, own);
#pragma clang loop unroll(full)
      for (size_t column = 0; column < 4; column++) {
        memcpy(u + (4 * row + column) * step + i, &own[column], here * sizeof *u);
      }
    }
  }
}

static void NAME(winograd_weight_gradient)(const float *du, size_t step, size_t count, float *dw) {
  for (size_t i = 0; i < count; i += 8) {
    eight rows[3][4], kernel[9];
#pragma clang loop unroll(full)
    for (size_t column = 0; column < 4; column++) {
      eight products[4], sums[3];
#pragma clang loop unroll(full)
      for (size_t row = 0; row < 4; row++) {
        products[row] = NAME(load_eight)(du + (4 * row + column) * step + i);
      }
      NAME(weight_gradient_column)(products, sums);
#pragma clang loop unroll(full)
      for (size_t row = 0; row < 3; row++) rows[row][column] = sums[row];
    }
#pragma clang loop unroll(full)
    for (size_t row = 0; row < 3; row++) NAME(weight_gradient_column)(rows[row], kernel + 3 * row);
    size_t here = NAME(lesser)(8, count - i);
    for (size_t j = 0; j < here; j++) {
      for (size_t tap = 0; tap < 9; tap++) dw[9 * (i + j) + tap] = kernel[tap][j];
    }
  }
}
