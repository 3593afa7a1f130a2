// Passes of gates and of xi-vector's pooling, as a part of kernels_body.h.

// The gate of an element at the distance u from its map's mean.
static inline float NAME(gate)(float u, float slope) {
  return 1.0f / NAME(exp_plus)(-FMA(slope * u, u, 0.5f), 1.0f);
}

static void NAME(energy_gate)(
    const float *x, float *y, size_t n, float scale, float shift, float mean, float slope) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) {
    float u = FMA(x[i], scale, shift);
    y[i] = (u + mean) * NAME(gate)(u, slope);
  }
}

static void NAME(energy_gates)(const float *x, float *gates, size_t n, float scale, float shift, float slope) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) gates[i] = NAME(gate)(FMA(x[i], scale, shift), slope);
}

INLINE void NAME(energy_gate_sums_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  floats u = FMA(NAME(load)(rows->x + i, count), (floats)rows->a, (floats)rows->b);
  floats g = NAME(load)(rows->y + i, count), dy = NAME(load)(rows->z + i, count);
  floats q = dy * (u + rows->c) * FMA(-g, g, g) * u;
  sums[0] = NAME(first)(count, sums[0] + q, sums[0]);
  sums[1] = NAME(first)(count, FMA(q, u, sums[1]), sums[1]);
}

static void NAME(energy_gate_sums)(
    const float *dy, const float *x, float *gates, size_t n, float scale, float shift, float mean, double *first,
    double *second) {
  struct rows rows = {.x = x, .z = dy, .y = gates, .a = scale, .b = shift, .c = mean};
  double totals[2];
  NAME(reduce)(NAME(energy_gate_sums_step), &rows, n, totals);
  *first = totals[0];
  *second = totals[1];
}

static void NAME(energy_gate_backward)(
    float *dy, const float *x, const float *gates, size_t n, float scale, float shift, float mean, float slope,
    float a, float b) {
  for (size_t i = 0; i < n; i++) {
    float u = FMA(x[i], scale, shift), g = gates[i];
    float q = dy[i] * (u + mean) * FMA(-g, g, g);
    dy[i] = FMA(dy[i], g, FMA(u, FMA(2 * slope, q, a), b));
  }
}

// ln(1 + exp(x)). The sum 1 + exp loses digits of a small exp, which the last factor restores (Kahan).
static inline float NAME(softplus)(float x) {
  float y = NAME(exp_plus)(-__builtin_fabsf(x), 0);
  float u = 1.0f + y, d = u - 1.0f;
  float log = d > 0 ? NAME(log1)(u) * (y / d) : y;
  return (x > 0 ? x : 0) + log;
}

// exp(-15) and exp(15).
#define LEAST_PRECISION 3.05902321e-7f
#define MOST_PRECISION 3.26901737e6f

static inline float NAME(precision)(float energy) {
  float s = NAME(softplus)(energy), p = s * s;
  p = p < LEAST_PRECISION ? LEAST_PRECISION : p;
  return p > MOST_PRECISION ? MOST_PRECISION : p;
}

static void NAME(precisions)(const float *energy, float *p, size_t n) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) p[i] = NAME(precision)(energy[i]);
}

static void NAME(precisions_backward)(
    const float *energy, const float *x, float *denergy, size_t n, float factor, float centre) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) {
    float s = NAME(softplus)(energy[i]), p = s * s;
    float slope = 2 * s / NAME(exp_plus)(-energy[i], 1.0f);
    float d = factor * (x[i] - centre) * slope;
    d = p < LEAST_PRECISION ? 0 : d;
    denergy[i] = p > MOST_PRECISION ? 0 : d;
  }
}

static void NAME(add_precisions)(const float *energy, float *y, size_t n, float factor) {
  for (size_t i = 0; i < n; i++) y[i] = FMA(factor, NAME(precision)(energy[i]), y[i]);
}
