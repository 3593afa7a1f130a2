// Sums over rows, as a part of kernels_body.h. They give the same bits with every instruction set: element i of a block
// is added to lane i % LANES, whatever the width of the CPU's vectors, the lanes are folded by halves, and the blocks
// are added in double precision.

#define LANES 32
#define HALF (LANES / 2)
#define BLOCK 4096

// Half the lanes, which are one vector of the widest CPU and several of others.
typedef float floats __attribute__((ext_vector_type(HALF)));
typedef int32_t ints __attribute__((ext_vector_type(HALF)));

// Vectors wider than the CPU's are passed between inlined functions only, where no calling convention matters.
#pragma clang diagnostic ignored "-Wpsabi"
#define INLINE static inline __attribute__((always_inline))

// The rows and numbers that a reduction reads and writes; each reduction uses some of them.
struct rows {
  const float *x, *z, *u, *v;
  float *y;
  float a, b, c;
};

// The work of a reduction on `count` elements from the i-th on, at most HALF. It adds to one or two sums.
typedef void step(floats *sums, const struct rows *rows, size_t i, size_t count);

// Copies fewer than HALF elements without a call.
INLINE void NAME(copy_few)(float *to, const float *from, size_t count) {
  for (size_t part = HALF / 2; part > 0; part /= 2) {
    if (!(count & part)) continue;
    memcpy(to, from, part * sizeof(float));
    to += part;
    from += part;
  }
}

// Reads `count` elements, at most HALF; the lanes from the `count`-th on are 0.
INLINE floats NAME(load)(const float *x, size_t count) {
  floats v = 0;
  if (count == HALF) {
    memcpy(&v, x, sizeof v);
  } else {
    NAME(copy_few)((float *)&v, x, count);
  }
  return v;
}

// Writes the first `count` lanes.
INLINE void NAME(store)(floats v, float *y, size_t count) {
  if (count == HALF) {
    memcpy(y, &v, sizeof v);
  } else {
    NAME(copy_few)(y, (const float *)&v, count);
  }
}

// The first `count` lanes of `next`, followed by those of `before`, where there is nothing to add.
INLINE floats NAME(first)(size_t count, floats next, floats before) {
  if (count == HALF) return next;
  const ints index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return index < (int32_t)count ? next : before;
}

// The sum of all lanes, folded by halves.
INLINE float NAME(fold)(floats lower, floats upper) {
  floats s16 = lower + upper;
  __typeof__(s16.lo) s8 = s16.lo + s16.hi;
  __typeof__(s8.lo) s4 = s8.lo + s8.hi;
  __typeof__(s4.lo) s2 = s4.lo + s4.hi;
  return s2.lo + s2.hi;
}

// Computes the totals of both sums; one that the step leaves alone is 0.
INLINE void NAME(reduce)(step *step, const struct rows *rows, size_t n, double *totals) {
  totals[0] = totals[1] = 0;
  for (size_t start = 0; start < n; start += BLOCK) {
    size_t end = start + BLOCK < n ? start + BLOCK : n, i = start;
    floats lower[2] = {0, 0}, upper[2] = {0, 0};
    for (; end - i >= LANES; i += LANES) {
      step(lower, rows, i, HALF);
      step(upper, rows, i + HALF, HALF);
    }
    size_t rest = end - i;
    if (rest > 0) step(lower, rows, i, rest < HALF ? rest : HALF);
    if (rest > HALF) step(upper, rows, i + HALF, rest - HALF);
    totals[0] += NAME(fold)(lower[0], upper[0]);
    totals[1] += NAME(fold)(lower[1], upper[1]);
  }
}

// The highest element. It is found in lanes too, because the bits show which of several zeros is taken.
INLINE float NAME(highest)(const float *x, size_t n) {
  floats h16 = x[0];
  size_t i = 0;
  for (; n - i >= HALF; i += HALF) {
    floats v = NAME(load)(x + i, HALF);
    h16 = v > h16 ? v : h16;
  }
  floats v = NAME(load)(x + i, n - i);
  h16 = NAME(first)(n - i, v > h16 ? v : h16, h16);
  __typeof__(h16.lo) h8 = h16.hi > h16.lo ? h16.hi : h16.lo;
  __typeof__(h8.lo) h4 = h8.hi > h8.lo ? h8.hi : h8.lo;
  __typeof__(h4.lo) h2 = h4.hi > h4.lo ? h4.hi : h4.lo;
  return h2.hi > h2.lo ? h2.hi : h2.lo;
}
