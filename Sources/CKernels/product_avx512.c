#if defined(__x86_64__)
#include <stdint.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), apply_to = function)
#define NAME(product) avx512_##product
// A tile takes 24 of 32 registers, each of sixteen floats.
#define ROWS 12
#define LANES 16
#define HEIGHT 384
#include "product_single_body.h"
#pragma clang attribute pop
#endif
