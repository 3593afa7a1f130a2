#define NAME(product) generic_##product
// A tile takes 24 of 32 registers, each of four floats.
#define ROWS 6
#define LANES 8
#define HEIGHT 192
#include "product_single_body.h"
