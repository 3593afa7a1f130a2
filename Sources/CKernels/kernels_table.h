// One function pointer for each kernel, in the order of CKernels.h.
#ifndef KERNELS_TABLE_H
#define KERNELS_TABLE_H
#include <stddef.h>
#include <stdint.h>

#include "CKernels.h"

struct kernels {
  void (*add_scalar)(float *, size_t, float);
  double (*add_scalar_relu)(float *, size_t, float);
  void (*add)(const float *, const float *, float *, size_t);
  void (*affine)(const float *, float *, size_t, float, float);
  void (*affine_factor)(float *, const float *, const float *, float, size_t);
  void (*combine)(const float *, const float *, float *, size_t, float, float);
  void (*doubled)(const float *, float *, size_t);
  void (*pair_sums)(const float *, float *, size_t);
  void (*affine_sum)(const float *, const float *, float *, size_t, float, float, float);
  void (*affine_relu)(const float *, float *, size_t, float, float);
  void (*affine_sum_relu)(const float *, const float *, float *, size_t, float, float, float);
  void (*relu_backward)(float *, const float *, size_t);
  double (*sum)(const float *, size_t);
  double (*affine_relu_sum)(const float *, size_t, float, float);
  double (*squared_deviations)(const float *, size_t, float);
  double (*dot)(const float *, const float *, size_t);
  void (*normalization_sums)(const float *, const float *, size_t, float, double *, double *);
  void (*relu_normalization_sums)(const float *, const float *, size_t, float, float, float, double *, double *);
  void (*affine_relu_backward_sums)(
      const float *, const float *, float *, size_t, float, float, float, double *, double *);
  void (*relu_backward_sums)(float *, const float *, const float *, size_t, float, double *, double *);
  double (*normalization_relu_backward)(const float *, const float *, float *, size_t, float, float, float);
  void (*normalization_backward)(float *, const float *, size_t, float, float, float);
  void (*relu_normalization_backward)(float *, const float *, size_t, float, float, float, float, float);
  void (*tanh)(float *, size_t);
  void (*sigmoid)(float *, size_t);
  void (*tanh_backward)(float *, const float *, size_t);
  void (*attentive_statistics)(float *, const float *, size_t, float *, float *);
  void (*attentive_variance)(float *, const float *, size_t, float *, float *);
  void (*attention_backward)(const float *, const float *, float *, size_t, float, float, float);
  void (*pooling_relu_backward)(float *, const float *, const float *, size_t, float, float, float, float);
  void (*pooling_backward)(float *, const float *, const float *, size_t, float, float, float, float);
  void (*winograd_input)(
      const ck_channel *, const ck_tiles *, size_t, size_t, float *, float *, const ck_panels *, size_t);
  void (*winograd_output)(
      const float *, size_t, const ck_tiles *, size_t, size_t, int, const ck_channel *, float *);
  void (*winograd_weights)(const float *, size_t, size_t, int, float *, size_t);
  void (*winograd_gradient)(const float *, const ck_tiles *, size_t, size_t, float *, size_t);
  void (*winograd_weight_gradient)(const float *, size_t, size_t, float *);
  void (*frame_filter_input)(
      const ck_channel *, const ck_frame_tiles *, size_t, size_t, float *, float *, size_t);
  void (*frame_filter_output)(
      const float *, size_t, const ck_frame_tiles *, size_t, size_t, int, float *, float *);
  void (*frame_filter_weights)(const float *, size_t, size_t, int, float *, size_t);
  void (*frame_filter_gradient)(const float *, const ck_frame_tiles *, size_t, size_t, float *, float *, size_t);
  void (*frame_filter_weight_gradient)(const float *, size_t, size_t, int, float *);
  void (*depthwise)(const ck_channel *, const float *, size_t, size_t, size_t, size_t, int, float *);
  void (*depthwise_backward)(
      const float *, const ck_channel *, const float *, size_t, size_t, size_t, float, const float *, float *,
      double *);
  void (*patches)(
      const ck_channel *, size_t, const float *, float, size_t, size_t, size_t, size_t, size_t, float *);
  void (*patches_input_gradient)(
      const float *, size_t, const float *, size_t, size_t, size_t, size_t, size_t, size_t, size_t, float *);
  void (*patches_weight_gradient)(
      const float *, const ck_channel *, size_t, size_t, size_t, size_t, size_t, size_t, double *);
  void (*affine_gelu)(const float *, float *, size_t, float, float);
  void (*affine_gelu_backward)(float *, const float *, size_t, float, float);
  void (*gelu_tanh)(const float *, float *, size_t);
  void (*gelu_tanh_backward)(float *, const float *, size_t);
  double (*scaled_exponentials)(float *, size_t, float, float *);
  void (*softmax)(float *, size_t, float);
  void (*softmax_backward)(const float *, float *, size_t, float);
  void (*layer_normalization)(
      const float *, size_t, size_t, size_t, const float *, const float *, float, float *, size_t, float *, float *);
  void (*layer_normalization_sums)(
      const float *, const float *, const float *, const float *, size_t, double *, double *);
  void (*layer_normalization_backward)(
      const float *, size_t, const float *, size_t, size_t, size_t, const float *, const float *, const float *,
      float *, size_t);
  void (*depthwise_row)(const float *, float *, size_t, const float *, size_t, int, float, int);
  void (*depthwise_row_gradient)(const float *, const float *, size_t, size_t, double *);
  void (*log)(float *, size_t);
  size_t (*normal_numbers)(uint64_t *, const float *, const float *, float *, size_t, uint32_t *);
  void (*shape_frame)(const float *, const float *, double, double, const double *, size_t, double *);
  void (*energy_gate)(const float *, float *, size_t, float, float, float, float);
  void (*energy_gates)(const float *, float *, size_t, float, float, float);
  void (*energy_gate_sums)(
      const float *, const float *, float *, size_t, float, float, float, double *, double *);
  void (*energy_gate_backward)(
      float *, const float *, const float *, size_t, float, float, float, float, float, float);
  void (*precisions)(const float *, float *, size_t);
  void (*precisions_backward)(const float *, const float *, float *, size_t, float, float);
  void (*add_precisions)(const float *, float *, size_t, float);
};

extern const struct kernels generic_table;
#if defined(__x86_64__)
extern const struct kernels fma_table;
extern const struct kernels avx2_table;
extern const struct kernels avx512_table;
#endif

#endif
