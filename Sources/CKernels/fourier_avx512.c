#include "fourier_table.h"
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), apply_to = function)
#define NAME(kernel) avx512_##kernel
#include "fourier_body.h"
#pragma clang attribute pop
#endif
