// The single-precision product, whose bits are the same on every CPU and at any cut of the rows and columns.
//
// Each element is computed as follows. The inner index is cut into blocks whose depth depends on its length alone.
// Within a block, one chain of fused multiply-adds goes through the terms in ascending order, beginning with 0. The
// results of the blocks are added in order: the first is stored, or added to the old element, and each later one is
// added to the element.
#pragma once

#include <stddef.h>

#include "CKernels.h"
#include "factor.h"

// The depth of the deepest block: a packed panel of b of this depth and 16 columns fills half a first-level cache.
#define MOST_DEPTH 256

// The depth of blocks, which is nearly the same for all of them: a short last block would cost a pass over c, as a long
// one does.
static inline size_t depth_of_block(size_t k) {
  size_t blocks = (k + MOST_DEPTH - 1) / MOST_DEPTH;
  return ((k + blocks - 1) / blocks + 7) / 8 * 8;
}

// The rows of a tile are a divisor of this on every CPU.
#define MOST_ROWS 12

// A part of a left factor that is laid out as panels of the rows of a tile, one after the other, each column by column.
struct panels {
  const float *elements;
  // The columns of the whole factor.
  size_t columns;
  // The first row of the part, a multiple of MOST_ROWS, and its first column.
  size_t row, column;
};

// A right factor: a matrix, or one that is read otherwise.
struct right {
  struct matrix stored;
  const ck_right *other;
};

struct single_product {
  void (*multiply)(
      struct matrix a, struct matrix b, size_t m, size_t n, size_t k, int adding, float *c, size_t stride,
      float *scratch);
  // The same with a left factor that `pack` has laid out.
  void (*multiply_packed)(
      struct panels a, struct matrix b, size_t m, size_t n, size_t k, int adding, float *c, size_t stride,
      float *scratch);
  // The same with a right factor that is read otherwise than as it is stored, and a left one that is laid out or not.
  void (*multiply_other)(
      struct matrix a, const struct panels *packed, const ck_right *b, size_t m, size_t n, size_t k, int adding,
      float *c, size_t stride, float *scratch);
  // Lays out a left factor of m rows and k columns as panels of the rows of a tile, each with all columns.
  void (*pack)(struct matrix a, size_t m, size_t k, float *target);
  // The number of floats of scratch memory.
  size_t scratch;
  // The columns of a panel of a right factor.
  size_t columns;
};

#if defined(__x86_64__)
extern const struct single_product avx512_single_product, fma_single_product;
#endif
extern const struct single_product generic_single_product;
