// Products of single-precision matrices for CPUs with AVX2 and without AVX-512, where OpenBLAS's kernel for Zen and Haswell
// leaves a tenth of the arithmetic unused. Blocks as in Goto and van de Geijn 2008: a packed panel of b stays in the
// first-level cache, a packed block of a in the second, a block of b in the third.
#include "CKernels.h"
#include "factor.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

// A tile of c: ROWS × COLUMNS sums in twelve of sixteen registers.
#define ROWS 6
#define COLUMNS 16
// Blocks: DEPTH along the sums, HEIGHT rows of a, WIDTH columns of b.
#define DEPTH 256
#define HEIGHT 192
#define WIDTH 2048
// Panels that are filled side by side, so that a row of the source is read in long stretches.
#define SIDE_BY_SIDE 8

static inline void copy(const float *from, float *to, size_t step) {
  if (step == COLUMNS) {
    _mm256_storeu_ps(to, _mm256_loadu_ps(from));
    _mm256_storeu_ps(to + 8, _mm256_loadu_ps(from + 8));
  } else {
    for (size_t i = 0; i < step; i++) to[i] = from[i];
  }
}

// Panels of columns that lie side by side in the source.
static void pack_along(const float *source, size_t stride, size_t depth, size_t width, size_t step, float *target) {
  size_t whole = width / step, rest = width % step;
  for (size_t first = 0; first < whole; first += SIDE_BY_SIDE) {
    size_t last = least(first + SIDE_BY_SIDE, whole);
    for (size_t p = 0; p < depth; p++) {
      const float *from = source + p * stride + first * step;
      float *to = target + (first * depth + p) * step;
      for (size_t panel = first; panel < last; panel++, from += step, to += depth * step) copy(from, to, step);
    }
  }
  if (rest == 0) return;
  float *to = target + whole * depth * step;
  for (size_t p = 0; p < depth; p++, to += step) {
    const float *from = source + p * stride + whole * step;
    for (size_t i = 0; i < step; i++) to[i] = i < rest ? from[i] : 0;
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
// overwritten by the next store; the last ones of all lie in the scratch memory's spare.
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

// Packs a (depth × width) matrix in panels of `step` columns, row after row, the last one filled up with zeros.
static void pack(struct matrix m, size_t row, size_t column, size_t depth, size_t width, size_t step, float *target) {
  const float *source = element(m, row, column);
  if (!m.transposed) {
    pack_along(source, m.stride, depth, width, step, target);
    return;
  }
  for (size_t start = 0; start < width; start += step, target += depth * step) {
    for (size_t part = 0; part < step; part += 8) {
      size_t at = start + part;
      size_t count = at < width ? least(width - at, least(step, 8)) : 0;
      pack_across(count > 0 ? source + at * m.stride : source, m.stride, depth, count, step, target + part);
    }
  }
}

static void tile(size_t depth, const float *a, const float *b, float *c, size_t stride, int adding) {
  __m256 sums[ROWS][2];
#pragma clang loop unroll(full)
  for (int row = 0; row < ROWS; row++) {
    // Asked for now, there when the sums are done.
    _mm_prefetch((const char *)(c + row * stride), _MM_HINT_T0);
    _mm_prefetch((const char *)(c + row * stride + COLUMNS - 1), _MM_HINT_T0);
    sums[row][0] = sums[row][1] = _mm256_setzero_ps();
  }
#pragma clang loop unroll_count(4)
  for (size_t p = 0; p < depth; p++, a += ROWS, b += COLUMNS) {
    __m256 left = _mm256_loadu_ps(b), right = _mm256_loadu_ps(b + 8);
#pragma clang loop unroll(full)
    for (int row = 0; row < ROWS; row++) {
      __m256 factor = _mm256_broadcast_ss(a + row);
      sums[row][0] = _mm256_fmadd_ps(factor, left, sums[row][0]);
      sums[row][1] = _mm256_fmadd_ps(factor, right, sums[row][1]);
    }
  }
#pragma clang loop unroll(full)
  for (int row = 0; row < ROWS; row++) {
    float *to = c + row * stride;
    if (adding) {
      sums[row][0] = _mm256_add_ps(sums[row][0], _mm256_loadu_ps(to));
      sums[row][1] = _mm256_add_ps(sums[row][1], _mm256_loadu_ps(to + 8));
    }
    _mm256_storeu_ps(to, sums[row][0]);
    _mm256_storeu_ps(to + 8, sums[row][1]);
  }
}

// A tile of which c has only some rows and columns.
static void partial_tile(
    size_t depth, const float *a, const float *b, float *c, size_t stride, size_t rows, size_t columns, int adding) {
  float whole[ROWS * COLUMNS];
  tile(depth, a, b, whole, COLUMNS, 0);
  for (size_t row = 0; row < rows; row++) {
    for (size_t column = 0; column < columns; column++) {
      float sum = whole[row * COLUMNS + column], *to = c + row * stride + column;
      *to = adding ? *to + sum : sum;
    }
  }
}

static void product(
    struct matrix a, struct matrix b, size_t m, size_t n, size_t k, int adding, float *c, size_t stride,
    float *packed_a, float *packed_b) {
  // The left factor's panels run along its rows: its transpose is what lies along the depth.
  struct matrix turned = {a.elements, a.stride, !a.transposed};
  for (size_t j = 0; j < n; j += WIDTH) {
    size_t width = least(WIDTH, n - j);
    for (size_t p = 0; p < k; p += DEPTH) {
      size_t depth = least(DEPTH, k - p);
      pack(b, p, j, depth, width, COLUMNS, packed_b);
      for (size_t i = 0; i < m; i += HEIGHT) {
        size_t height = least(HEIGHT, m - i);
        pack(turned, p, i, depth, height, ROWS, packed_a);
        for (size_t column = 0; column < width; column += COLUMNS) {
          for (size_t row = 0; row < height; row += ROWS) {
            const float *left = packed_a + row * depth, *right = packed_b + column * depth;
            float *to = c + (i + row) * stride + j + column;
            size_t rows = least(ROWS, height - row), columns = least(COLUMNS, width - column);
            if (rows == ROWS && columns == COLUMNS) {
              tile(depth, left, right, to, stride, adding || p > 0);
            } else {
              partial_tile(depth, left, right, to, stride, rows, columns, adding || p > 0);
            }
          }
        }
      }
    }
  }
}

#pragma clang attribute pop

// Narrower kernels are asked for where the wider ones would hide a mistake, wider CPUs are OpenBLAS's.
int ck_has_product(void) { return strcmp(ck_instruction_set(), "avx2") == 0; }

// One thread's packed blocks; kept, as a step asks for them a thousand times.
static _Thread_local float *scratch;

void ck_product(
    const float *a, size_t a_stride, int a_transposed, const float *b, size_t b_stride, int b_transposed, size_t m,
    size_t n, size_t k, int adding, float *c, size_t c_stride) {
  size_t for_a = DEPTH * HEIGHT + 16, for_b = DEPTH * WIDTH;
  if (!scratch) scratch = aligned_alloc(64, (for_a + for_b) * sizeof(float));
  if (!scratch) abort();
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
