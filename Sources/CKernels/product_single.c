// Products of single-precision matrices for CPUs with AVX2 and without AVX-512, where OpenBLAS's kernel for Zen and Haswell
// leaves a tenth of the arithmetic unused. Blocks as in Goto and van de Geijn 2008: a packed panel of b stays in the
// first-level cache, a packed block of a in the second, a block of b in the third. A panel is packed right before its first
// use; all but a block's first come from lines that were asked for while the panel before was multiplied.
#include "CKernels.h"
#include "factor.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

// A tile of c: ROWS × COLUMNS sums in twelve of sixteen registers.
#define ROWS 6
#define COLUMNS 16
// Blocks: DEPTH along the sums, HEIGHT rows of a, WIDTH columns of b.
#define DEPTH 256
#define HEIGHT 192
#define WIDTH 4096
// Floats of a cache line.
#define LINE 16
// To the second-level cache: the first is full of the panels at hand.
#define AHEAD _MM_HINT_T1

// One row of a panel. Six elements are four and two: a wider load could reach past the source's end.
static inline void copy(const float *from, float *to, size_t step) {
  if (step == COLUMNS) {
    _mm256_storeu_ps(to, _mm256_loadu_ps(from));
    _mm256_storeu_ps(to + 8, _mm256_loadu_ps(from + 8));
  } else {
    _mm_storeu_ps(to, _mm_loadu_ps(from));
    memcpy(to + 4, from + 4, 2 * sizeof(float));
  }
}

// A panel whose rows are stretches of the source's rows.
static void pack_along(const float *source, size_t stride, size_t depth, size_t count, size_t step, float *target) {
  if (count == step) {
    for (size_t p = 0; p < depth; p++) copy(source + p * stride, target + p * step, step);
    return;
  }
  for (size_t p = 0; p < depth; p++) {
    for (size_t i = 0; i < step; i++) target[p * step + i] = i < count ? source[p * stride + i] : 0;
  }
}

static inline void transpose(__m256 r[8]) {
  __m256 t[8], s[8];
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    s[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    s[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
    s[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    s[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
  for (int i = 0; i < 4; i++) {
    r[i] = _mm256_permute2f128_ps(s[i], s[i + 4], 0x20);
    r[i + 4] = _mm256_permute2f128_ps(s[i], s[i + 4], 0x31);
  }
}

// Up to eight columns of a panel, which are rows of the source. Of a panel of six, each store's two surplus elements are
// overwritten by the next store or lie beyond the last panel, in the scratch memory's spare at the most.
static void pack_across(const float *source, size_t stride, size_t depth, size_t count, size_t step, float *target) {
  size_t p = 0;
  for (; p + 8 <= depth; p += 8, target += 8 * step) {
    __m256 r[8];
    for (size_t i = 0; i < 8; i++) r[i] = i < count ? _mm256_loadu_ps(source + i * stride + p) : _mm256_setzero_ps();
    transpose(r);
    for (size_t i = 0; i < 8; i++) _mm256_storeu_ps(target + i * step, r[i]);
  }
  for (; p < depth; p++, target += step) {
    for (size_t i = 0; i < least(step, 8); i++) target[i] = i < count ? source[i * stride + p] : 0;
  }
}

// Packs columns `column` to `column + count` of a matrix, rows `row` to `row + depth`, as one panel of `step` columns,
// filled up with zeros.
static void pack(struct matrix m, size_t row, size_t column, size_t depth, size_t count, size_t step, float *target) {
  const float *source = element(m, row, column);
  if (!m.transposed) {
    pack_along(source, m.stride, depth, count, step, target);
    return;
  }
  for (size_t part = 0; part < step; part += 8) {
    size_t here = part < count ? least(count - part, least(step, 8)) : 0;
    pack_across(here > 0 ? source + part * m.stride : source, m.stride, depth, here, step, target + part);
  }
}

static inline void ask_for_column(const float *source, size_t stride, size_t from, size_t to) {
  for (size_t p = from; p < to; p++) _mm_prefetch((const char *)(source + p * stride), AHEAD);
}

// Asks for rows `from` to `to` of a panel that is packed soon: short stretches far apart, which the CPU does not foresee.
static inline void ask(struct matrix m, size_t row, size_t column, size_t count, size_t from, size_t to) {
  const float *source = element(m, row, column);
  if (m.transposed) {
    for (size_t i = 0; i < count; i++) {
      for (size_t p = from; p < to; p += LINE) _mm_prefetch((const char *)(source + i * m.stride + p), AHEAD);
    }
    return;
  }
  ask_for_column(source, m.stride, from, to);
  int in_one_line = m.stride % LINE == 0 && (uintptr_t)source % 64 + count * sizeof(float) <= 64;
  if (!in_one_line) ask_for_column(source + count - 1, m.stride, from, to);
}

// A tile of so many rows, a number that the compiler knows.
static inline __attribute__((always_inline)) void tile_of(
    int count, size_t depth, const float *a, const float *b, float *c, size_t stride, int adding) {
  __m256 sums[ROWS][2];
#pragma clang loop unroll(full)
  for (int row = 0; row < count; row++) {
    // Asked for now, there when the sums are done.
    _mm_prefetch((const char *)(c + row * stride), _MM_HINT_T0);
    _mm_prefetch((const char *)(c + row * stride + COLUMNS - 1), _MM_HINT_T0);
    sums[row][0] = sums[row][1] = _mm256_setzero_ps();
  }
#pragma clang loop unroll_count(4)
  for (size_t p = 0; p < depth; p++, a += ROWS, b += COLUMNS) {
    __m256 left = _mm256_loadu_ps(b), right = _mm256_loadu_ps(b + 8);
#pragma clang loop unroll(full)
    for (int row = 0; row < count; row++) {
      __m256 factor = _mm256_broadcast_ss(a + row);
      sums[row][0] = _mm256_fmadd_ps(factor, left, sums[row][0]);
      sums[row][1] = _mm256_fmadd_ps(factor, right, sums[row][1]);
    }
  }
#pragma clang loop unroll(full)
  for (int row = 0; row < count; row++) {
    float *to = c + row * stride;
    if (adding) {
      sums[row][0] = _mm256_add_ps(sums[row][0], _mm256_loadu_ps(to));
      sums[row][1] = _mm256_add_ps(sums[row][1], _mm256_loadu_ps(to + 8));
    }
    _mm256_storeu_ps(to, sums[row][0]);
    _mm256_storeu_ps(to + 8, sums[row][1]);
  }
}

// A tile of whose rows c has `rows`.
static void tile(size_t rows, size_t depth, const float *a, const float *b, float *c, size_t stride, int adding) {
  switch (rows) {
    case 1: tile_of(1, depth, a, b, c, stride, adding); break;
    case 2: tile_of(2, depth, a, b, c, stride, adding); break;
    case 3: tile_of(3, depth, a, b, c, stride, adding); break;
    case 4: tile_of(4, depth, a, b, c, stride, adding); break;
    case 5: tile_of(5, depth, a, b, c, stride, adding); break;
    default: tile_of(ROWS, depth, a, b, c, stride, adding);
  }
}

// A tile of which c has only some columns.
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

// A piece of the sums, `depth` of them from the p-th, for a block of c's columns from the j-th.
static void add_block(
    struct matrix a, struct matrix b, size_t p, size_t depth, size_t j, size_t width, size_t m, int adding, float *c,
    size_t stride, float *packed_a, float *packed_b) {
  // The left factor's panels run along its rows: its transpose is what lies along the depth.
  struct matrix turned = {a.elements, a.stride, !a.transposed};
  for (size_t i = 0; i < m; i += HEIGHT) {
    size_t height = least(HEIGHT, m - i);
    for (size_t column = 0; column < width; column += COLUMNS) {
      size_t columns = least(COLUMNS, width - column), next = column + COLUMNS;
      float *right = packed_b + column * depth;
      if (i == 0) pack(b, p, j + column, depth, columns, COLUMNS, right);
      for (size_t row = 0; row < height; row += ROWS) {
        size_t rows = least(ROWS, height - row), below = row + rows;
        float *left = packed_a + row * depth;
        if (column == 0) {
          pack(turned, p, i + row, depth, rows, ROWS, left);
          if (below < height) ask(turned, p, i + below, least(ROWS, height - below), 0, depth);
        }
        if (next < width) {
          // The next panel of b, a part of it beside each tile of this one.
          size_t from = depth * row / height, to = depth * below / height;
          if (i == 0) {
            ask(b, p, j + next, least(COLUMNS, width - next), from, to);
          } else {
            ask_for_column(right + COLUMNS * depth, COLUMNS, from, to);
          }
        }
        float *to = c + (i + row) * stride + j + column;
        if (columns == COLUMNS) {
          tile(rows, depth, left, right, to, stride, adding);
        } else {
          narrow_tile(rows, columns, depth, left, right, to, stride, adding);
        }
      }
    }
  }
}

static void product(
    struct matrix a, struct matrix b, size_t m, size_t n, size_t k, int adding, float *c, size_t stride,
    float *packed_a, float *packed_b) {
  for (size_t j = 0; j < n; j += WIDTH) {
    for (size_t p = 0; p < k; p += DEPTH) {
      add_block(
          a, b, p, least(DEPTH, k - p), j, least(WIDTH, n - j), m, adding || p > 0, c, stride, packed_a, packed_b);
    }
  }
}

#pragma clang attribute pop

// Narrower kernels are asked for where the wider ones would hide a mistake, wider CPUs are OpenBLAS's.
int ck_has_product(void) { return strcmp(ck_instruction_set(), "avx2") == 0; }

// Memory for a thread's packed blocks.
static float *new_scratch(size_t floats) {
  size_t page = 2 << 20, bytes = (floats * sizeof(float) + page - 1) / page * page;
  float *found = aligned_alloc(page, bytes);
  if (!found) abort();
  // Fewer addresses to translate; where it can't be had, slower.
  madvise(found, bytes, MADV_HUGEPAGE);
  return found;
}

// Kept, as a step multiplies a thousand times.
static _Thread_local float *scratch;

void ck_product(
    const float *a, size_t a_stride, int a_transposed, const float *b, size_t b_stride, int b_transposed, size_t m,
    size_t n, size_t k, int adding, float *c, size_t c_stride) {
  size_t for_a = DEPTH * HEIGHT + 16, for_b = DEPTH * WIDTH;
  if (!scratch) scratch = new_scratch(for_a + for_b);
  product(
      (struct matrix){a, a_stride, a_transposed}, (struct matrix){b, b_stride, b_transposed}, m, n, k, adding, c,
      c_stride, scratch, scratch + for_a);
}
#else
int ck_has_product(void) { return 0; }
void ck_product(
    const float *a, size_t a_stride, int a_transposed, const float *b, size_t b_stride, int b_transposed, size_t m,
    size_t n, size_t k, int adding, float *c, size_t c_stride) {
  abort();
}
#endif
