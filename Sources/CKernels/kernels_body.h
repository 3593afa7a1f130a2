// The only source of the kernels. A file for each instruction set, which defines NAME, includes it.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Each sum and product is rounded by itself, except where FMA says otherwise.
#pragma clang fp contract(off)
#define FMA(x, y, z) __builtin_elementwise_fma(x, y, z)

// This stands before a loop whose rows are either the same or do not overlap. Without it the compiler takes one element
// at a time where they are the same.
#define SAME_OR_APART _Pragma("clang loop vectorize(assume_safety)")

#include "lanes_body.h"

static void NAME(add_scalar)(float *x, size_t n, float bias) {
  for (size_t i = 0; i < n; i++) x[i] += bias;
}

INLINE void NAME(add_scalar_relu_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  // This computes max(x, -bias) + bias, which is one operation less than a comparison with 0. It is written so that NaN
  // stays NaN, and the step that made it is stopped.
  floats v = NAME(load)(rows->y + i, count), least = -rows->a;
  v = (v < least ? least : v) + rows->a;
  NAME(store)(v, rows->y + i, count);
  sums[0] = NAME(first)(count, sums[0] + v, sums[0]);
}

static double NAME(add_scalar_relu)(float *x, size_t n, float bias) {
  struct rows rows = {.y = x, .a = bias};
  double totals[2];
  NAME(reduce)(NAME(add_scalar_relu_step), &rows, n, totals);
  return totals[0];
}

static void NAME(add)(const float *x, const float *z, float *y, size_t n) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) y[i] = x[i] + z[i];
}

static void NAME(affine)(const float *x, float *y, size_t n, float scale, float shift) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) y[i] = FMA(x[i], scale, shift);
}

static void NAME(affine_factor)(float *y, const float *scales, const float *shifts, float sum, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = FMA(y[i], scales[i], sum * shifts[i]);
}

static void NAME(combine)(const float *x, const float *z, float *y, size_t n, float a, float b) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) y[i] = FMA(a, x[i], b * z[i]);
}

static void NAME(affine_sum)(const float *x, const float *z, float *y, size_t n, float a, float b, float c) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) y[i] = FMA(a, x[i], FMA(b, z[i], c));
}

// These are written so that NaN stays NaN, and the step that made it is stopped.
static void NAME(affine_relu)(const float *x, float *y, size_t n, float scale, float shift) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) {
    float v = FMA(x[i], scale, shift);
    y[i] = v < 0 ? 0 : v;
  }
}

static void NAME(affine_sum_relu)(const float *x, const float *z, float *y, size_t n, float a, float b, float c) {
  SAME_OR_APART
  for (size_t i = 0; i < n; i++) {
    float v = FMA(a, x[i], FMA(b, z[i], c));
    y[i] = v < 0 ? 0 : v;
  }
}

static void NAME(relu_backward)(float *x, const float *r, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = r[i] > 0 ? x[i] : 0;
}

INLINE void NAME(sum_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  sums[0] = NAME(first)(count, sums[0] + NAME(load)(rows->x + i, count), sums[0]);
}

static double NAME(sum)(const float *x, size_t n) {
  struct rows rows = {.x = x};
  double totals[2];
  NAME(reduce)(NAME(sum_step), &rows, n, totals);
  return totals[0];
}

INLINE void NAME(affine_relu_sum_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  floats v = FMA(NAME(load)(rows->x + i, count), (floats)rows->b, (floats)rows->c);
  sums[0] = NAME(first)(count, sums[0] + (v < 0 ? 0 : v), sums[0]);
}

static double NAME(affine_relu_sum)(const float *x, size_t n, float scale, float shift) {
  struct rows rows = {.x = x, .b = scale, .c = shift};
  double totals[2];
  NAME(reduce)(NAME(affine_relu_sum_step), &rows, n, totals);
  return totals[0];
}

INLINE void NAME(squared_deviations_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  floats d = NAME(load)(rows->x + i, count) - rows->a;
  sums[0] = NAME(first)(count, FMA(d, d, sums[0]), sums[0]);
}

static double NAME(squared_deviations)(const float *x, size_t n, float mean) {
  struct rows rows = {.x = x, .a = mean};
  double totals[2];
  NAME(reduce)(NAME(squared_deviations_step), &rows, n, totals);
  return totals[0];
}

INLINE void NAME(dot_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  floats x = NAME(load)(rows->x + i, count), z = NAME(load)(rows->z + i, count);
  sums[0] = NAME(first)(count, FMA(x, z, sums[0]), sums[0]);
}

static double NAME(dot)(const float *x, const float *z, size_t n) {
  struct rows rows = {.x = x, .z = z};
  double totals[2];
  NAME(reduce)(NAME(dot_step), &rows, n, totals);
  return totals[0];
}

INLINE void NAME(normalization_sums_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  floats dy = NAME(load)(rows->z + i, count), d = NAME(load)(rows->x + i, count) - rows->a;
  sums[0] = NAME(first)(count, sums[0] + dy, sums[0]);
  sums[1] = NAME(first)(count, FMA(dy, d, sums[1]), sums[1]);
}

static void NAME(normalization_sums)(
    const float *dy, const float *x, size_t n, float mean, double *sum, double *weighted) {
  struct rows rows = {.x = x, .z = dy, .a = mean};
  double totals[2];
  NAME(reduce)(NAME(normalization_sums_step), &rows, n, totals);
  *sum = totals[0];
  *weighted = totals[1];
}

// What a gradient becomes before a ReLU of x, scaled and shifted.
INLINE floats NAME(before_relu)(floats dy, floats x, const struct rows *rows) {
  return FMA(x, (floats)rows->b, (floats)rows->c) > 0 ? dy : 0;
}

INLINE void NAME(relu_normalization_sums_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  floats x = NAME(load)(rows->x + i, count), dy = NAME(before_relu)(NAME(load)(rows->z + i, count), x, rows);
  sums[0] = NAME(first)(count, sums[0] + dy, sums[0]);
  sums[1] = NAME(first)(count, FMA(dy, x - rows->a, sums[1]), sums[1]);
}

static void NAME(relu_normalization_sums)(
    const float *dy, const float *x, size_t n, float mean, float scale, float shift, double *sum, double *weighted) {
  struct rows rows = {.x = x, .z = dy, .a = mean, .b = scale, .c = shift};
  double totals[2];
  NAME(reduce)(NAME(relu_normalization_sums_step), &rows, n, totals);
  *sum = totals[0];
  *weighted = totals[1];
}

INLINE void NAME(affine_relu_backward_sums_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  floats x = NAME(load)(rows->x + i, count), dy = NAME(before_relu)(NAME(load)(rows->z + i, count), x, rows);
  NAME(store)(FMA((floats)rows->b, dy, NAME(load)(rows->y + i, count)), rows->y + i, count);
  sums[0] = NAME(first)(count, sums[0] + dy, sums[0]);
  sums[1] = NAME(first)(count, FMA(dy, x - rows->a, sums[1]), sums[1]);
}

static void NAME(affine_relu_backward_sums)(
    const float *dy, const float *x, float *dx, size_t n, float mean, float scale, float shift, double *sum,
    double *weighted) {
  struct rows rows = {.x = x, .z = dy, .y = dx, .a = mean, .b = scale, .c = shift};
  double totals[2];
  NAME(reduce)(NAME(affine_relu_backward_sums_step), &rows, n, totals);
  *sum = totals[0];
  *weighted = totals[1];
}

INLINE void NAME(relu_backward_sums_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  floats x = NAME(load)(rows->x + i, count), dy = NAME(load)(rows->y + i, count);
  dy = NAME(load)(rows->z + i, count) > 0 ? dy : 0;
  NAME(store)(dy, rows->y + i, count);
  sums[0] = NAME(first)(count, sums[0] + dy, sums[0]);
  sums[1] = NAME(first)(count, FMA(dy, x - rows->a, sums[1]), sums[1]);
}

static void NAME(relu_backward_sums)(
    float *dy, const float *r, const float *x, size_t n, float mean, double *sum, double *weighted) {
  struct rows rows = {.x = x, .z = r, .y = dy, .a = mean};
  double totals[2];
  NAME(reduce)(NAME(relu_backward_sums_step), &rows, n, totals);
  *sum = totals[0];
  *weighted = totals[1];
}

INLINE void NAME(normalization_relu_backward_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  floats x = NAME(load)(rows->x + i, count), dy = NAME(load)(rows->z + i, count);
  floats v = FMA((floats)rows->a, dy, FMA((floats)rows->b, x, (floats)rows->c));
  v = x > 0 ? v : 0;
  NAME(store)(v, rows->y + i, count);
  sums[0] = NAME(first)(count, sums[0] + v, sums[0]);
}

static double NAME(normalization_relu_backward)(
    const float *dy, const float *x, float *dx, size_t n, float a, float b, float c) {
  struct rows rows = {.x = x, .z = dy, .y = dx, .a = a, .b = b, .c = c};
  double totals[2];
  NAME(reduce)(NAME(normalization_relu_backward_step), &rows, n, totals);
  return totals[0];
}

static void NAME(normalization_backward)(float *dy, const float *x, size_t n, float a, float b, float c) {
  for (size_t i = 0; i < n; i++) dy[i] = FMA(a, dy[i], FMA(b, x[i], c));
}

static void NAME(relu_normalization_backward)(
    float *dy, const float *x, size_t n, float scale, float shift, float a, float b, float c) {
  for (size_t i = 0; i < n; i++) {
    float behind = FMA(x[i], scale, shift) > 0 ? dy[i] : 0;
    dy[i] = FMA(a, behind, FMA(b, x[i], c));
  }
}

// exp(x) + addend, where exp is 2^k times a polynomial of degree 6 (Cephes' expf, Moshier), with a relative error below
// 2e-7.
static inline float NAME(exp_plus)(float x, float addend) {
  x = x > 88.0f ? 88.0f : x;
  x = x < -87.0f ? -87.0f : x;
  float k = FMA(x, 1.44269504f, 12582912.0f);
  int32_t bits;
  memcpy(&bits, &k, 4);
  k -= 12582912.0f;
  float r = FMA(k, 2.12194440e-4f, FMA(-k, 0.693359375f, x));
  float p = 1.9875691500e-4f;
  p = FMA(p, r, 1.3981999507e-3f);
  p = FMA(p, r, 8.3334519073e-3f);
  p = FMA(p, r, 4.1665795894e-2f);
  p = FMA(p, r, 1.6666665459e-1f);
  p = FMA(p, r, 5.0000001201e-1f);
  p = FMA(p * r, r, r) + 1.0f;
  int32_t scaleBits = (int32_t)(((uint32_t)bits - 0x4B400000u + 127u) << 23);
  float scale;
  memcpy(&scale, &scaleBits, 4);
  return FMA(p, scale, addend);
}

// The hyperbolic tangent by Cephes' tanhf, with an odd polynomial near zero, where 1 - 2 / (exp(2x) + 1) would lose
// digits.
static inline float NAME(tanh1)(float x) {
  float magnitude = __builtin_fabsf(x);
  float large = 1.0f - 2.0f / NAME(exp_plus)(2 * magnitude, 1.0f);
  large = __builtin_copysignf(large, x);
  float s = x * x;
  float p = -5.70498872745e-3f;
  p = FMA(p, s, 2.06390887954e-2f);
  p = FMA(p, s, -5.37397155531e-2f);
  p = FMA(p, s, 1.33314422036e-1f);
  p = FMA(p, s, -3.33332819422e-1f);
  float small = FMA(p * s, x, x);
  return magnitude < 0.625f ? small : large;
}

static void NAME(tanh)(float *x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = NAME(tanh1)(x[i]);
}

static void NAME(sigmoid)(float *x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = 1.0f / NAME(exp_plus)(-x[i], 1.0f);
}

static void NAME(tanh_backward)(float *dy, const float *y, size_t n) {
  for (size_t i = 0; i < n; i++) dy[i] *= FMA(-y[i], y[i], 1.0f);
}

// Turns energies into their exponentials, scaled so that the highest is 1, and returns one over their sum.
static float NAME(exponentials)(float *energy, size_t n) {
  float highest = NAME(highest)(energy, n);
  for (size_t i = 0; i < n; i++) energy[i] = NAME(exp_plus)(energy[i] - highest, 0);
  return 1.0f / (float)NAME(sum)(energy, n);
}

// Turns exponentials into weights and adds up the weighted values and squares.
INLINE void NAME(attentive_statistics_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  floats w = NAME(load)(rows->y + i, count) * rows->a, x = NAME(load)(rows->x + i, count);
  NAME(store)(w, rows->y + i, count);
  sums[0] = NAME(first)(count, FMA(w, x, sums[0]), sums[0]);
  sums[1] = NAME(first)(count, FMA(w * x, x, sums[1]), sums[1]);
}

static void NAME(attentive_statistics)(float *energy, const float *x, size_t n, float *mean, float *square) {
  struct rows rows = {.x = x, .y = energy, .a = NAME(exponentials)(energy, n)};
  double totals[2];
  NAME(reduce)(NAME(attentive_statistics_step), &rows, n, totals);
  *mean = (float)totals[0];
  *square = (float)totals[1];
}

INLINE void NAME(attentive_mean_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  floats w = NAME(load)(rows->y + i, count) * rows->a, d = NAME(load)(rows->x + i, count) - rows->b;
  NAME(store)(w, rows->y + i, count);
  sums[0] = NAME(first)(count, FMA(w, d, sums[0]), sums[0]);
}

INLINE void NAME(attentive_variance_step)(floats *sums, const struct rows *rows, size_t i, size_t count) {
  floats w = NAME(load)(rows->y + i, count), d = NAME(load)(rows->x + i, count) - rows->b;
  d = d - rows->c;
  sums[0] = NAME(first)(count, FMA(w * d, d, sums[0]), sums[0]);
}

// The sums are taken about the first x, so that a constant row has no rounding that would look like variance.
static void NAME(attentive_variance)(float *energy, const float *x, size_t n, float *mean, float *variance) {
  struct rows rows = {.x = x, .y = energy, .a = NAME(exponentials)(energy, n), .b = x[0]};
  double totals[2];
  NAME(reduce)(NAME(attentive_mean_step), &rows, n, totals);
  rows.c = (float)totals[0];
  NAME(reduce)(NAME(attentive_variance_step), &rows, n, totals);
  *mean = rows.b + rows.c;
  *variance = (float)totals[0];
}

static void NAME(attention_backward)(
    const float *weight, const float *x, float *denergy, size_t n, float dmean, float dsquare, float inner) {
  for (size_t i = 0; i < n; i++) denergy[i] = weight[i] * FMA(FMA(dsquare, x[i], dmean), x[i], -inner);
}

static void NAME(pooling_relu_backward)(
    float *dx, const float *weight, const float *x, size_t n, float dmean, float dsquare, float a, float c) {
  for (size_t i = 0; i < n; i++) {
    float v = FMA(weight[i], FMA(2 * dsquare, x[i], dmean), dx[i]) + FMA(a, x[i], c);
    dx[i] = x[i] > 0 ? v : 0;
  }
}

static void NAME(pooling_backward)(
    float *dx, const float *weight, const float *x, size_t n, float dmean, float dsquare, float a, float c) {
  for (size_t i = 0; i < n; i++) dx[i] += FMA(weight[i], FMA(2 * dsquare, x[i], dmean), FMA(a, x[i], c));
}

#include "channel_body.h"
#include "frames_body.h"
#include "gates_body.h"
#include "filtering_body.h"
#include "winograd_body.h"
#include "frame_filter_body.h"
#include "pairs_body.h"
#include "depthwise_body.h"
#include "patches_body.h"
#include "time_body.h"

const struct kernels NAME(table) = {
    NAME(add_scalar), NAME(add_scalar_relu), NAME(add), NAME(affine), NAME(affine_factor), NAME(combine), NAME(doubled),
    NAME(pair_sums), NAME(affine_sum), NAME(affine_relu), NAME(affine_sum_relu), NAME(relu_backward), NAME(sum),
    NAME(affine_relu_sum), NAME(squared_deviations), NAME(dot), NAME(normalization_sums), NAME(relu_normalization_sums),
    NAME(affine_relu_backward_sums), NAME(relu_backward_sums), NAME(normalization_relu_backward),
    NAME(normalization_backward), NAME(relu_normalization_backward), NAME(tanh), NAME(sigmoid), NAME(tanh_backward),
    NAME(attentive_statistics), NAME(attentive_variance), NAME(attention_backward), NAME(pooling_relu_backward),
    NAME(pooling_backward), NAME(winograd_input), NAME(winograd_output), NAME(winograd_weights),
    NAME(winograd_gradient), NAME(winograd_weight_gradient), NAME(frame_filter_input), NAME(frame_filter_output),
    NAME(frame_filter_weights), NAME(frame_filter_gradient), NAME(frame_filter_weight_gradient), NAME(depthwise),
    NAME(depthwise_backward), NAME(patches), NAME(patches_input_gradient), NAME(patches_weight_gradient),
    NAME(affine_gelu), NAME(affine_gelu_backward), NAME(gelu_tanh), NAME(gelu_tanh_backward), NAME(scaled_exponentials),
    NAME(softmax),
    NAME(softmax_backward), NAME(layer_normalization), NAME(layer_normalization_sums),
    NAME(layer_normalization_backward), NAME(depthwise_row), NAME(depthwise_row_gradient), NAME(log),
    NAME(normal_numbers), NAME(shape_frame), NAME(energy_gate), NAME(energy_gates), NAME(energy_gate_sums),
    NAME(energy_gate_backward), NAME(precisions), NAME(precisions_backward), NAME(add_precisions),
};
