// Passes over frames of audio, as a part of kernels_body.h.

// Draws numbers with four xoshiro256++ generators (Blackman and Vigna, 2021) side by side, whose 256 bits a turn give
// eight numbers by the ziggurat of 128 layers (Marsaglia and Tsang, 2000): 7 bits choose the layer and 25 the place
// within it. The bits are the same at any width of the CPU's vectors.
static size_t NAME(normal_numbers)(
    uint64_t *state, const float *edges, const float *inner, float *x, size_t n, uint32_t *outside) {
  typedef uint64_t longs __attribute__((vector_size(32)));
  typedef int32_t ints __attribute__((vector_size(32)));
  typedef float floats __attribute__((vector_size(32)));
  longs s0, s1, s2, s3;
  memcpy(&s0, state, 32);
  memcpy(&s1, state + 4, 32);
  memcpy(&s2, state + 8, 32);
  memcpy(&s3, state + 12, 32);
  size_t count = 0;
  for (size_t i = 0; i < n; i += 8) {
    longs sum = s0 + s3;
    longs drawn = (sum << 23 | sum >> 41) + s0;
    longs shifted = s1 << 17;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = s3 << 45 | s3 >> 19;
    ints bits = (ints)drawn;
    ints layer = bits & 127;
    floats edge, within;
    for (int lane = 0; lane < 8; lane++) {
      edge[lane] = edges[layer[lane]];
      within[lane] = inner[layer[lane]];
    }
    floats value = __builtin_convertvector(bits & ~127, floats) * 0x1p-31f * edge;
    memcpy(x + i, &value, 32);
    ints beyond = (value >= within) | (-value >= within);
    if (__builtin_reduce_or(beyond)) {
      for (int lane = 0; lane < 8; lane++) {
        if (beyond[lane]) outside[count++] = (uint32_t)((i + lane) << 7 | (size_t)layer[lane]);
      }
    }
  }
  memcpy(state, &s0, 32);
  memcpy(state + 4, &s1, 32);
  memcpy(state + 8, &s2, 32);
  memcpy(state + 12, &s3, 32);
  return count;
}

typedef double doubles __attribute__((ext_vector_type(HALF)));

// The values samples + amplitude * noise. Lanes from the `count`-th on are 0, unless the amplitude is not finite.
INLINE doubles NAME(dithered)(const float *samples, const float *noise, double amplitude, size_t count) {
  doubles sample = __builtin_convertvector(NAME(load)(samples, count), doubles);
  return FMA((doubles)amplitude, __builtin_convertvector(NAME(load)(noise, count), doubles), sample);
}

static void NAME(shape_frame)(
    const float *samples, const float *noise, double amplitude, double emphasis, const double *window, size_t n,
    double *frame) {
  doubles s16 = 0;
  size_t whole = n / HALF * HALF;
  for (size_t i = 0; i < whole; i += HALF) s16 += NAME(dithered)(samples + i, noise + i, amplitude, HALF);
  s16 += NAME(dithered)(samples + whole, noise + whole, amplitude, n - whole);
  __typeof__(s16.lo) s8 = s16.lo + s16.hi;
  __typeof__(s8.lo) s4 = s8.lo + s8.hi;
  __typeof__(s4.lo) s2 = s4.lo + s4.hi;
  double total = s2.lo + s2.hi;
  double mean = total / (double)n;
  double first = FMA(amplitude, (double)noise[0], (double)samples[0]) - mean;
  frame[0] = FMA(-emphasis, first, first) * window[0];
  for (size_t i = 1; i < n; i++) {
    double before = FMA(amplitude, (double)noise[i - 1], (double)samples[i - 1]) - mean;
    double here = FMA(amplitude, (double)noise[i], (double)samples[i]) - mean;
    frame[i] = FMA(-emphasis, before, here) * window[i];
  }
}

// The logarithm by Cephes' logf (Moshier): from the exponent, and a polynomial about 1 for the rest, which lies between
// sqrt(1/2) and sqrt(2).
static inline float NAME(log1)(float v) {
  int32_t bits;
  memcpy(&bits, &v, 4);
  int32_t exponent = (bits >> 23) - 126;
  bits = (bits & 0x007FFFFF) | 0x3F000000;
  float m;
  memcpy(&m, &bits, 4);
  int is_low = m < 0.707106781186547524f;
  float e = (float)(exponent - (is_low ? 1 : 0));
  float r = (is_low ? m + m : m) - 1.0f;
  float z = r * r;
  float p = 7.0376836292e-2f;
  p = FMA(p, r, -1.1514610310e-1f);
  p = FMA(p, r, 1.1676998740e-1f);
  p = FMA(p, r, -1.2420140846e-1f);
  p = FMA(p, r, 1.4249322787e-1f);
  p = FMA(p, r, -1.6668057665e-1f);
  p = FMA(p, r, 2.0000714765e-1f);
  p = FMA(p, r, -2.4999993993e-1f);
  p = FMA(p, r, 3.3333331174e-1f);
  float result = FMA(r * z, p, -2.12194440e-4f * e);
  result = FMA(0.693359375f, e, FMA(-0.5f, z, result) + r);
  // Numbers that are infinite or not numbers stay as they are.
  return v <= 3.402823466e38f ? result : v;
}

static void NAME(log)(float *x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = NAME(log1)(x[i]);
}
