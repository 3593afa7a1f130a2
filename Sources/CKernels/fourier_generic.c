#include "fourier_table.h"
#define NAME(kernel) generic_##kernel
#include "fourier_body.h"
