#include "kernels_table.h"
#define NAME(kernel) generic_##kernel
#include "kernels_body.h"
