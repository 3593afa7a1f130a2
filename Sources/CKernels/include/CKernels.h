// Element-wise passes and reductions over rows of activations, compiled once for each instruction set and chosen by the
// CPU at start. Swift neither vectorises float reductions nor emits fused multiply-adds without a CPU flag. Every set
// gives the same bits, on any machine, with and without optimisation; only the sign and payload of what is not a number
// may differ.
#ifndef CKERNELS_H
#define CKERNELS_H
#include <stddef.h>
#include <stdint.h>

/// The instruction set in use: "avx512", "avx2" or "generic". SVDIST_KERNELS=avx512|avx2|generic in the
/// environment asks for one; where the CPU lacks it, the widest that it has is taken.
const char *ck_instruction_set(void);

/// x = x + bias.
void ck_add_scalar(float *x, size_t n, float bias);
/// x = max(x + bias, 0); returns its sum, as ck_sum takes it.
double ck_add_scalar_relu(float *x, size_t n, float bias);
/// y = x + z; y may be x or z.
void ck_add(const float *x, const float *z, float *y, size_t n);
/// y = scale * x + shift; y may be x.
void ck_affine(const float *x, float *y, size_t n, float scale, float shift);
/// y = y * scales + sum * shifts.
void ck_affine_factor(float *y, const float *scales, const float *shifts, float sum, size_t n);
/// y = a * x + b * z; y may be x or z.
void ck_combine(const float *x, const float *z, float *y, size_t n, float a, float b);
/// y = a * x + b * z + c; y may be x or z.
void ck_affine_sum(const float *x, const float *z, float *y, size_t n, float a, float b, float c);
/// x = r > 0 ? x : 0.
void ck_relu_backward(float *x, const float *r, size_t n);

/// Sum of x: element i of a block of 4096 is added to lane i % 32, lane j + 16 to lane j, then j + 8 and so on, and
/// blocks are added in double precision.
double ck_sum(const float *x, size_t n);
/// Sum of (x - mean)^2, as ck_sum takes it, each square and its addition rounded once.
double ck_squared_deviations(const float *x, size_t n, float mean);
/// Sum of x * z, taken likewise.
double ck_dot(const float *x, const float *z, size_t n);

/// Sums of dy and of dy * (x - mean), taken likewise.
void ck_normalization_sums(const float *dy, const float *x, size_t n, float mean, double *sum, double *weighted);
/// dx = x > 0 ? a * dy + b * x + c : 0, the gradient through a normalisation and the ReLU before it; returns its sum. dx
/// may be dy.
double ck_normalization_relu_backward(
    const float *dy, const float *x, float *dx, size_t n, float a, float b, float c);
/// dy = a * dy + b * x + c.
void ck_normalization_backward(float *dy, const float *x, size_t n, float a, float b, float c);

void ck_tanh(float *x, size_t n);
void ck_sigmoid(float *x, size_t n);
/// dy = dy * (1 - y^2).
void ck_tanh_backward(float *dy, const float *y, size_t n);

/// Attentive statistics of one channel of one utterance: energy becomes its softmax over n frames;
/// mean = sum of weight * x, square = sum of weight * x^2.
void ck_attentive_statistics(float *energy, const float *x, size_t n, float *mean, float *square);
/// The same with the variance, the sum of weight * (x - mean)^2, in place of the square: exactly 0 where x is constant.
void ck_attentive_variance(float *energy, const float *x, size_t n, float *mean, float *variance);
/// energy gradient = weight * (dmean * x + dsquare * x^2 - inner), written to denergy.
void ck_attention_backward(
    const float *weight, const float *x, float *denergy, size_t n, float dmean, float dsquare, float inner);
/// dx = dx + weight * (dmean + 2 * dsquare * x) + a * x + c, where x > 0, else 0 (x is a ReLU's output).
void ck_pooling_relu_backward(
    float *dx, const float *weight, const float *x, size_t n, float dmean, float dsquare, float a, float c);
/// dx = dx + weight * (dmean + 2 * dsquare * x) + a * x + c.
void ck_pooling_backward(
    float *dx, const float *weight, const float *x, size_t n, float dmean, float dsquare, float a, float c);

/// x = ln x for positive, normal x; what is infinite or not a number stays so.
void ck_log(float *x, size_t n);
/// Numbers for the normal distribution by the ziggurat of 128 layers: x holds n of them, n a multiple of 8, all but the
/// returned few, which lie outside the part of their layer that is surely under the density. `outside` names each of
/// these as index << 7 | layer, rising; x holds its place within the layer.
/// - state: the four words of four generators, word by word.
/// - edges, inner: how far each layer reaches, and how far it surely lies within.
/// - outside: room for n.
size_t ck_normal_numbers(
    uint64_t *state, const float *edges, const float *inner, float *x, size_t n, uint32_t *outside);
/// frame = ((s - m) - emphasis * (s' - m)) * window, with s = samples + amplitude * noise, s' the one before, the first
/// its own, and m their mean.
void ck_shape_frame(
    const float *samples, const float *noise, double amplitude, double emphasis, const double *window, size_t n,
    double *frame);

/// Tables for ck_frame_powers of `points` samples, a power of two of at least 8; null where memory is missing.
typedef struct ck_spectrum ck_spectrum;
ck_spectrum *ck_spectrum_new(size_t points);
void ck_spectrum_free(ck_spectrum *spectrum);
/// Squared magnitudes of the Fourier transforms of 16 frames, in double precision.
/// - frames: one after another.
/// - power: for each frequency below points / 2 the powers of the frames.
/// - room: 32 bytes a point, aligned to 64.
void ck_frame_powers(const ck_spectrum *spectrum, const double *frames, float *power, void *room);

/// c[i] = sum over j of a[j] * b[i - j], a_count + b_count - 1 numbers, by Fourier transforms in double precision.
/// - room: ck_convolve_room(a_count + b_count - 1) bytes, aligned to 64.
void ck_convolve(const float *a, size_t a_count, const float *b, size_t b_count, float *c, void *room);
size_t ck_convolve_room(size_t count);

/// c = op(a) · op(b), or c + op(a) · op(b) when adding: c is m × n, the sums are k long, all row-major, m, n and k at least 1.
/// An element's bits are the same by every instruction set and do not depend on where it lies: the inner index is cut in
/// blocks of a depth that k alone decides, a block's sum is a chain of fused multiply-adds, the blocks are added in order.
void ck_product(
    const float *a, size_t a_stride, int a_transposed, const float *b, size_t b_stride, int b_transposed, size_t m,
    size_t n, size_t k, int adding, float *c, size_t c_stride);
/// Whether this CPU multiplies bf16 (AVX512-BF16).
int ck_has_bf16(void);
/// c = op(a) · op(b), or c + op(a) · op(b) when adding: c is m × n, the sums are k long, all row-major. Factors are rounded
/// to bf16, sums are in single precision. Only where ck_has_bf16.
void ck_product_bf16(
    const float *a, size_t a_stride, int a_transposed, const float *b, size_t b_stride, int b_transposed, size_t m,
    size_t n, size_t k, int adding, float *c, size_t c_stride);

#endif
