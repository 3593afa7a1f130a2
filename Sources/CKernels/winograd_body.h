// Winograd's minimal filtering F(4×4, 3×3) and its gradients (Lavin and Gray 2016, sections 4.1 to 4.3), as a part of
// kernels_body.h: the transforms of lines, over the lines of a tile and over its frames.

// Elements 0 to 3 and 16 to 19 from an address on: the first four tiles' lie in the low halves of vectors and the others'
// in the high ones, so that every fourth element is found by shuffles within halves, which are the cheapest of all.
INLINE eight NAME(load_quarters)(const float *x) {
  four low, high;
  memcpy(&low, x, sizeof low);
  memcpy(&high, x + 16, sizeof high);
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
}

INLINE void NAME(store_quarters)(eight v, float *x) {
  four low = v.lo, high = v.hi;
  memcpy(x, &low, sizeof low);
  memcpy(x + 16, &high, sizeof high);
}

// The first two numbers of both vectors' halves by turns, and the last two.
INLINE eight NAME(mixed_first)(eight x, eight y) { return __builtin_shufflevector(x, y, 0, 8, 1, 9, 4, 12, 5, 13); }
INLINE eight NAME(mixed_last)(eight x, eight y) { return __builtin_shufflevector(x, y, 2, 10, 3, 11, 6, 14, 7, 15); }
// The first two numbers of the one's halves before those of the other's, and the last two.
INLINE eight NAME(first_pairs)(eight x, eight y) { return __builtin_shufflevector(x, y, 0, 1, 8, 9, 4, 5, 12, 13); }
INLINE eight NAME(last_pairs)(eight x, eight y) { return __builtin_shufflevector(x, y, 2, 3, 10, 11, 6, 7, 14, 15); }

// Turns the four by four numbers in either half of four vectors: the elements of tiles beside each other become the tiles
// of elements beside each other, and the other way round.
INLINE void NAME(turn_quarters)(const eight x[4], eight y[4]) {
  eight low = NAME(mixed_first)(x[0], x[1]), high = NAME(mixed_first)(x[2], x[3]);
  y[0] = NAME(first_pairs)(low, high);
  y[1] = NAME(last_pairs)(low, high);
  low = NAME(mixed_last)(x[0], x[1]);
  high = NAME(mixed_last)(x[2], x[3]);
  y[2] = NAME(first_pairs)(low, high);
  y[3] = NAME(last_pairs)(low, high);
}

// Every fourth element of eight tiles, from the first, the second, the third and the fourth on.
INLINE void NAME(read_tiles)(const float *line, eight frames[4]) {
  eight parts[4];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 4; i++) parts[i] = NAME(load_quarters)(line + 4 * i);
  NAME(turn_quarters)(parts, frames);
}

// The six frames that each of eight tiles reads.
INLINE void NAME(read_wide_tiles)(const float *line, eight frames[6]) {
  eight parts[5];
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 5; i++) parts[i] = NAME(load_quarters)(line + 4 * i);
  NAME(turn_quarters)(parts, frames);
  eight low = NAME(mixed_first)(parts[1], parts[2]), high = NAME(mixed_first)(parts[3], parts[4]);
  frames[4] = NAME(first_pairs)(low, high);
  frames[5] = NAME(last_pairs)(low, high);
}

// Writes the elements that a run's tiles read: six lines, each of them with a frame before the first tile's outputs
// and, up to `length`, zeros behind what there is.
INLINE void NAME(read_lines)(
    const ck_channel *channel, const ck_tiles *run, size_t frames, float *lines, size_t length) {
  size_t before = run->frames_before, count = before + NAME(lesser)(4 * run->count + 1, run->frames_after);
  for (size_t line = 0; line < 6; line++) {
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

// The place of a tile's numbers: a row of a panel, and a column of it.
struct NAME(place) {
  float *row;
  size_t column;
};

// The place `count` columns on, in panels of `width` columns that lie `panel` elements apart.
INLINE struct NAME(place) NAME(moved)(struct NAME(place) place, size_t count, const ck_panels *panels) {
  place.column += count;
  while (place.column >= panels->width) {
    place.column -= panels->width;
    place.row += panels->step;
  }
  return place;
}

static void NAME(winograd_input)(
    const ck_channel *channel, const ck_tiles *runs, size_t count, size_t frames, float *lines, float *v,
    const ck_panels *panels, size_t step) {
  struct NAME(place) first = {v, 0};
  for (const ck_tiles *run = runs; run < runs + count; run++) {
    size_t length = (run->count + 7) / 8 * 32 + 8;
    NAME(read_lines)(channel, run, frames, lines, length);
    for (size_t i = 0; i < length; i += 8) {
      eight own[6], turned[6];
#pragma clang loop unroll(full)
      for (size_t line = 0; line < 6; line++) own[line] = NAME(load_eight)(lines + line * length + i);
      NAME(filter_input)(own, turned);
#pragma clang loop unroll(full)
      for (size_t line = 0; line < 6; line++) NAME(store_eight)(turned[line], lines + line * length + i);
    }
    struct NAME(place) place = first;
    for (size_t tile = 0; tile < run->count; tile += 8, place = NAME(moved)(place, 8, panels)) {
      // Numbers that stand behind the panel's end are overwritten later, in its next row, and begin the next panel too.
      size_t here = panels->width - place.column;
      int parted = here < NAME(lesser)(8, run->count - tile);
      float all[36][16];
      float *to = place.row + place.column;
      for (size_t row = 0; row < 6; row++) {
        eight own[6], numbers[6];
        NAME(read_wide_tiles)(lines + row * length + 4 * tile, own);
        NAME(filter_input)(own, numbers);
#pragma clang loop unroll(full)
        for (size_t column = 0; column < 6; column++) {
          NAME(store_eight)(numbers[column], to + (6 * row + column) * step);
          if (!parted) continue;
          NAME(store_eight)(numbers[column], all[6 * row + column]);
          NAME(store_eight)(numbers[column], all[6 * row + column] + 8);
        }
      }
      if (!parted) continue;
      for (size_t number = 0; number < 36; number++) {
        NAME(store_eight)(NAME(load_eight)(all[number] + here), place.row + panels->step + number * step);
      }
    }
    first = NAME(moved)(first, run->count, panels);
  }
}

// Reads eight frames of a line, of which `there` are there; the others are 0.
INLINE eight NAME(read_outputs)(const float *y, size_t there) {
  if (there >= 8) return NAME(load_eight)(y);
  float part[8] = {0};
  memcpy(part, y, there * sizeof *y);
  return NAME(load_eight)(part);
}

static void NAME(winograd_gradient)(
    const float *dy, const ck_tiles *runs, size_t count, size_t frames, float *dm, size_t step) {
  for (const ck_tiles *run = runs; run < runs + count; run++) {
    for (size_t tile = 0; tile < run->count; tile += 8) {
      const float *first = dy + run->column + 4 * tile;
      size_t there = run->frames_after - 4 * tile;
      float rows[6][32];
      for (size_t i = 0; i < 32; i += 8) {
        eight own[4], turned[6];
#pragma clang loop unroll(full)
        for (size_t line = 0; line < 4; line++) {
          own[line] = NAME(read_outputs)(
              first + line * frames + i, i < there && line < run->lines_after ? there - i : 0);
        }
        NAME(filter_gradient)(own, turned);
#pragma clang loop unroll(full)
        for (size_t row = 0; row < 6; row++) NAME(store_eight)(turned[row], rows[row] + i);
      }
      for (size_t row = 0; row < 6; row++) {
        eight own[4], numbers[6];
        NAME(read_tiles)(rows[row], own);
        NAME(filter_gradient)(own, numbers);
#pragma clang loop unroll(full)
        for (size_t column = 0; column < 6; column++) {
          NAME(store_eight)(numbers[column], dm + (6 * row + column) * step + tile);
        }
      }
    }
    dm += run->count;
  }
}

// What becomes of outputs: they are scaled, added to scaled numbers z, if there are any, and a shift, and none of the
// sums is below a bound.
struct NAME(sum) {
  const float *z;
  float a, b, c, bound;
};

// Writes a line's outputs of eight tiles, adds them, or writes their sums with others, up to `frames` of them.
INLINE void NAME(write_outputs)(
    const eight outputs[4], float *y, size_t frames, int adding, const struct NAME(sum) *sum) {
  float part[32];
  int whole = frames == 32 && !adding;
  float *to = whole ? y : part;
  eight quarters[4];
  NAME(turn_quarters)(outputs, quarters);
#pragma clang loop unroll(full)
  for (size_t i = 0; i < 4; i++) {
    if (whole && sum) {
      eight other = sum->c;
      if (sum->z) other = FMA((eight)(sum->b), NAME(load_quarters)(sum->z + 4 * i), other);
      quarters[i] = FMA((eight)(sum->a), quarters[i], other);
      quarters[i] = quarters[i] < sum->bound ? (eight)(sum->bound) : quarters[i];
    }
    NAME(store_quarters)(quarters[i], to + 4 * i);
  }
  if (whole) return;
  if (sum) {
    for (size_t i = 0; i < frames; i++) {
      float v = FMA(sum->a, part[i], sum->z ? FMA(sum->b, sum->z[i], sum->c) : sum->c);
      y[i] = v < sum->bound ? sum->bound : v;
    }
    return;
  }
  if (frames == 32) {
    for (size_t i = 0; i < 32; i++) y[i] += part[i];
    return;
  }
  for (size_t i = 0; i < frames; i++) y[i] = adding ? y[i] + part[i] : part[i];
}

INLINE void NAME(write_tiles)(
    const float *m, size_t step, const ck_tiles *runs, size_t count, size_t frames, int adding,
    const ck_channel *finish, float *y) {
  for (const ck_tiles *run = runs; run < runs + count; run++) {
    float *first = y + run->column;
    for (size_t tile = 0; tile < run->count; tile += 8) {
      size_t there = NAME(lesser)(4 * NAME(lesser)(8, run->count - tile), run->frames_after - 4 * tile);
      eight lines[4][6], outputs[4];
#pragma clang loop unroll(full)
      for (size_t column = 0; column < 6; column++) {
        eight products[6], sums[4];
#pragma clang loop unroll(full)
        for (size_t row = 0; row < 6; row++) {
          products[row] = NAME(load_eight)(m + (6 * row + column) * step + tile);
        }
        NAME(filter_output)(products, sums);
#pragma clang loop unroll(full)
        for (size_t line = 0; line < 4; line++) lines[line][column] = sums[line];
      }
      for (size_t line = 0; line < NAME(lesser)(4, run->lines_after); line++) {
        NAME(filter_output)(lines[line], outputs);
        size_t at = line * frames + 4 * tile;
        struct NAME(sum) sum = {0};
        if (finish) {
          float bound = finish->rectified ? 0 : -__builtin_inff();
          const float *z = finish->z ? finish->z + run->column + at : NULL;
          sum = (struct NAME(sum)){z, finish->a, finish->b, finish->c, bound};
        }
        NAME(write_outputs)(outputs, first + at, there, adding, finish ? &sum : NULL);
      }
    }
    m += run->count;
  }
}

static void NAME(winograd_output)(
    const float *m, size_t step, const ck_tiles *runs, size_t count, size_t frames, int adding,
    const ck_channel *finish, float *y) {
  if (finish) {
    NAME(write_tiles)(m, step, runs, count, frames, 0, finish, y);
  } else {
    NAME(write_tiles)(m, step, runs, count, frames, adding, NULL, y);
  }
}

static void NAME(winograd_weights)(
    const float *w, size_t stride, size_t count, int turned, float *u, size_t step) {
  for (size_t i = 0; i < count; i += 8) {
    eight taps[3][3], columns[3][6];
    for (size_t j = 0; j < 8; j++) {
      const float *kernel = w + NAME(lesser)(i + j, count - 1) * stride;
#pragma clang loop unroll(full)
      for (size_t tap = 0; tap < 9; tap++) taps[tap % 3][tap / 3][j] = kernel[turned ? 8 - tap : tap];
    }
#pragma clang loop unroll(full)
    for (size_t column = 0; column < 3; column++) NAME(filter_weights)(taps[column], columns[column]);
    size_t here = NAME(lesser)(8, count - i);
    for (size_t row = 0; row < 6; row++) {
      eight line[] = {columns[0][row], columns[1][row], columns[2][row]}, own[6];
      NAME(filter_weights)(line, own);
#pragma clang loop unroll(full)
      for (size_t column = 0; column < 6; column++) {
        memcpy(u + (6 * row + column) * step + i, &own[column], here * sizeof *u);
      }
    }
  }
}

static void NAME(winograd_weight_gradient)(const float *du, size_t step, size_t count, float *dw) {
  for (size_t i = 0; i < count; i += 8) {
    eight rows[3][6], kernel[9];
#pragma clang loop unroll(full)
    for (size_t column = 0; column < 6; column++) {
      eight products[6], sums[3];
#pragma clang loop unroll(full)
      for (size_t row = 0; row < 6; row++) {
        products[row] = NAME(load_eight)(du + (6 * row + column) * step + i);
      }
      NAME(filter_weight_gradient)(products, sums);
#pragma clang loop unroll(full)
      for (size_t row = 0; row < 3; row++) rows[row][column] = sums[row];
    }
#pragma clang loop unroll(full)
    for (size_t row = 0; row < 3; row++) NAME(filter_weight_gradient)(rows[row], kernel + 3 * row);
    size_t here = NAME(lesser)(8, count - i);
    for (size_t j = 0; j < here; j++) {
      for (size_t tap = 0; tap < 9; tap++) dw[9 * (i + j) + tap] = kernel[tap][j];
    }
  }
}
