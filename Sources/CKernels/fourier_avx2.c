#include "fourier_table.h"
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define NAME(kernel) avx2_##kernel
#include "fourier_body.h"
#pragma clang attribute pop
#endif
