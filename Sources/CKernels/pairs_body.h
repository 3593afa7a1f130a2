// Passes between a row and one of half as many numbers, as a part of kernels_body.h.

static void NAME(doubled)(const float *x, float *y, size_t n) {
  size_t i = 0;
  for (; n - i >= HALF; i += HALF) {
    floats v = NAME(load)(x + i, HALF);
    NAME(store)(__builtin_shufflevector(v, v, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7), y + 2 * i, HALF);
    NAME(store)(
        __builtin_shufflevector(v, v, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15), y + 2 * i + HALF,
        HALF);
  }
  for (; i < n; i++) y[2 * i] = y[2 * i + 1] = x[i];
}

static void NAME(pair_sums)(const float *x, float *y, size_t n) {
  size_t i = 0;
  for (; n - i >= HALF; i += HALF) {
    floats lower = NAME(load)(x + 2 * i, HALF), upper = NAME(load)(x + 2 * i + HALF, HALF);
    floats even = __builtin_shufflevector(lower, upper, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    floats odd = __builtin_shufflevector(lower, upper, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    NAME(store)(even + odd, y + i, HALF);
  }
  for (; i < n; i++) y[i] = x[2 * i] + x[2 * i + 1];
}
