#include "CKernels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "product_single.h"

// Chooses by the instruction set of the element-wise kernels, so that a narrower one can be asked for in one place.
static const struct single_product *choose(void) {
#if defined(__x86_64__)
  const char *set = ck_instruction_set();
  if (strcmp(set, "avx512") == 0) return &avx512_single_product;
  __builtin_cpu_init();
  // AVX2's own instructions are not used in a product.
  if (strcmp(set, "avx2") == 0 || __builtin_cpu_supports("fma")) return &fma_single_product;
#endif
  return &generic_single_product;
}

// Memory for a thread's packed blocks.
static float *new_scratch(size_t floats) {
  size_t page = 2 << 20, bytes = (floats * sizeof(float) + page - 1) / page * page;
  float *found = aligned_alloc(page, bytes);
  if (!found) abort();
#if defined(MADV_HUGEPAGE)
  // With huge pages there are fewer addresses to translate; where there are none, the product is only slower.
  madvise(found, bytes, MADV_HUGEPAGE);
#endif
  return found;
}

// The memory is kept, because a step multiplies a thousand times.
static _Thread_local float *scratch;

// The product that this CPU runs. The choice is made at the first product, after the constructors have run; threads that
// get here together choose the same.
static const struct single_product *chosen(void) {
  static _Atomic(const struct single_product *) known;
  const struct single_product *single = atomic_load_explicit(&known, memory_order_relaxed);
  if (!single) {
    single = choose();
    atomic_store_explicit(&known, single, memory_order_relaxed);
  }
  if (!scratch) scratch = new_scratch(single->scratch);
  return single;
}

void ck_product(
    const float *a, size_t a_stride, int a_transposed, const float *b, size_t b_stride, int b_transposed, size_t m,
    size_t n, size_t k, int adding, float *c, size_t c_stride) {
  chosen()->multiply(
      (struct matrix){a, a_stride, a_transposed}, (struct matrix){b, b_stride, b_transposed}, m, n, k, adding, c,
      c_stride, scratch);
}

// Packing may overwrite 16 floats. With 48, factors of the usual numbers of channels have no size that an estimate of
// memory would take for a multiple of the frames.
size_t ck_packed_size(size_t m, size_t k) { return (m + MOST_ROWS - 1) / MOST_ROWS * MOST_ROWS * k + 48; }

void ck_pack(const float *a, size_t a_stride, size_t m, size_t k, float *packed) {
  chosen()->pack((struct matrix){a, a_stride, 0}, m, k, packed);
}

void ck_product_packed(
    const float *a, size_t a_columns, size_t row, size_t column, const float *b, size_t b_stride, size_t m, size_t n,
    size_t k, int adding, float *c, size_t c_stride) {
  chosen()->multiply_packed(
      (struct panels){a, a_columns, row, column}, (struct matrix){b, b_stride, 0}, m, n, k, adding, c, c_stride,
      scratch);
}

size_t ck_panel_columns(void) { return chosen()->columns; }

void ck_product_other(
    const ck_left *a, const ck_right *b, size_t m, size_t n, size_t k, int adding, float *c, size_t c_stride) {
  struct panels packed = {a->elements, a->stride, a->row, a->column};
  chosen()->multiply_other(
      (struct matrix){a->elements, a->stride, 0}, a->packed ? &packed : NULL, b, m, n, k, adding, c, c_stride,
      scratch);
}
