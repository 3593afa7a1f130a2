// A factor of a product: its elements, as stored or transposed, with `stride` elements from one stored row to the next.
#pragma once

#include <stddef.h>

struct matrix {
  const float *elements;
  size_t stride;
  int transposed;
};

static inline const float *element(struct matrix m, size_t row, size_t column) {
  return m.transposed ? m.elements + column * m.stride + row : m.elements + row * m.stride + column;
}

static inline size_t least(size_t x, size_t y) { return x < y ? x : y; }
