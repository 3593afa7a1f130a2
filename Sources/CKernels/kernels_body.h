// The kernels' one source, included by a file for each instruction set, which defines NAME.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BLOCK 4096
// Before a loop whose rows are either the same or apart: otherwise the compiler keeps to one element at a time where they
// are the same.
#define SAME_OR_APART _Pragma("clang loop vectorize(assume_safety)")

static void NAME(add_scalar)(float *x, size_t n, float bias) {
  for (size_t i = 0; i < n; i++) x[i] += bias;
}

static double NAME(add_scalar_relu)(float *x, size_t n, float bias) {
  double total = 0;
  for (size_t start = 0; start < n; start += BLOCK) {
#pragma clang fp reassociate(on)
    size_t end = start + BLOCK < n ? start + BLOCK : n;
    float s = 0;
    for (size_t i = start; i < end; i++) {
      float v = x[i] + bias;
      // Written so that what is not a number stays so, and the step that made it is stopped.
      v = v < 0 ? 0 : v;
      x[i] = v;
      s += v;
    }
    total += s;
  }
  return total;
}

static void NAME(add)(const float *x, const float *z, float *y, size_t n) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) y[i] = x[i] + z[i];
}

static void NAME(affine)(const float *x, float *y, size_t n, float scale, float shift) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) y[i] = x[i] * scale + shift;
}

static void NAME(combine)(const float *x, const float *z, float *y, size_t n, float a, float b) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) y[i] = a * x[i] + b * z[i];
}

static void NAME(affine_sum)(const float *x, const float *z, float *y, size_t n, float a, float b, float c) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) y[i] = a * x[i] + (b * z[i] + c);
}

static void NAME(relu_backward)(float *x, const float *r, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = r[i] > 0 ? x[i] : 0;
}

static double NAME(sum)(const float *x, size_t n) {
  double total = 0;
  for (size_t start = 0; start < n; start += BLOCK) {
#pragma clang fp reassociate(on)
    size_t end = start + BLOCK < n ? start + BLOCK : n;
    float s = 0;
    for (size_t i = start; i < end; i++) s += x[i];
    total += s;
  }
  return total;
}

static double NAME(squared_deviations)(const float *x, size_t n, float mean) {
  double total = 0;
  for (size_t start = 0; start < n; start += BLOCK) {
#pragma clang fp reassociate(on)
    size_t end = start + BLOCK < n ? start + BLOCK : n;
    float s = 0;
    for (size_t i = start; i < end; i++) {
      float d = x[i] - mean;
      s += d * d;
    }
    total += s;
  }
  return total;
}

static double NAME(dot)(const float *x, const float *z, size_t n) {
  double total = 0;
  for (size_t start = 0; start < n; start += BLOCK) {
#pragma clang fp reassociate(on)
    size_t end = start + BLOCK < n ? start + BLOCK : n;
    float s = 0;
    for (size_t i = start; i < end; i++) s += x[i] * z[i];
    total += s;
  }
  return total;
}

static void NAME(normalization_sums)(
    const float *dy, const float *x, size_t n, float mean, double *sum, double *weighted) {
  double total = 0, totalWeighted = 0;
  for (size_t start = 0; start < n; start += BLOCK) {
#pragma clang fp reassociate(on)
    size_t end = start + BLOCK < n ? start + BLOCK : n;
    float s = 0, w = 0;
    for (size_t i = start; i < end; i++) {
      s += dy[i];
      w += dy[i] * (x[i] - mean);
    }
    total += s;
    totalWeighted += w;
  }
  *sum = total;
  *weighted = totalWeighted;
}

static double NAME(normalization_relu_backward)(
    const float *dy, const float *x, float *dx, size_t n, float a, float b, float c) {
  double total = 0;
  for (size_t start = 0; start < n; start += BLOCK) {
#pragma clang fp reassociate(on)
    size_t end = start + BLOCK < n ? start + BLOCK : n;
    float s = 0;
    SAME_OR_APART
    for (size_t i = start; i < end; i++) {
      float v = a * dy[i] + (b * x[i] + c);
      v = x[i] > 0 ? v : 0;
      dx[i] = v;
      s += v;
    }
    total += s;
  }
  return total;
}

static void NAME(normalization_backward)(float *dy, const float *x, size_t n, float a, float b, float c) {
  for (size_t i = 0; i < n; i++) dy[i] = a * dy[i] + (b * x[i] + c);
}

// exp by 2^k times a polynomial of degree 6 (Cephes' expf, Moshier), relative error below 2e-7.
static inline float NAME(exp1)(float x) {
  x = x > 88.0f ? 88.0f : x;
  x = x < -87.0f ? -87.0f : x;
  float k = x * 1.44269504f + 12582912.0f;
  int32_t bits;
  memcpy(&bits, &k, 4);
  k -= 12582912.0f;
  float r = x - k * 0.693359375f + k * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int32_t scaleBits = (int32_t)(((uint32_t)bits - 0x4B400000u + 127u) << 23);
  float scale;
  memcpy(&scale, &scaleBits, 4);
  return p * scale;
}

// Cephes' tanhf: an odd polynomial near zero, where 1 - 2 / (exp(2x) + 1) would cancel.
static inline float NAME(tanh1)(float x) {
  float magnitude = x < 0 ? -x : x;
  float e = NAME(exp1)(2 * magnitude);
  float large = 1.0f - 2.0f / (e + 1.0f);
  large = x < 0 ? -large : large;
  float s = x * x;
  float p = -5.70498872745e-3f;
  p = p * s + 2.06390887954e-2f;
  p = p * s - 5.37397155531e-2f;
  p = p * s + 1.33314422036e-1f;
  p = p * s - 3.33332819422e-1f;
  float small = p * s * x + x;
  return magnitude < 0.625f ? small : large;
}

static void NAME(tanh)(float *x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = NAME(tanh1)(x[i]);
}

static void NAME(sigmoid)(float *x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = 1.0f / (1.0f + NAME(exp1)(-x[i]));
}

static void NAME(tanh_backward)(float *dy, const float *y, size_t n) {
  for (size_t i = 0; i < n; i++) dy[i] *= 1.0f - y[i] * y[i];
}

// Energies become their exponentials, the highest 1; returns one over their sum.
static float NAME(exponentials)(float *energy, size_t n) {
  float highest = energy[0];
  for (size_t i = 1; i < n; i++) highest = energy[i] > highest ? energy[i] : highest;
  for (size_t i = 0; i < n; i++) energy[i] = NAME(exp1)(energy[i] - highest);
  return 1.0f / (float)NAME(sum)(energy, n);
}

static void NAME(attentive_statistics)(float *energy, const float *x, size_t n, float *mean, float *square) {
  float inverse = NAME(exponentials)(energy, n);
  float m = 0, q = 0;
  {
#pragma clang fp reassociate(on)
    for (size_t i = 0; i < n; i++) {
      float w = energy[i] * inverse;
      energy[i] = w;
      m += w * x[i];
      q += w * x[i] * x[i];
    }
  }
  *mean = m;
  *square = q;
}

// Sums are taken about the first x: a constant row has no rounding that would look like variance.
static void NAME(attentive_variance)(float *energy, const float *x, size_t n, float *mean, float *variance) {
  float inverse = NAME(exponentials)(energy, n);
  float first = x[0], m = 0, v = 0;
  {
#pragma clang fp reassociate(on)
    for (size_t i = 0; i < n; i++) {
      float w = energy[i] * inverse;
      energy[i] = w;
      float d = x[i] - first;
      m += w * d;
    }
    for (size_t i = 0; i < n; i++) {
      float d = x[i] - first;
      d = d - m;
      v += energy[i] * d * d;
    }
  }
  *mean = first + m;
  *variance = v;
}

static void NAME(attention_backward)(
    const float *weight, const float *x, float *denergy, size_t n, float dmean, float dsquare, float inner) {
  for (size_t i = 0; i < n; i++) denergy[i] = weight[i] * ((dmean + dsquare * x[i]) * x[i] - inner);
}

static void NAME(pooling_relu_backward)(
    float *dx, const float *weight, const float *x, size_t n, float dmean, float dsquare, float a, float c) {
  for (size_t i = 0; i < n; i++) {
    float v = dx[i] + weight[i] * (dmean + 2 * dsquare * x[i]) + (a * x[i] + c);
    dx[i] = x[i] > 0 ? v : 0;
  }
}

static void NAME(pooling_backward)(
    float *dx, const float *weight, const float *x, size_t n, float dmean, float dsquare, float a, float c) {
  for (size_t i = 0; i < n; i++) dx[i] += weight[i] * (dmean + 2 * dsquare * x[i]) + (a * x[i] + c);
}

#include "frames_body.h"

const struct kernels NAME(table) = {
    NAME(add_scalar), NAME(add_scalar_relu), NAME(add), NAME(affine), NAME(combine), NAME(affine_sum),
    NAME(relu_backward), NAME(sum), NAME(squared_deviations), NAME(dot), NAME(normalization_sums),
    NAME(normalization_relu_backward), NAME(normalization_backward), NAME(tanh), NAME(sigmoid), NAME(tanh_backward),
    NAME(attentive_statistics), NAME(attentive_variance), NAME(attention_backward), NAME(pooling_relu_backward),
    NAME(pooling_backward), NAME(log), NAME(normal_numbers), NAME(shape_frame), NAME(squared_magnitudes),
};
