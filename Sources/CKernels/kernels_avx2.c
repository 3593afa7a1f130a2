#include "kernels_table.h"
#if defined(__x86_64__)
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define NAME(kernel) avx2_##kernel
#include "kernels_body.h"
#pragma clang attribute pop
#endif
