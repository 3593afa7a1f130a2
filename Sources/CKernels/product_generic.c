#define NAME(product) generic_##product
// 24 of 32 registers of four.
#define ROWS 6
#define LANES 8
#define HEIGHT 192
#include "product_single_body.h"
