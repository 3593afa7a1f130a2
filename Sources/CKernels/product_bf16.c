// Products of single-precision matrices whose factors are rounded to bf16 while they are packed; sums are in single
// precision. The blocks are those of Goto and van de Geijn 2008: a packed block of b stays in the third-level cache,
// one of a in the second-level cache, and a panel of b in the first-level cache.
#include "CKernels.h"
#include "factor.h"

#include <stdint.h>
#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma"))), apply_to = function)

// The size of a tile of c: ROWS × COLUMNS sums in 24 registers.
#define ROWS 12
#define COLUMNS 32
// The sizes of blocks: DEPTH (even) along the sums, HEIGHT rows of a, WIDTH columns of b.
#define DEPTH 512
#define HEIGHT 240
#define WIDTH 1536

// Two rows of floats as pairs of bf16, those of the first row in the lower halves.
static inline __m512i pairs(__m512 first, __m512 second) {
  __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(first));
  __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(second));
  return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

// A mask of the first `count` lanes, at most 16.
static inline __mmask16 mask(size_t count) { return count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1); }

// Packs pairs along the depth of 16 columns that lie side by side: rows 2p and 2p + 1 of the source.
static void pack_along(const float *source, size_t stride, size_t depth, size_t width, uint32_t *target, size_t step) {
  __mmask16 columns = mask(width);
  for (size_t p = 0; p < depth; p += 2, target += step) {
    __m512 first = _mm512_maskz_loadu_ps(columns, source + p * stride);
    __m512 second = p + 1 < depth ? _mm512_maskz_loadu_ps(columns, source + (p + 1) * stride) : _mm512_setzero_ps();
    _mm512_mask_storeu_epi32(target, step < 16 ? mask(step) : 0xffff, pairs(first, second));
  }
}

// Transposes 16 vectors of 16 pairs.
static inline void transpose(__m512i r[16]) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
  }
  for (int i = 0; i < 4; i++) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

// Packs pairs along the depth of 16 columns that are rows of the source.
static void pack_across(const float *source, size_t stride, size_t depth, size_t width, uint32_t *target, size_t step) {
  __mmask16 columns = step < 16 ? mask(step) : 0xffff;
  for (size_t p = 0; p < depth; p += 32) {
    size_t left = depth - p;
    __mmask16 low = mask(left), high = left > 16 ? mask(left - 16) : 0;
    __m512i block[16];
    for (size_t row = 0; row < 16; row++) {
      if (row < width) {
        const float *from = source + row * stride + p;
        block[row] = (__m512i)_mm512_cvtne2ps_pbh(
            _mm512_maskz_loadu_ps(high, from + 16), _mm512_maskz_loadu_ps(low, from));
      } else {
        block[row] = _mm512_setzero_si512();
      }
    }
    transpose(block);
    for (size_t pair = 0; pair < 16 && 2 * pair < left; pair++, target += step) {
      _mm512_mask_storeu_epi32(target, columns, block[pair]);
    }
  }
}

// Packs `width` columns of a (depth × width) matrix into panels of `step` columns, one pair of rows after another.
static void pack(
    const float *source, size_t stride, int across, size_t depth, size_t width, size_t step, uint32_t *target) {
  size_t pairs = (depth + 1) / 2;
  for (size_t start = 0; start < width; start += step, target += pairs * step) {
    for (size_t part = 0; part < step; part += 16) {
      size_t at = start + part;
      size_t count = at >= width ? 0 : width - at < 16 ? width - at : 16;
      if (count > step - part) count = step - part;
      const float *from = count == 0 ? source : across ? source + at * stride : source + at;
      if (across) {
        pack_across(from, stride, depth, count, target + part, step);
      } else {
        pack_along(from, stride, depth, count, target + part, step);
      }
    }
  }
}

// Computes a tile of c from a packed panel of a and one of b.
static void tile(
    size_t pairs, const uint32_t *a, const uint32_t *b, float *c, size_t stride, size_t rows, size_t columns, int adding) {
  __m512 sums[ROWS][2];
  for (int row = 0; row < ROWS; row++) sums[row][0] = sums[row][1] = _mm512_setzero_ps();
  for (size_t p = 0; p < pairs; p++, a += ROWS, b += COLUMNS) {
    __m512bh left = (__m512bh)_mm512_loadu_si512(b), right = (__m512bh)_mm512_loadu_si512(b + 16);
#pragma clang loop unroll(full)
    for (int row = 0; row < ROWS; row++) {
      __m512bh factor = (__m512bh)_mm512_set1_epi32((int)a[row]);
      sums[row][0] = _mm512_dpbf16_ps(sums[row][0], factor, left);
      sums[row][1] = _mm512_dpbf16_ps(sums[row][1], factor, right);
    }
  }
  __mmask16 low = mask(columns), high = columns > 16 ? mask(columns - 16) : 0;
#pragma clang loop unroll(full)
  for (int row = 0; row < ROWS; row++) {
    if ((size_t)row >= rows) break;
    float *to = c + row * stride;
    __m512 first = sums[row][0], second = sums[row][1];
    if (adding) {
      first = _mm512_add_ps(first, _mm512_maskz_loadu_ps(low, to));
      second = _mm512_add_ps(second, _mm512_maskz_loadu_ps(high, to + 16));
    }
    _mm512_mask_storeu_ps(to, low, first);
    _mm512_mask_storeu_ps(to + 16, high, second);
  }
}

static void product(
    struct matrix a, struct matrix b, size_t m, size_t n, size_t k, int adding, float *c, size_t stride,
    uint32_t *packed_a, uint32_t *packed_b) {
  for (size_t j = 0; j < n; j += WIDTH) {
    size_t width = least(WIDTH, n - j);
    for (size_t p = 0; p < k; p += DEPTH) {
      size_t depth = least(DEPTH, k - p), pairs = (depth + 1) / 2;
      pack(element(b, p, j), b.stride, b.transposed, depth, width, COLUMNS, packed_b);
      for (size_t i = 0; i < m; i += HEIGHT) {
        size_t height = least(HEIGHT, m - i);
        // The panels of the left factor run along its rows, so that it is its transpose that lies along the depth.
        pack(element(a, i, p), a.stride, !a.transposed, depth, height, ROWS, packed_a);
        for (size_t column = 0; column < width; column += COLUMNS) {
          for (size_t row = 0; row < height; row += ROWS) {
            tile(
                pairs, packed_a + row * pairs, packed_b + column * pairs, c + (i + row) * stride + j + column, stride,
                height - row, width - column, adding || p > 0);
          }
        }
      }
    }
  }
}

#pragma clang attribute pop

int ck_has_bf16(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
}

// The packed blocks of one thread, which are kept because a step asks for them a thousand times.
static _Thread_local uint32_t *scratch;

void ck_product_bf16(
    const float *a, size_t a_stride, int a_transposed, const float *b, size_t b_stride, int b_transposed, size_t m,
    size_t n, size_t k, int adding, float *c, size_t c_stride) {
  size_t for_a = (DEPTH / 2) * HEIGHT, for_b = (DEPTH / 2) * WIDTH;
  if (!scratch) scratch = aligned_alloc(64, (for_a + for_b) * sizeof(uint32_t));
  if (!scratch) abort();
  product(
      (struct matrix){a, a_stride, a_transposed}, (struct matrix){b, b_stride, b_transposed}, m, n, k, adding, c,
      c_stride, scratch, scratch + for_a);
}
#else
int ck_has_bf16(void) { return 0; }
void ck_product_bf16(
    const float *a, size_t a_stride, int a_transposed, const float *b, size_t b_stride, int b_transposed, size_t m,
    size_t n, size_t k, int adding, float *c, size_t c_stride) {
  abort();
}
#endif
