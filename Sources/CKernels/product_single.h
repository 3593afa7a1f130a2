// The single-precision product, whose bits are the same on every CPU and at any cut of the rows and columns.
//
// An element: the inner index is cut in blocks whose depth depends on its length alone. Within a block one chain of fused
// multiply-adds in rising order from 0. The blocks' results are added in order: the first is stored, or added to the
// old element; each next one is added to the element.
#pragma once

#include <stddef.h>

#include "factor.h"

// The deepest block: a packed panel of b as deep and 16 wide fills half a first-level cache.
#define MOST_DEPTH 256

// Blocks of nearly one depth: a short last one would cost a pass over c like a long one.
static inline size_t depth_of_block(size_t k) {
  size_t blocks = (k + MOST_DEPTH - 1) / MOST_DEPTH;
  return ((k + blocks - 1) / blocks + 7) / 8 * 8;
}

struct single_product {
  void (*multiply)(
      struct matrix a, struct matrix b, size_t m, size_t n, size_t k, int adding, float *c, size_t stride,
      float *scratch);
  // Floats of scratch memory.
  size_t scratch;
};

#if defined(__x86_64__)
extern const struct single_product avx512_single_product, fma_single_product;
#endif
extern const struct single_product generic_single_product;
