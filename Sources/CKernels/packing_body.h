// How the blocks of factors are packed, as a part of product_single_body.h.

// Asks for a line into the second-level cache, because the first is full of the panels in use.
static inline void ask_for(const float *line) { __builtin_prefetch(line, 0, 2); }

// Packs a panel whose rows are stretches of the source's rows. Its step is known to the compiler.
static inline __attribute__((always_inline)) void pack_along(
    const float *source, size_t stride, size_t depth, size_t count, size_t step, float *target) {
  if (count == step) {
    for (size_t p = 0; p < depth; p++) memcpy(target + p * step, source + p * stride, step * sizeof(float));
    return;
  }
  // The columns are copied by halves of known sizes: a loop over a few elements, or a call, would take longer.
#pragma clang loop unroll(full)
  for (size_t part = 16; part > 0; part /= 2) {
    if (!(count & part)) continue;
    for (size_t p = 0; p < depth; p++) memcpy(target + p * step, source + p * stride, part * sizeof(float));
    source += part;
    target += part;
  }
}

// Transposes eight vectors of eight numbers.
static inline __attribute__((always_inline)) void transpose(eight r[8]) {
  eight t[8], s[8];
  for (int i = 0; i < 8; i += 2) {
    t[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    t[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < 8; i += 4) {
    s[i] = __builtin_shufflevector(t[i], t[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    s[i + 1] = __builtin_shufflevector(t[i], t[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    s[i + 2] = __builtin_shufflevector(t[i + 1], t[i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
    s[i + 3] = __builtin_shufflevector(t[i + 1], t[i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
  }
  for (int i = 0; i < 4; i++) {
    r[i] = __builtin_shufflevector(s[i], s[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    r[i + 4] = __builtin_shufflevector(s[i], s[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

// Packs eight columns of a panel, which are rows of the source, from its last eight to its first. Where the panel is no
// multiple of eight wide, the surplus of a store lies in the columns that are packed next, or beyond the panel: in the
// one that is packed after it, or in the spare part of the scratch memory. Columns that the source has not are copies of
// its last, because sums of them are not used.
static inline __attribute__((always_inline)) void pack_across(
    const float *source, size_t stride, size_t depth, size_t count, size_t step, float *target) {
  const float *rows[8];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 8; i++) rows[i] = source + least(i, count - 1) * stride;
  size_t p = 0;
  for (; p + 8 <= depth; p += 8, target += 8 * step) {
    eight r[8];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 8; i++) r[i] = *(const loose_eight *)(rows[i] + p);
    transpose(r);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 8; i++) *(loose_eight *)(target + i * step) = r[i];
  }
  for (; p < depth; p++, target += step) {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 8; i++) target[i] = rows[i][p];
  }
}

// Packs the columns `column` to `column + count` of a matrix, rows `row` to `row + depth`, as one panel of `step`
// columns. What fills it up does not matter.
static inline __attribute__((always_inline)) void pack(
    struct matrix m, size_t row, size_t column, size_t depth, size_t count, size_t step, float *target) {
  const float *source = element(m, row, column);
  if (!m.transposed) {
    pack_along(source, m.stride, depth, count, step, target);
    return;
  }
  for (size_t end = (step + 7) / 8 * 8; end > 0; end -= 8) {
    size_t first = least(end - 8, count - 1);
    pack_across(source + first * m.stride, m.stride, depth, least(count - first, 8), step, target + end - 8);
  }
}

static inline void ask_for_column(const float *source, size_t stride, size_t from, size_t to) {
  for (size_t p = from; p < to; p++) ask_for(source + p * stride);
}

// Asks for rows `from` to `to` of a panel that is packed soon. They are short stretches far apart, which the CPU does
// not foresee.
static inline void ask(struct matrix m, size_t row, size_t column, size_t count, size_t from, size_t to) {
  const float *source = element(m, row, column);
  if (m.transposed) {
    for (size_t i = 0; i < count; i++) {
      for (size_t p = from; p < to; p += LINE) ask_for(source + i * m.stride + p);
    }
    return;
  }
  size_t last = 0;
  for (; last + LINE < count; last += LINE) ask_for_column(source + last, m.stride, from, to);
  ask_for_column(source + last, m.stride, from, to);
  int in_whole_lines = m.stride % LINE == 0 && (uintptr_t)source % 64 + (count - last) * sizeof(float) <= 64;
  if (!in_whole_lines) ask_for_column(source + count - 1, m.stride, from, to);
}

// Packs the rows of a panel scaled and shifted, and rectified where they are, as ck_affine and ck_affine_relu do.
static inline __attribute__((always_inline)) void pack_scaled(
    const ck_right *b, size_t row, size_t column, size_t depth, size_t count, float *target) {
  const float *source = b->elements + row * b->stride + column, *scales = b->scales + row, *shifts = b->shifts + row;
  const float least_of_all = b->rectified ? 0 : -__builtin_inff();
  if (count == COLUMNS) {
    for (size_t p = 0; p < depth; p++, source += b->stride, target += COLUMNS) {
      floats scale = scales[p], shift = shifts[p], bound = least_of_all;
#pragma clang loop unroll(full)
      for (size_t i = 0; i < COLUMNS; i += LANES) {
        floats v = __builtin_elementwise_fma(CONSTANT_AT(source + i), scale, shift);
        // NaN stays NaN.
        AT(target + i) = v < bound ? bound : v;
      }
    }
    return;
  }
#pragma clang loop unroll(full)
  for (size_t part = 16; part > 0; part /= 2) {
    if (!(count & part)) continue;
    for (size_t p = 0; p < depth; p++) {
#pragma clang loop unroll(full)
      for (size_t i = 0; i < part; i++) {
        float v = __builtin_elementwise_fma(source[p * b->stride + i], scales[p], shifts[p]);
        target[p * COLUMNS + i] = v < least_of_all ? least_of_all : v;
      }
    }
    source += part;
    target += part;
  }
}

// The panel of a factor that is laid out, from a row on.
static inline const float *laid_out(const ck_right *b, size_t row, size_t column) {
  return b->elements + (b->column + column) / COLUMNS * b->stride + row * COLUMNS;
}

// Packs a part of the columns of windows, as many as the compiler knows.
static inline __attribute__((always_inline)) void pack_places(
    const float *source, const size_t *rows, size_t depth, size_t count, float *target) {
  for (size_t p = 0; p < depth; p++) memcpy(target + p * COLUMNS, source + rows[p], count * sizeof(float));
}

// Packs the rows of a panel of windows.
static inline __attribute__((always_inline)) void pack_windows(
    const ck_right *b, size_t row, size_t column, size_t depth, size_t count, float *target) {
  const ck_stretch *stretch = b->stretches;
  while (column >= stretch->column + stretch->count) stretch++;
  for (size_t here; count > 0; count -= here, column += here, stretch++) {
    const float *source = b->elements + stretch->element + (column - stretch->column);
    here = least(count, stretch->column + stretch->count - column);
    if (here == COLUMNS) {
      pack_places(source, b->rows + row, depth, COLUMNS, target);
      target += COLUMNS;
      continue;
    }
#pragma clang loop unroll(full)
    for (size_t part = 16; part > 0; part /= 2) {
      if (!(here & part)) continue;
      pack_places(source, b->rows + row, depth, part, target);
      source += part;
      target += part;
    }
  }
}

// The panel of the right factor for c's columns `column` to `column + count` and terms `row` to `row + depth`: where it
// is laid out, or in `target`, where it is packed unless it is `there` from before.
static inline __attribute__((always_inline)) const float *right_panel(
    struct right b, size_t row, size_t column, size_t depth, size_t count, int there, float *target) {
  if (b.other && b.other->form == CK_LAID_OUT) return laid_out(b.other, row, column);
  if (there) return target;
  if (!b.other) {
    pack(b.stored, row, column, depth, count, COLUMNS, target);
  } else if (b.other->form == CK_SCALED) {
    pack_scaled(b.other, row, b.other->column + column, depth, count, target);
  } else {
    pack_windows(b.other, row, b.other->column + column, depth, count, target);
  }
  return target;
}

// Asks for rows `from` to `to` of the right factor's panel of `count` columns that is used next. Where it is `there`, it
// lies at `target`.
static inline __attribute__((always_inline)) void ask_for_right(
    struct right b, size_t row, size_t column, size_t count, size_t from, size_t to, int there, const float *target) {
  int is_laid_out = b.other && b.other->form == CK_LAID_OUT;
  if (there || is_laid_out) {
    const float *panel = is_laid_out ? laid_out(b.other, row, column) : target;
    for (size_t part = 0; part < COLUMNS; part += LINE) ask_for_column(panel + part, COLUMNS, from, to);
  } else if (!b.other) {
    ask(b.stored, row, column, count, from, to);
  } else if (b.other->form == CK_SCALED) {
    ask((struct matrix){b.other->elements, b.other->stride, 0}, row, b.other->column + column, count, from, to);
  }
}
