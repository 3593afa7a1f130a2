#if defined(__x86_64__)
#include <stdint.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx,fma"))), apply_to = function)
#define NAME(product) fma_##product
// A tile takes twelve of sixteen registers, each of eight floats.
#define ROWS 6
#define LANES 8
#define HEIGHT 192
#include "product_single_body.h"
#pragma clang attribute pop
#endif
