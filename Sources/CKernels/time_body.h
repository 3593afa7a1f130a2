// Passes of layers over time alone, as a part of kernels_body.h.

// The tail P(X > t) of the normal distribution is exp(-t^2 / 2) times a ratio, that of Mills by sqrt(2 pi). Times t +
// 2 it is a polynomial in t / (t + 2), fitted to a relative error of 6e-8 up to t = 13.25 and to 1 at 0; it is set to
// 0 where the tail is no normal number. The square is taken to twice single precision, since an error of the
// exponential's argument is a relative error of the result.
static inline float NAME(normal_exponential)(float x) {
  float t = __builtin_fabsf(x);
  t = t > 14.0f ? 14.0f : t;
  float s = t * t, low = FMA(t, t, -s);
  float e = NAME(exp_plus)(-0.5f * s, 0);
  return FMA(e, -0.5f * low, e);
}

static inline float NAME(normal_ratio)(float t) {
  float v = 1.0f / (t + 2.0f), r = t * v;
  float p = 0.0568546802f;
  p = FMA(p, r, -0.0974821895f);
  p = FMA(p, r, -0.022054093f);
  p = FMA(p, r, 0.045130942f);
  p = FMA(p, r, 0.000454946014f);
  p = FMA(p, r, 0.120782785f);
  p = FMA(p, r, 0.0823995471f);
  p = FMA(p, r, -0.19132264f);
  p = FMA(p, r, -0.595775187f);
  p = FMA(p, r, 1.0f);
  return t > 13.19f ? 0 : p * v;
}

static inline float NAME(gelu1)(float x) {
  float below = x * NAME(normal_ratio)(__builtin_fabsf(x)) * NAME(normal_exponential)(x);
  return x > 0 ? x - below : below;
}

static inline float NAME(gelu_slope)(float x) {
  float e = NAME(normal_exponential)(x), tail = NAME(normal_ratio)(__builtin_fabsf(x)) * e;
  // 1 / sqrt(2 pi).
  float density = __builtin_fabsf(x) > 13.19f ? 0 : 0.398942280f * x * e;
  return (x > 0 ? 1.0f - tail : tail) + density;
}

static void NAME(affine_gelu)(const float *x, float *y, size_t n, float scale, float shift) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) y[i] = NAME(gelu1)(FMA(x[i], scale, shift));
}

static void NAME(affine_gelu_backward)(float *dy, const float *x, size_t n, float scale, float shift) {
  for (size_t i = 0; i < n; i++) dy[i] *= NAME(gelu_slope)(FMA(x[i], scale, shift));
}

// 1 / (1 + exp(w)) for w = t * (C1 + C2 * t^2), t = |x|, where C1 = 2 sqrt(2 / pi) and C2 = 0.044715 C1: the share of x
// that the form by tanh gives below 0. Both constants and w are taken to twice single precision, as the square above.
static inline float NAME(tanh_tail)(float x) {
  const float c1 = 1.59576917f, c1_low = -4.53406804e-8f, c2 = 7.13548139e-2f, c2_low = 2.39883240e-9f;
  float t = __builtin_fabsf(x);
  t = t > 14.0f ? 14.0f : t;
  float s = t * t, s_low = FMA(t, t, -s);
  float a = c2 * s, a_low = FMA(c2, s, -a);
  float p = a + c1, part = p - a;
  float p_low = (a - (p - part)) + (c1 - part) + (a_low + FMA(c2, s_low, FMA(c2_low, s, c1_low)));
  float w = t * p, w_low = FMA(t, p_low, FMA(t, p, -w));
  float e = NAME(exp_plus)(-w, 0);
  e = FMA(e, -w_low, e);
  return w > 87.0f ? 0 : e / (1.0f + e);
}

static void NAME(gelu_tanh)(const float *x, float *y, size_t n) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) {
    float below = x[i] * NAME(tanh_tail)(x[i]);
    y[i] = x[i] > 0 ? x[i] - below : below;
  }
}

static void NAME(gelu_tanh_backward)(float *dy, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float v = x[i], q = NAME(tanh_tail)(v);
    // x times the slope of w, C1 * (1 + 3 * 0.044715 * x^2).
    float inner = v * FMA(0.214064449f * v, v, 1.59576917f);
    float bend = q > 0 ? q * (1.0f - q) * inner : q;
    dy[i] *= (v > 0 ? 1.0f - q : q) + bend;
  }
}

static double NAME(scaled_exponentials)(float *x, size_t n, float scale, float *highest) {
  float top = scale * NAME(highest)(x, n);
  for (size_t i = 0; i < n; i++) x[i] = NAME(exp_plus)(FMA(x[i], scale, -top), 0);
  *highest = top;
  return NAME(sum)(x, n);
}

static void NAME(softmax)(float *x, size_t n, float scale) {
  float highest;
  float part = 1.0f / (float)NAME(scaled_exponentials)(x, n, scale, &highest);
  for (size_t i = 0; i < n; i++) x[i] *= part;
}

static void NAME(softmax_backward)(const float *p, float *dp, size_t n, float scale) {
  float inner = (float)NAME(dot)(p, dp, n);
  for (size_t i = 0; i < n; i++) dp[i] = scale * p[i] * (dp[i] - inner);
}

// Normalisation of columns. A block of them is read row by row, so that each column's sums are chains in the order of
// the rows, whatever the width of the CPU's vectors.

enum { COLUMNS = 64 };

static void NAME(layer_normalization)(
    const float *x, size_t x_stride, size_t rows, size_t n, const float *weights, const float *biases, float epsilon,
    float *y, size_t y_stride, float *means, float *inverses) {
  for (size_t start = 0; start < n; start += COLUMNS) {
    size_t count = NAME(lesser)(COLUMNS, n - start);
    float mean[COLUMNS] = {0}, inverse[COLUMNS] = {0};
    for (size_t r = 0; r < rows; r++) {
      const float *own = x + r * x_stride + start;
      for (size_t i = 0; i < count; i++) mean[i] += own[i];
    }
    for (size_t i = 0; i < count; i++) mean[i] /= (float)rows;
    for (size_t r = 0; r < rows; r++) {
      const float *own = x + r * x_stride + start;
      for (size_t i = 0; i < count; i++) {
        float d = own[i] - mean[i];
        inverse[i] = FMA(d, d, inverse[i]);
      }
    }
    for (size_t i = 0; i < count; i++) {
      inverse[i] = 1.0f / __builtin_elementwise_sqrt(inverse[i] / (float)rows + epsilon);
    }
    for (size_t r = 0; r < rows; r++) {
      const float *from = x + r * x_stride + start;
      float *to = y + r * y_stride + start, weight = weights[r], bias = biases[r];
      SAME_OR_APART
      for (size_t i = 0; i < count; i++) to[i] = FMA((from[i] - mean[i]) * inverse[i], weight, bias);
    }
    memcpy(means + start, mean, count * sizeof *mean);
    memcpy(inverses + start, inverse, count * sizeof *inverse);
  }
}

INLINE void NAME(layer_normalization_sums_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  floats dy = NAME(load)(rows->z + i, count);
  floats d = NAME(load)(rows->x + i, count) - NAME(load)(rows->u + i, count);
  sums[0] = NAME(first)(count, sums[0] + dy, sums[0]);
  sums[1] = NAME(first)(count, FMA(dy, d * NAME(load)(rows->v + i, count), sums[1]), sums[1]);
}

static void NAME(layer_normalization_sums)(
    const float *dy, const float *x, const float *means, const float *inverses, size_t n, double *sum,
    double *weighted) {
  struct rows rows = {.x = x, .z = dy, .u = means, .v = inverses};
  double totals[2];
  NAME(reduce)(NAME(layer_normalization_sums_step), &rows, n, totals);
  *sum = totals[0];
  *weighted = totals[1];
}

static void NAME(layer_normalization_backward)(
    const float *dy, size_t dy_stride, const float *x, size_t x_stride, size_t rows, size_t n, const float *weights,
    const float *means, const float *inverses, float *dx, size_t dx_stride) {
  for (size_t start = 0; start < n; start += COLUMNS) {
    size_t count = NAME(lesser)(COLUMNS, n - start);
    const float *mean = means + start, *inverse = inverses + start;
    float level[COLUMNS] = {0}, slope[COLUMNS] = {0};
    for (size_t r = 0; r < rows; r++) {
      const float *g = dy + r * dy_stride + start, *own = x + r * x_stride + start;
      float weight = weights[r];
      for (size_t i = 0; i < count; i++) {
        float passed = g[i] * weight;
        level[i] += passed;
        slope[i] = FMA(passed, (own[i] - mean[i]) * inverse[i], slope[i]);
      }
    }
    for (size_t i = 0; i < count; i++) {
      float share = inverse[i] / (float)rows;
      level[i] *= -share;
      slope[i] *= -share;
    }
    for (size_t r = 0; r < rows; r++) {
      const float *g = dy + r * dy_stride + start, *own = x + r * x_stride + start;
      float *to = dx + r * dx_stride + start, weight = weights[r];
      SAME_OR_APART
      for (size_t i = 0; i < count; i++) {
        float passed = g[i] * weight * inverse[i];
        to[i] = FMA((own[i] - mean[i]) * inverse[i], slope[i], passed + level[i]);
      }
    }
  }
}

// Convolutions of one line by one kernel. A stretch of the line is copied between zeros, so that no tap has to ask
// whether it lies within.

enum { STRETCH = 256, ROOM = STRETCH + 2 * 64 };

// Writes line[i] = x[start + i - reach] for i < count, and 0 where x has none and up to the end of the room.
INLINE void NAME(pad_stretch)(const float *x, size_t n, size_t start, size_t reach, size_t count, float *line) {
  size_t zeros = start < reach ? reach - start : 0, from = start < reach ? 0 : start - reach;
  size_t own = NAME(lesser)(n - from, count - zeros);
  memset(line, 0, zeros * sizeof *line);
  memcpy(line + zeros, x + from, own * sizeof *line);
  memset(line + zeros + own, 0, (ROOM - zeros - own) * sizeof *line);
}

static void NAME(depthwise_row)(
    const float *x, float *y, size_t n, const float *w, size_t taps, int turned, float bias, int adding) {
  float line[ROOM];
  for (size_t start = 0; start < n; start += STRETCH) {
    size_t count = NAME(lesser)(STRETCH, n - start);
    NAME(pad_stretch)(x, n, start, taps / 2, count + taps - 1, line);
    for (size_t i = 0; i < count; i += 4 * HALF) {
      floats sums[4] = {bias, bias, bias, bias};
      for (size_t j = 0; j < taps; j++) {
        floats tap = w[turned ? taps - 1 - j : j];
        for (size_t part = 0; part < 4; part++) {
          sums[part] = FMA(tap, NAME(load)(line + i + j + part * HALF, HALF), sums[part]);
        }
      }
      for (size_t part = 0; part < 4 && i + part * HALF < count; part++) {
        float *to = y + start + i + part * HALF;
        size_t room = NAME(lesser)(HALF, count - i - part * HALF);
        NAME(store)(adding ? NAME(load)(to, room) + sums[part] : sums[part], to, room);
      }
    }
  }
}

// Adds up dy[t] * line[t + j] for all taps j of `vectors` times HALF. Frames go to `chains` sums by turns, so that one
// addition need not wait for another.
INLINE void NAME(tap_sums)(
    const float *dy, const float *line, size_t count, size_t vectors, size_t chains, floats *totals) {
  floats sums[4] = {0, 0, 0, 0};
  size_t t = 0;
  for (; count - t >= chains; t += chains) {
    for (size_t chain = 0; chain < chains; chain++) {
      floats frame = dy[t + chain];
      for (size_t part = 0; part < vectors; part++) {
        floats taps = NAME(load)(line + t + chain + part * HALF, HALF);
        sums[chain * vectors + part] = FMA(frame, taps, sums[chain * vectors + part]);
      }
    }
  }
  for (size_t chain = 0; chain < chains && t + chain < count; chain++) {
    floats frame = dy[t + chain];
    for (size_t part = 0; part < vectors; part++) {
      floats taps = NAME(load)(line + t + chain + part * HALF, HALF);
      sums[chain * vectors + part] = FMA(frame, taps, sums[chain * vectors + part]);
    }
  }
  for (size_t part = 0; part < vectors; part++) {
    totals[part] = sums[part];
    for (size_t chain = 1; chain < chains; chain++) totals[part] += sums[chain * vectors + part];
  }
}

static void NAME(depthwise_row_gradient)(const float *dy, const float *x, size_t n, size_t taps, double *sums) {
  float line[ROOM];
  for (size_t start = 0; start < n; start += STRETCH) {
    size_t count = NAME(lesser)(STRETCH, n - start);
    floats totals[4] = {0, 0, 0, 0};
    NAME(pad_stretch)(x, n, start, taps / 2, count + taps - 1, line);
    switch ((taps + HALF - 1) / HALF) {
      case 1: NAME(tap_sums)(dy + start, line, count, 1, 4, totals); break;
      case 2: NAME(tap_sums)(dy + start, line, count, 2, 2, totals); break;
      case 3: NAME(tap_sums)(dy + start, line, count, 3, 1, totals); break;
      default: NAME(tap_sums)(dy + start, line, count, 4, 1, totals); break;
    }
    float own[4 * HALF];
    memcpy(own, totals, sizeof own);
    for (size_t j = 0; j < taps; j++) sums[j] += (double)own[j];
  }
}
