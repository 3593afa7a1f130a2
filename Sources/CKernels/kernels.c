#include "CKernels.h"

#include <stdlib.h>
#include <string.h>

#include "kernels_table.h"

static const struct kernels *table = &generic_table;
static const char *instruction_set = "generic";

__attribute__((constructor)) static void choose(void) {
#if defined(__x86_64__)
  const char *asked = getenv("SVDIST_KERNELS");
  __builtin_cpu_init();
  // The same code is compiled for CPUs on which a fused multiply-add is an instruction rather than a call.
  if (__builtin_cpu_supports("fma")) table = &fma_table;
  if (asked && strcmp(asked, "generic") == 0) return;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    table = &avx2_table;
    instruction_set = "avx2";
  }
  if (asked && strcmp(asked, "avx2") == 0) return;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq")) {
    table = &avx512_table;
    instruction_set = "avx512";
  }
#endif
}

const char *ck_instruction_set(void) { return instruction_set; }

void ck_add_scalar(float *x, size_t n, float bias) { table->add_scalar(x, n, bias); }
double ck_add_scalar_relu(float *x, size_t n, float bias) { return table->add_scalar_relu(x, n, bias); }
void ck_add(const float *x, const float *z, float *y, size_t n) { table->add(x, z, y, n); }
void ck_affine(const float *x, float *y, size_t n, float scale, float shift) { table->affine(x, y, n, scale, shift); }
void ck_affine_factor(float *y, const float *scales, const float *shifts, float sum, size_t n) {
  table->affine_factor(y, scales, shifts, sum, n);
}
void ck_combine(const float *x, const float *z, float *y, size_t n, float a, float b) {
  table->combine(x, z, y, n, a, b);
}
void ck_doubled(const float *x, float *y, size_t n) { table->doubled(x, y, n); }
void ck_pair_sums(const float *x, float *y, size_t n) { table->pair_sums(x, y, n); }
void ck_affine_sum(const float *x, const float *z, float *y, size_t n, float a, float b, float c) {
  table->affine_sum(x, z, y, n, a, b, c);
}
void ck_affine_relu(const float *x, float *y, size_t n, float scale, float shift) {
  table->affine_relu(x, y, n, scale, shift);
}
void ck_affine_sum_relu(const float *x, const float *z, float *y, size_t n, float a, float b, float c) {
  table->affine_sum_relu(x, z, y, n, a, b, c);
}
void ck_relu_backward(float *x, const float *r, size_t n) { table->relu_backward(x, r, n); }
double ck_sum(const float *x, size_t n) { return table->sum(x, n); }
double ck_affine_relu_sum(const float *x, size_t n, float scale, float shift) {
  return table->affine_relu_sum(x, n, scale, shift);
}
double ck_squared_deviations(const float *x, size_t n, float mean) { return table->squared_deviations(x, n, mean); }
double ck_dot(const float *x, const float *z, size_t n) { return table->dot(x, z, n); }
void ck_normalization_sums(const float *dy, const float *x, size_t n, float mean, double *sum, double *weighted) {
  table->normalization_sums(dy, x, n, mean, sum, weighted);
}
void ck_relu_normalization_sums(
    const float *dy, const float *x, size_t n, float mean, float scale, float shift, double *sum, double *weighted) {
  table->relu_normalization_sums(dy, x, n, mean, scale, shift, sum, weighted);
}
void ck_affine_relu_backward_sums(
    const float *dy, const float *x, float *dx, size_t n, float mean, float scale, float shift, double *sum,
    double *weighted) {
  table->affine_relu_backward_sums(dy, x, dx, n, mean, scale, shift, sum, weighted);
}
void ck_relu_backward_sums(
    float *dy, const float *r, const float *x, size_t n, float mean, double *sum, double *weighted) {
  table->relu_backward_sums(dy, r, x, n, mean, sum, weighted);
}
double ck_normalization_relu_backward(
    const float *dy, const float *x, float *dx, size_t n, float a, float b, float c) {
  return table->normalization_relu_backward(dy, x, dx, n, a, b, c);
}
void ck_normalization_backward(float *dy, const float *x, size_t n, float a, float b, float c) {
  table->normalization_backward(dy, x, n, a, b, c);
}
void ck_relu_normalization_backward(
    float *dy, const float *x, size_t n, float scale, float shift, float a, float b, float c) {
  table->relu_normalization_backward(dy, x, n, scale, shift, a, b, c);
}
void ck_tanh(float *x, size_t n) { table->tanh(x, n); }
void ck_sigmoid(float *x, size_t n) { table->sigmoid(x, n); }
void ck_tanh_backward(float *dy, const float *y, size_t n) { table->tanh_backward(dy, y, n); }
void ck_attentive_statistics(float *energy, const float *x, size_t n, float *mean, float *square) {
  table->attentive_statistics(energy, x, n, mean, square);
}
void ck_attentive_variance(float *energy, const float *x, size_t n, float *mean, float *variance) {
  table->attentive_variance(energy, x, n, mean, variance);
}
void ck_attention_backward(
    const float *weight, const float *x, float *denergy, size_t n, float dmean, float dsquare, float inner) {
  table->attention_backward(weight, x, denergy, n, dmean, dsquare, inner);
}
void ck_pooling_relu_backward(
    float *dx, const float *weight, const float *x, size_t n, float dmean, float dsquare, float a, float c) {
  table->pooling_relu_backward(dx, weight, x, n, dmean, dsquare, a, c);
}
void ck_pooling_backward(
    float *dx, const float *weight, const float *x, size_t n, float dmean, float dsquare, float a, float c) {
  table->pooling_backward(dx, weight, x, n, dmean, dsquare, a, c);
}
void ck_winograd_input(
    const ck_channel *channel, const ck_tiles *runs, size_t count, size_t frames, float *lines, float *v,
    const ck_panels *panels, size_t step) {
  table->winograd_input(channel, runs, count, frames, lines, v, panels, step);
}
void ck_winograd_output(
    const float *m, size_t step, const ck_tiles *runs, size_t count, size_t frames, int adding,
    const ck_channel *finish, float *y) {
  table->winograd_output(m, step, runs, count, frames, adding, finish, y);
}
void ck_winograd_weights(const float *w, size_t stride, size_t count, int turned, float *u, size_t step) {
  table->winograd_weights(w, stride, count, turned, u, step);
}
void ck_winograd_gradient(
    const float *dy, const ck_tiles *runs, size_t count, size_t frames, float *dm, size_t step) {
  table->winograd_gradient(dy, runs, count, frames, dm, step);
}
void ck_winograd_weight_gradient(const float *du, size_t step, size_t count, float *dw) {
  table->winograd_weight_gradient(du, step, count, dw);
}
void ck_frame_filter_input(
    const ck_channel *channel, const ck_frame_tiles *runs, size_t count, size_t dilation, float *room, float *v,
    size_t step) {
  table->frame_filter_input(channel, runs, count, dilation, room, v, step);
}
void ck_frame_filter_output(
    const float *m, size_t step, const ck_frame_tiles *runs, size_t count, size_t dilation, int adding, float *room,
    float *y) {
  table->frame_filter_output(m, step, runs, count, dilation, adding, room, y);
}
void ck_frame_filter_weights(const float *w, size_t stride, size_t count, int turned, float *u, size_t step) {
  table->frame_filter_weights(w, stride, count, turned, u, step);
}
void ck_frame_filter_gradient(
    const float *dy, const ck_frame_tiles *runs, size_t count, size_t dilation, float *room, float *dm, size_t step) {
  table->frame_filter_gradient(dy, runs, count, dilation, room, dm, step);
}
void ck_frame_filter_weight_gradient(const float *du, size_t step, size_t count, int adding, float *dw) {
  table->frame_filter_weight_gradient(du, step, count, adding, dw);
}
void ck_depthwise(
    const ck_channel *channel, const float *w, size_t height, size_t frames, size_t first, size_t count, int adding,
    float *y) {
  table->depthwise(channel, w, height, frames, first, count, adding, y);
}
void ck_depthwise_backward(
    const float *dy, const ck_channel *channel, const float *w, size_t maps, size_t height, size_t frames, float mean,
    const float *residual, float *dx, double *sums) {
  table->depthwise_backward(dy, channel, w, maps, height, frames, mean, residual, dx, sums);
}
void ck_patches(
    const ck_channel *channels, size_t count, const float *w, float bias, size_t kernel_height, size_t kernel_frames,
    size_t maps, size_t height, size_t frames, float *y) {
  table->patches(channels, count, w, bias, kernel_height, kernel_frames, maps, height, frames, y);
}
void ck_patches_input_gradient(
    const float *dy, size_t dy_stride, const float *w, size_t w_stride, size_t count, size_t kernel_height,
    size_t kernel_frames, size_t maps, size_t height, size_t frames, float *dx) {
  table->patches_input_gradient(
      dy, dy_stride, w, w_stride, count, kernel_height, kernel_frames, maps, height, frames, dx);
}
void ck_patches_weight_gradient(
    const float *dy, const ck_channel *channel, size_t kernel_line, size_t kernel_height, size_t kernel_frames,
    size_t maps, size_t height, size_t frames, double *sums) {
  table->patches_weight_gradient(
      dy, channel, kernel_line, kernel_height, kernel_frames, maps, height, frames, sums);
}
void ck_affine_gelu(const float *x, float *y, size_t n, float scale, float shift) {
  table->affine_gelu(x, y, n, scale, shift);
}
void ck_affine_gelu_backward(float *dy, const float *x, size_t n, float scale, float shift) {
  table->affine_gelu_backward(dy, x, n, scale, shift);
}
void ck_gelu_tanh(const float *x, float *y, size_t n) { table->gelu_tanh(x, y, n); }
void ck_gelu_tanh_backward(float *dy, const float *x, size_t n) { table->gelu_tanh_backward(dy, x, n); }
double ck_exponentials(float *x, size_t n, float scale, float *highest) {
  return table->scaled_exponentials(x, n, scale, highest);
}
void ck_softmax(float *x, size_t n, float scale) { table->softmax(x, n, scale); }
void ck_softmax_backward(const float *p, float *dp, size_t n, float scale) {
  table->softmax_backward(p, dp, n, scale);
}
void ck_layer_normalization(
    const float *x, size_t x_stride, size_t rows, size_t n, const float *weights, const float *biases, float epsilon,
    float *y, size_t y_stride, float *means, float *inverses) {
  table->layer_normalization(x, x_stride, rows, n, weights, biases, epsilon, y, y_stride, means, inverses);
}
void ck_layer_normalization_sums(
    const float *dy, const float *x, const float *means, const float *inverses, size_t n, double *sum,
    double *weighted) {
  table->layer_normalization_sums(dy, x, means, inverses, n, sum, weighted);
}
void ck_layer_normalization_backward(
    const float *dy, size_t dy_stride, const float *x, size_t x_stride, size_t rows, size_t n, const float *weights,
    const float *means, const float *inverses, float *dx, size_t dx_stride) {
  table->layer_normalization_backward(
      dy, dy_stride, x, x_stride, rows, n, weights, means, inverses, dx, dx_stride);
}
void ck_depthwise_row(
    const float *x, float *y, size_t n, const float *w, size_t taps, int turned, float bias, int adding) {
  table->depthwise_row(x, y, n, w, taps, turned, bias, adding);
}
void ck_depthwise_row_gradient(const float *dy, const float *x, size_t n, size_t taps, double *sums) {
  table->depthwise_row_gradient(dy, x, n, taps, sums);
}
void ck_log(float *x, size_t n) { table->log(x, n); }
size_t ck_normal_numbers(
    uint64_t *state, const float *edges, const float *inner, float *x, size_t n, uint32_t *outside) {
  return table->normal_numbers(state, edges, inner, x, n, outside);
}
void ck_shape_frame(
    const float *samples, const float *noise, double amplitude, double emphasis, const double *window, size_t n,
    double *frame) {
  table->shape_frame(samples, noise, amplitude, emphasis, window, n, frame);
}
void ck_energy_gate(const float *x, float *y, size_t n, float scale, float shift, float mean, float slope) {
  table->energy_gate(x, y, n, scale, shift, mean, slope);
}
void ck_energy_gates(const float *x, float *gates, size_t n, float scale, float shift, float slope) {
  table->energy_gates(x, gates, n, scale, shift, slope);
}
void ck_energy_gate_sums(
    const float *dy, const float *x, float *gates, size_t n, float scale, float shift, float mean, double *first,
    double *second) {
  table->energy_gate_sums(dy, x, gates, n, scale, shift, mean, first, second);
}
void ck_energy_gate_backward(
    float *dy, const float *x, const float *gates, size_t n, float scale, float shift, float mean, float slope,
    float a, float b) {
  table->energy_gate_backward(dy, x, gates, n, scale, shift, mean, slope, a, b);
}
void ck_precisions(const float *energy, float *p, size_t n) { table->precisions(energy, p, n); }
void ck_precisions_backward(
    const float *energy, const float *x, float *denergy, size_t n, float factor, float centre) {
  table->precisions_backward(energy, x, denergy, n, factor, centre);
}
void ck_add_precisions(const float *energy, float *y, size_t n, float factor) {
  table->add_precisions(energy, y, n, factor);
}
