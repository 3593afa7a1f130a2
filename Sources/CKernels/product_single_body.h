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
// The floats of a packed block of a that are asked for ahead of those that are multiplied, by measurement.
#define AHEAD 1024

typedef float floats __attribute__((ext_vector_type(LANES)));
typedef floats loose_floats __attribute__((aligned(4), may_alias));
// The vectors with which panels are packed, at any width of the tile.
typedef float eight __attribute__((vector_size(32)));
typedef eight loose_eight __attribute__((aligned(4), may_alias));

// The floats at an address that fill a register.
#define AT(address) (*(loose_floats *)(address))
#define CONSTANT_AT(address) (*(const loose_floats *)(address))

#include "packing_body.h"

// The sums of a tile of `count` rows of so many registers, numbers that the compiler knows, as it knows `step` where b
// is packed. Each sum is a chain of fused multiply-adds in the order of the depth.
static inline __attribute__((always_inline)) void tile_of(
    int count, int registers, size_t depth, const float *a, const float *b, size_t step, float *c, size_t stride,
    int adding) {
  floats sums[ROWS][2];
#pragma clang loop unroll(full)
  for (int row = 0; row < count; row++) {
    // The tile of c is asked for here, so that it is there when the sums are done.
    for (int column = 0; column < registers * LANES; column += LINE) {
      __builtin_prefetch(c + row * stride + column, 0, 3);
    }
    __builtin_prefetch(c + row * stride + registers * LANES - 1, 0, 3);
    for (int i = 0; i < registers; i++) sums[row][i] = (floats){0};
  }
#pragma clang loop unroll_count(4)
  for (size_t p = 0; p < depth; p++, a += ROWS, b += step) {
    // The panels of a follow one another, and may come from as far as memory.
    __builtin_prefetch(a + AHEAD, 0, 3);
    floats own[2];
    for (int i = 0; i < registers; i++) own[i] = CONSTANT_AT(b + i * LANES);
#pragma clang loop unroll(full)
    for (int row = 0; row < count; row++) {
      floats factor = (floats)a[row];
      for (int i = 0; i < registers; i++) sums[row][i] = __builtin_elementwise_fma(factor, own[i], sums[row][i]);
    }
  }
#pragma clang loop unroll(full)
  for (int row = 0; row < count; row++) {
    float *to = c + row * stride;
    for (int i = 0; i < registers; i++) {
      if (adding) sums[row][i] += AT(to + i * LANES);
      AT(to + i * LANES) = sums[row][i];
    }
  }
}

// The sums of a tile of which c has `rows` rows.
static inline __attribute__((always_inline)) void tile_of_some(
    size_t rows, int registers, size_t depth, const float *a, const float *b, size_t step, float *c, size_t stride,
    int adding) {
  switch (rows) {
    case 1: tile_of(1, registers, depth, a, b, step, c, stride, adding); break;
    case 2: tile_of(2, registers, depth, a, b, step, c, stride, adding); break;
    case 3: tile_of(3, registers, depth, a, b, step, c, stride, adding); break;
    case 4: tile_of(4, registers, depth, a, b, step, c, stride, adding); break;
    case 5: tile_of(5, registers, depth, a, b, step, c, stride, adding); break;
#if ROWS == 12
    case 6: tile_of(6, registers, depth, a, b, step, c, stride, adding); break;
    case 7: tile_of(7, registers, depth, a, b, step, c, stride, adding); break;
    case 8: tile_of(8, registers, depth, a, b, step, c, stride, adding); break;
    case 9: tile_of(9, registers, depth, a, b, step, c, stride, adding); break;
    case 10: tile_of(10, registers, depth, a, b, step, c, stride, adding); break;
    case 11: tile_of(11, registers, depth, a, b, step, c, stride, adding); break;
#endif
    default: tile_of(ROWS, registers, depth, a, b, step, c, stride, adding);
  }
}

// The sums of a tile from a packed panel of b.
static __attribute__((noinline)) void tile(
    size_t rows, size_t depth, const float *a, const float *b, float *c, size_t stride, int adding) {
  tile_of_some(rows, 2, depth, a, b, COLUMNS, c, stride, adding);
}

// The sums of the left half of a tile.
static __attribute__((noinline)) void half_tile(
    size_t rows, size_t depth, const float *a, const float *b, float *c, size_t stride, int adding) {
  tile_of_some(rows, 1, depth, a, b, COLUMNS, c, stride, adding);
}

// The sums of a tile from the rows of b where they lie.
static __attribute__((noinline)) void loose_tile(
    size_t rows, size_t depth, const float *a, const float *b, size_t step, float *c, size_t stride, int adding) {
  tile_of_some(rows, 2, depth, a, b, step, c, stride, adding);
}

// The sums of a tile of which c has only some columns.
static __attribute__((noinline)) void narrow_tile(
    size_t rows, size_t columns, size_t depth, const float *a, const float *b, float *c, size_t stride, int adding) {
  float whole[ROWS * COLUMNS];
  (columns > LANES ? tile : half_tile)(rows, depth, a, b, whole, COLUMNS, 0);
  size_t first = 0;
  // The columns are written by halves of known sizes.
#pragma clang loop unroll(full)
  for (size_t part = COLUMNS / 2; part > 0; part /= 2) {
    if (!(columns & part)) continue;
    for (size_t row = 0; row < rows; row++) {
      const float *sums = whole + row * COLUMNS + first;
      float *to = c + row * stride + first;
#pragma clang loop unroll(full)
      for (size_t i = 0; i < part; i++) to[i] = adding ? to[i] + sums[i] : sums[i];
    }
    first += part;
  }
}

// The panel of a left factor that is packed already, from the row `row` and the p-th of the terms on.
static inline const float *panel_of(struct panels a, size_t row, size_t p) {
  return a.elements + (a.row + row) * a.columns + (a.column + p) * ROWS;
}

// Adds a piece of the sums, `depth` terms from the p-th on, for a block of c's columns from the j-th on.
static inline __attribute__((always_inline)) void add_block(
    struct matrix a, const struct panels *ready, struct right b, size_t p, size_t depth, size_t j, size_t width,
    size_t m, int adding, float *c, size_t stride, float *packed_a, float *packed_b) {
  // The panels of the left factor run along its rows, so that it is its transpose that lies along the depth.
  struct matrix turned = {a.elements, a.stride, !a.transposed};
  // A panel of b that meets only one panel of a is not worth packing where its rows can be read as they are.
  int loose = m <= ROWS && !b.other && !b.stored.transposed;
  for (size_t i = 0; i < m; i += HEIGHT) {
    size_t height = least(HEIGHT, m - i);
    for (size_t column = 0; column < width; column += COLUMNS) {
      size_t columns = least(COLUMNS, width - column), next = column + COLUMNS;
      float *room = packed_b + column * depth;
      int packed = !loose || columns < COLUMNS;
      const float *right = packed ? right_panel(b, p, j + column, depth, columns, i > 0, room) : NULL;
      for (size_t row = 0; row < height; row += ROWS) {
        size_t rows = least(ROWS, height - row), below = row + rows;
        const float *left = ready ? panel_of(*ready, i + row, p) : packed_a + row * depth;
        if (column == 0 && !ready) {
          pack(turned, p, i + row, depth, rows, ROWS, packed_a + row * depth);
          if (below < height) ask(turned, p, i + below, least(ROWS, height - below), 0, depth);
        }
        if (next < width) {
          // A part of the next panel of b is asked for beside each tile of this one.
          ask_for_right(
              b, p, j + next, least(COLUMNS, width - next), depth * row / height, depth * below / height, i > 0,
              room + COLUMNS * depth);
        }
        float *to = c + (i + row) * stride + j + column;
        if (!packed) {
          loose_tile(rows, depth, left, element(b.stored, p, j + column), b.stored.stride, to, stride, adding);
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
    struct matrix a, const struct panels *ready, struct right b, size_t m, size_t n, size_t k, int adding, float *c,
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
  blocks(a, NULL, (struct right){b, NULL}, m, n, k, adding, c, stride, scratch);
}

static void product_of_packed(
    struct panels a, struct matrix b, size_t m, size_t n, size_t k, int adding, float *c, size_t stride,
    float *scratch) {
  blocks((struct matrix){a.elements, 0, 0}, &a, (struct right){b, NULL}, m, n, k, adding, c, stride, scratch);
}

static void product_with_other(
    struct matrix a, const struct panels *packed, const ck_right *b, size_t m, size_t n, size_t k, int adding, float *c,
    size_t stride, float *scratch) {
  struct right right = {{NULL, 0, 0}, b};
  if (packed) {
    blocks((struct matrix){NULL, 0, 0}, packed, right, m, n, k, adding, c, stride, scratch);
  } else {
    blocks(a, NULL, right, m, n, k, adding, c, stride, scratch);
  }
}

static void pack_left(struct matrix a, size_t m, size_t k, float *target) {
  struct matrix turned = {a.elements, a.stride, !a.transposed};
  for (size_t row = 0; row < m; row += ROWS) pack(turned, 0, row, k, least(ROWS, m - row), ROWS, target + row * k);
}

const struct single_product NAME(single_product) = {
    product, product_of_packed, product_with_other, pack_left, FOR_A + MOST_DEPTH * WIDTH, COLUMNS};
