// The only source of the single-precision product. A file for each instruction set, which defines NAME, ROWS (6 or 12),
// LANES (of a register) and HEIGHT (rows of a in a block), includes it. An element's bits are the same in all of them
// and do not depend on where it lies; see product_single.h. The blocks are those of Goto and van de Geijn 2008: a
// packed panel of b stays in the first-level cache, a packed block of a in the second-level cache, and a block of b in
// the third-level cache. A panel is packed right before its first use. All panels but the first of a block come from
// cache lines that were asked for while the panel before was multiplied.
#include <stdint.h>
#include <string.h>

#include "factor.h"
#include "product_single.h"

// A sum is a chain of fused multiply-adds because the source says so, never because the compiler has made it one.
#pragma clang fp contract(off)

// The size of a tile of c: ROWS × COLUMNS sums, two registers a row.
#define COLUMNS (2 * LANES)
// The columns of b in a block.
#define WIDTH 4096
// The floats of a packed block of a, and those that packing may write beyond it.
#define FOR_A (MOST_DEPTH * HEIGHT + 16)
// The floats of a cache line.
#define LINE 16

typedef float floats __attribute__((ext_vector_type(LANES)));
typedef floats loose_floats __attribute__((aligned(4), may_alias));
// The vectors with which panels are packed, at any width of the tile.
typedef float eight __attribute__((vector_size(32)));
typedef eight loose_eight __attribute__((aligned(4), may_alias));

// The floats at an address that fill a register.
#define AT(address) (*(loose_floats *)(address))
#define CONSTANT_AT(address) (*(const loose_floats *)(address))

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

// The sums of a tile of `count` rows, a number that the compiler knows, as it knows `step` where b is packed. Each sum
// is a chain of fused multiply-adds in the order of the depth.
static inline __attribute__((always_inline)) void tile_of(
    int count, size_t depth, const float *a, const float *b, size_t step, float *c, size_t stride, int adding) {
  floats sums[ROWS][2];
#pragma clang loop unroll(full)
  for (int row = 0; row < count; row++) {
    // The tile of c is asked for here, so that it is there when the sums are done.
    for (int column = 0; column < COLUMNS; column += LINE) __builtin_prefetch(c + row * stride + column, 0, 3);
    __builtin_prefetch(c + row * stride + COLUMNS - 1, 0, 3);
    sums[row][0] = sums[row][1] = (floats){0};
  }
#pragma clang loop unroll_count(4)
  for (size_t p = 0; p < depth; p++, a += ROWS, b += step) {
    floats left = CONSTANT_AT(b), right = CONSTANT_AT(b + LANES);
#pragma clang loop unroll(full)
    for (int row = 0; row < count; row++) {
      floats factor = (floats)a[row];
      sums[row][0] = __builtin_elementwise_fma(factor, left, sums[row][0]);
      sums[row][1] = __builtin_elementwise_fma(factor, right, sums[row][1]);
    }
  }
#pragma clang loop unroll(full)
  for (int row = 0; row < count; row++) {
    float *to = c + row * stride;
    if (adding) {
      sums[row][0] += AT(to);
      sums[row][1] += AT(to + LANES);
    }
    AT(to) = sums[row][0];
    AT(to + LANES) = sums[row][1];
  }
}

// The sums of a tile of which c has `rows` rows.
static inline __attribute__((always_inline)) void tile_of_some(
    size_t rows, size_t depth, const float *a, const float *b, size_t step, float *c, size_t stride, int adding) {
  switch (rows) {
    case 1: tile_of(1, depth, a, b, step, c, stride, adding); break;
    case 2: tile_of(2, depth, a, b, step, c, stride, adding); break;
    case 3: tile_of(3, depth, a, b, step, c, stride, adding); break;
    case 4: tile_of(4, depth, a, b, step, c, stride, adding); break;
    case 5: tile_of(5, depth, a, b, step, c, stride, adding); break;
#if ROWS == 12
    case 6: tile_of(6, depth, a, b, step, c, stride, adding); break;
    case 7: tile_of(7, depth, a, b, step, c, stride, adding); break;
    case 8: tile_of(8, depth, a, b, step, c, stride, adding); break;
    case 9: tile_of(9, depth, a, b, step, c, stride, adding); break;
    case 10: tile_of(10, depth, a, b, step, c, stride, adding); break;
    case 11: tile_of(11, depth, a, b, step, c, stride, adding); break;
#endif
    default: tile_of(ROWS, depth, a, b, step, c, stride, adding);
  }
}

// The sums of a tile from a packed panel of b.
static __attribute__((noinline)) void tile(
    size_t rows, size_t depth, const float *a, const float *b, float *c, size_t stride, int adding) {
  tile_of_some(rows, depth, a, b, COLUMNS, c, stride, adding);
}

// The sums of a tile from the rows of b where they lie.
static __attribute__((noinline)) void loose_tile(
    size_t rows, size_t depth, const float *a, const float *b, size_t step, float *c, size_t stride, int adding) {
  tile_of_some(rows, depth, a, b, step, c, stride, adding);
}

// The sums of a tile of which c has only some columns.
static void narrow_tile(
    size_t rows, size_t columns, size_t depth, const float *a, const float *b, float *c, size_t stride, int adding) {
  float whole[ROWS * COLUMNS];
  tile(rows, depth, a, b, whole, COLUMNS, 0);
  for (size_t row = 0; row < rows; row++) {
    for (size_t column = 0; column < columns; column++) {
      float sum = whole[row * COLUMNS + column], *to = c + row * stride + column;
      *to = adding ? *to + sum : sum;
    }
  }
}

// The panel of a left factor that is packed already, from the row `row` and the p-th of the terms on.
static inline const float *panel_of(struct panels a, size_t row, size_t p) {
  return a.elements + (a.row + row) * a.columns + (a.column + p) * ROWS;
}

// Adds a piece of the sums, `depth` terms from the p-th on, for a block of c's columns from the j-th on.
static inline __attribute__((always_inline)) void add_block(
    struct matrix a, const struct panels *ready, struct matrix b, size_t p, size_t depth, size_t j, size_t width,
    size_t m, int adding, float *c, size_t stride, float *packed_a, float *packed_b) {
  // The panels of the left factor run along its rows, so that it is its transpose that lies along the depth.
  struct matrix turned = {a.elements, a.stride, !a.transposed};
  // A panel of b that meets only one panel of a is not worth packing where its rows can be read as they are.
  int loose = m <= ROWS && !b.transposed;
  for (size_t i = 0; i < m; i += HEIGHT) {
    size_t height = least(HEIGHT, m - i);
    for (size_t column = 0; column < width; column += COLUMNS) {
      size_t columns = least(COLUMNS, width - column), next = column + COLUMNS;
      float *right = packed_b + column * depth;
      int packed = !loose || columns < COLUMNS;
      if (i == 0 && packed) pack(b, p, j + column, depth, columns, COLUMNS, right);
      for (size_t row = 0; row < height; row += ROWS) {
        size_t rows = least(ROWS, height - row), below = row + rows;
        const float *left = ready ? panel_of(*ready, i + row, p) : packed_a + row * depth;
        if (column == 0 && !ready) {
          pack(turned, p, i + row, depth, rows, ROWS, packed_a + row * depth);
          if (below < height) ask(turned, p, i + below, least(ROWS, height - below), 0, depth);
        }
        if (next < width) {
          // A part of the next panel of b is asked for beside each tile of this one.
          size_t from = depth * row / height, to = depth * below / height;
          if (i == 0) {
            ask(b, p, j + next, least(COLUMNS, width - next), from, to);
          } else {
            for (size_t part = 0; part < COLUMNS; part += LINE) {
              ask_for_column(right + COLUMNS * depth + part, COLUMNS, from, to);
            }
          }
        }
        float *to = c + (i + row) * stride + j + column;
        if (!packed) {
          loose_tile(rows, depth, left, element(b, p, j + column), b.stride, to, stride, adding);
        } else if (columns == COLUMNS) {
          tile(rows, depth, left, right, to, stride, adding);
        } else {
          narrow_tile(rows, columns, depth, left, right, to, stride, adding);
        }
      }
    }
  }
}

static inline __attribute__((always_inline)) void blocks(
    struct matrix a, const struct panels *ready, struct matrix b, size_t m, size_t n, size_t k, int adding, float *c,
    size_t stride, float *scratch) {
  size_t piece = depth_of_block(k);
  float *packed_a = scratch, *packed_b = scratch + FOR_A;
  for (size_t j = 0; j < n; j += WIDTH) {
    for (size_t p = 0; p < k; p += piece) {
      add_block(
          a, ready, b, p, least(piece, k - p), j, least(WIDTH, n - j), m, adding || p > 0, c, stride, packed_a,
          packed_b);
    }
  }
}

static void product(
    struct matrix a, struct matrix b, size_t m, size_t n, size_t k, int adding, float *c, size_t stride,
    float *scratch) {
  blocks(a, NULL, b, m, n, k, adding, c, stride, scratch);
}

static void product_of_packed(
    struct panels a, struct matrix b, size_t m, size_t n, size_t k, int adding, float *c, size_t stride,
    float *scratch) {
  blocks((struct matrix){a.elements, 0, 0}, &a, b, m, n, k, adding, c, stride, scratch);
}

static void pack_left(struct matrix a, size_t m, size_t k, float *target) {
  struct matrix turned = {a.elements, a.stride, !a.transposed};
  for (size_t row = 0; row < m; row += ROWS) pack(turned, 0, row, k, least(ROWS, m - row), ROWS, target + row * k);
}

const struct single_product NAME(single_product) = {
    product, product_of_packed, pack_left, FOR_A + MOST_DEPTH * WIDTH};
