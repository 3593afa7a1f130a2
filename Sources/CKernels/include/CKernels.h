// Element-wise passes and reductions over rows of activations, compiled for each instruction set and chosen for the CPU
// at the start. Swift neither vectorises reductions of floats nor emits fused multiply-adds without a CPU flag. Every
// set gives the same bits, on any machine, with and without optimisation; only the sign and payload of NaNs may differ.
#ifndef CKERNELS_H
#define CKERNELS_H
#include <stddef.h>
#include <stdint.h>

/// The instruction set in use: "avx512", "avx2" or "generic". SVDIST_KERNELS=avx512|avx2|generic in the environment
/// asks for one; where the CPU lacks it, the widest set that it has is used.
const char *ck_instruction_set(void);

/// x = x + bias.
void ck_add_scalar(float *x, size_t n, float bias);
/// x = max(x + bias, 0); returns the sum of the result, added as in ck_sum.
double ck_add_scalar_relu(float *x, size_t n, float bias);
/// y = x + z; y may be x or z.
void ck_add(const float *x, const float *z, float *y, size_t n);
/// y = scale * x + shift; y may be x.
void ck_affine(const float *x, float *y, size_t n, float scale, float shift);
/// y = y * scales + sum * shifts.
void ck_affine_factor(float *y, const float *scales, const float *shifts, float sum, size_t n);
/// y = a * x + b * z; y may be x or z.
void ck_combine(const float *x, const float *z, float *y, size_t n, float a, float b);
/// y = each of the n numbers of x twice, one beside the other. The rows do not overlap.
void ck_doubled(const float *x, float *y, size_t n);
/// y = the n sums of two neighbours each, y[i] = x[2i] + x[2i + 1]. The rows do not overlap.
void ck_pair_sums(const float *x, float *y, size_t n);
/// y = a * x + b * z + c; y may be x or z.
void ck_affine_sum(const float *x, const float *z, float *y, size_t n, float a, float b, float c);
/// y = max(scale * x + shift, 0); y may be x.
void ck_affine_relu(const float *x, float *y, size_t n, float scale, float shift);
/// y = max(a * x + b * z + c, 0); y may be x or z.
void ck_affine_sum_relu(const float *x, const float *z, float *y, size_t n, float a, float b, float c);
/// x = r > 0 ? x : 0.
void ck_relu_backward(float *x, const float *r, size_t n);

/// The sum of x: element i of a block of 4096 is added to lane i % 32, then lane j + 16 to lane j, lane j + 8 to lane j
/// and so on, and blocks are added in double precision.
double ck_sum(const float *x, size_t n);
/// The sum of max(scale * x + shift, 0), as ck_affine_relu computes it, added as in ck_sum.
double ck_affine_relu_sum(const float *x, size_t n, float scale, float shift);
/// The sum of (x - mean)^2, added as in ck_sum; each square and its addition are rounded once.
double ck_squared_deviations(const float *x, size_t n, float mean);
/// The sum of x * z; each product and its addition are rounded once, as in ck_squared_deviations.
double ck_dot(const float *x, const float *z, size_t n);

/// The sums of dy and of dy * (x - mean), added in the same way.
void ck_normalization_sums(const float *dy, const float *x, size_t n, float mean, double *sum, double *weighted);
/// The same sums of the gradient before a ReLU of scale * x + shift: of dy where that is above 0, as ck_affine_relu
/// computes it, and of 0 elsewhere.
void ck_relu_normalization_sums(
    const float *dy, const float *x, size_t n, float mean, float scale, float shift, double *sum, double *weighted);
/// dx = dx + scale * (scale * x + shift > 0 ? dy : 0), the gradient through a ReLU of scale * x + shift, and the same sums
/// of what passes the ReLU.
void ck_affine_relu_backward_sums(
    const float *dy, const float *x, float *dx, size_t n, float mean, float scale, float shift, double *sum,
    double *weighted);
/// dy = r > 0 ? dy : 0, and the same sums of the result.
void ck_relu_backward_sums(
    float *dy, const float *r, const float *x, size_t n, float mean, double *sum, double *weighted);
/// dx = x > 0 ? a * dy + b * x + c : 0, the gradient through a normalisation and the ReLU before it; returns the sum of
/// dx. dx may be dy.
double ck_normalization_relu_backward(
    const float *dy, const float *x, float *dx, size_t n, float a, float b, float c);
/// dy = a * dy + b * x + c.
void ck_normalization_backward(float *dy, const float *x, size_t n, float a, float b, float c);
/// dy = a * (scale * x + shift > 0 ? dy : 0) + b * x + c, the gradient through a normalisation from behind the ReLU after
/// it.
void ck_relu_normalization_backward(
    float *dy, const float *x, size_t n, float scale, float shift, float a, float b, float c);

/// x = tanh(x).
void ck_tanh(float *x, size_t n);
/// x = 1 / (1 + exp(-x)).
void ck_sigmoid(float *x, size_t n);
/// dy = dy * (1 - y^2).
void ck_tanh_backward(float *dy, const float *y, size_t n);

/// The attentive statistics of one channel of one utterance: energy becomes its softmax over n frames, mean = sum of
/// weight * x, and square = sum of weight * x^2.
void ck_attentive_statistics(float *energy, const float *x, size_t n, float *mean, float *square);
/// The attentive statistics with the variance, the sum of weight * (x - mean)^2, in place of the square. The variance
/// is exactly 0 where x is constant.
void ck_attentive_variance(float *energy, const float *x, size_t n, float *mean, float *variance);
/// denergy = weight * (dmean * x + dsquare * x^2 - inner), the gradient by the energy.
void ck_attention_backward(
    const float *weight, const float *x, float *denergy, size_t n, float dmean, float dsquare, float inner);
/// dx = dx + weight * (dmean + 2 * dsquare * x) + a * x + c where x > 0, and 0 elsewhere (x is the output of a ReLU).
void ck_pooling_relu_backward(
    float *dx, const float *weight, const float *x, size_t n, float dmean, float dsquare, float a, float c);
/// dx = dx + weight * (dmean + 2 * dsquare * x) + a * x + c.
void ck_pooling_backward(
    float *dx, const float *weight, const float *x, size_t n, float dmean, float dsquare, float a, float c);

/// The gate of SimAM for a map whose elements lie at the distances u = scale * x + shift from its mean:
/// y = (u + mean) * sigmoid(slope * u^2 + 1/2); y may be x.
void ck_energy_gate(const float *x, float *y, size_t n, float scale, float shift, float mean, float slope);
/// gates = sigmoid(slope * u^2 + 1/2) of the same u.
void ck_energy_gates(const float *x, float *gates, size_t n, float scale, float shift, float slope);
/// The sums of q * u and of q * u^2, where q = dy * (u + mean) * gate * (1 - gate), added as in ck_sum. The gates are
/// only read.
void ck_energy_gate_sums(
    const float *dy, const float *x, float *gates, size_t n, float scale, float shift, float mean, double *first,
    double *second);
/// dy = dy * gate + u * (2 * slope * q + a) + b.
void ck_energy_gate_backward(
    float *dy, const float *x, const float *gates, size_t n, float scale, float shift, float mean, float slope,
    float a, float b);

/// p = softplus(energy)^2, at least exp(-15) and at most exp(15); p may be energy.
void ck_precisions(const float *energy, float *p, size_t n);
/// denergy = factor * (x - centre) * p', where p' is the slope of p by the energy, which is 0 beyond the bounds.
void ck_precisions_backward(
    const float *energy, const float *x, float *denergy, size_t n, float factor, float centre);
/// y = y + factor * p.
void ck_add_precisions(const float *energy, float *y, size_t n, float factor);

/// The transforms of Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray 2016, section 4.3) of a convolution of 3 × 3
/// over a map of height × frames. A tile is four lines by four frames of the output, and the six by six elements of the
/// input that they are computed of. Each number that belongs to a tile is one of thirty-six, which lie `step` apart.

/// Tiles beside each other.
typedef struct {
  /// The index of the first tile's first output in a channel's elements, which are line after line.
  size_t column;
  /// The number of tiles.
  size_t count;
  /// The lines and frames that the map has before that output, at most 1 of each.
  size_t lines_before, frames_before;
  /// The lines that the map has from that output on, at most 5, and the frames.
  size_t lines_after, frames_after;
} ck_tiles;

/// A channel of a convolution's input: a * x + b * z + c, or the larger of that and 0. z may be null.
typedef struct {
  const float *x, *z;
  float a, b, c;
  int rectified;
} ck_channel;

/// Panels of a matrix's columns, one after the other, each row by row.
typedef struct {
  /// The columns of a panel.
  size_t width;
  /// The elements from one panel to the next. Seven more than a panel has are needed where there is a next one.
  size_t step;
} ck_panels;

/// v = Bᵀ·d·B for the tiles d of `count` runs, which follow one another in v.
/// - frames: the frames of a line.
/// - lines: room for 6 * (4 * n + 8) numbers, where n is the longest run's count, rounded up to a multiple of 8.
/// - v: the channel's row of the first panel. The seven elements behind its row of each panel become undefined, so that
///   channels are transformed in the order of their rows.
void ck_winograd_input(
    const ck_channel *channel, const ck_tiles *runs, size_t count, size_t frames, float *lines, float *v,
    const ck_panels *panels, size_t step);
/// y = Aᵀ·m·A, or y + Aᵀ·m·A when adding. Up to 7 numbers are read behind the tiles, of which nothing depends.
/// - finish: null, or what is written in place of x = Aᵀ·m·A: a * x + b * z + c, or the larger of that and 0, rounded as
///   by ck_affine_sum, with the z of the output's place, or as by ck_affine where z is null. Its x is not read, and
///   nothing is added.
void ck_winograd_output(
    const float *m, size_t step, const ck_tiles *runs, size_t count, size_t frames, int adding,
    const ck_channel *finish, float *y);
/// u = G·w·Gᵀ of `count` kernels w of 3 × 3, whose first elements lie `stride` apart. When turned, a kernel is taken
/// from its last element to its first.
void ck_winograd_weights(const float *w, size_t stride, size_t count, int turned, float *u, size_t step);
/// dm = A·dy·Aᵀ, the gradient through ck_winograd_output; dm has room as v of ck_winograd_input.
void ck_winograd_gradient(const float *dy, const ck_tiles *runs, size_t count, size_t frames, float *dm, size_t step);
/// dw = Gᵀ·du·G, the gradient through ck_winograd_weights, for `count` kernels one after another. Up to 7 numbers are
/// read behind du's, of which nothing depends.
void ck_winograd_weight_gradient(const float *du, size_t step, size_t count, float *dw);

/// The transforms of Winograd's minimal filtering F(4, 3) of a convolution of three frames over a line, whose taps lie
/// `dilation` frames apart. A group of tiles is 4 * dilation neighbouring frames of the output: a tile is every
/// dilation-th of them from one on, four frames, and the six of the input that they are computed of. Each number that
/// belongs to a tile is one of six, which lie `step` apart.

/// Tiles of a line beside each other, which begin with a group.
typedef struct {
  /// The index in a channel's elements of the first frame that belongs to the tiles and is there.
  size_t column;
  /// The zeros that stand for frames before it, and the frames that the line has from it on.
  size_t before, frames;
  /// The number of tiles.
  size_t count;
} ck_frame_tiles;

/// v = Bᵀ·d for the tiles d of `count` runs, which follow one another in v.
/// - room: room for 8 * (n + 2 * dilation + 4) numbers, where n is the longest run's count, here and below.
/// - v: room for the tiles and 7 more, whose values become undefined.
void ck_frame_filter_input(
    const ck_channel *channel, const ck_frame_tiles *runs, size_t count, size_t dilation, float *room, float *v,
    size_t step);
/// y = Aᵀ·m, or y + Aᵀ·m when adding, as far as the lines have frames. Up to 7 numbers are read behind the tiles, of
/// which nothing depends. No zeros stand before the frames of these runs.
void ck_frame_filter_output(
    const float *m, size_t step, const ck_frame_tiles *runs, size_t count, size_t dilation, int adding, float *room,
    float *y);
/// u = G·w of `count` kernels w of three frames, whose first elements lie `stride` apart. When turned, a kernel is taken
/// from its last element to its first.
void ck_frame_filter_weights(const float *w, size_t stride, size_t count, int turned, float *u, size_t step);
/// dm = A·dy, the gradient through ck_frame_filter_output; dm has room as v of ck_frame_filter_input.
void ck_frame_filter_gradient(
    const float *dy, const ck_frame_tiles *runs, size_t count, size_t dilation, float *room, float *dm, size_t step);
/// dw = Gᵀ·du, or dw + Gᵀ·du when adding, the gradient through ck_frame_filter_weights, for `count` kernels one after
/// another. Up to 7 numbers are read behind du's, of which nothing depends.
void ck_frame_filter_weight_gradient(const float *du, size_t step, size_t count, int adding, float *dw);

/// y = w * x for `count` lines of one channel's map from the line `first` on, a convolution by a kernel w of 3 × 3
/// around each element, where x is 0 beyond the map's ends, or y + w * x when adding. A map's height × frames elements
/// are line after line.
void ck_depthwise(
    const ck_channel *channel, const float *w, size_t height, size_t frames, size_t first, size_t count, int adding,
    float *y);
/// The gradients through ck_depthwise, from dy, of all lines of `maps` maps that follow one another.
/// - residual: is added to the input's gradient; null stands for zeros.
/// - dx: takes the input's gradient, and may be `residual`; null if it is not wanted.
/// - sums: takes the gradient of w, nine numbers, and then the sums over all maps of g and of g * (x - mean), where g
///   is the input's gradient without `residual` and x the channel's x. Elements of 2048 and the
///   rest of a line are added in single precision, and such stretches in double precision.
void ck_depthwise_backward(
    const float *dy, const ck_channel *channel, const float *w, size_t maps, size_t height, size_t frames, float mean,
    const float *residual, float *dx, double *sums);

/// y = bias + the sum over `count` channels of w * x, a convolution whose kernel of kernel_height × kernel_frames, at
/// most 8 frames, is as large as its stride, for each of `maps` maps. y has height × frames elements for each map, and
/// x as many kernels.
/// - w: a kernel for each channel, one after another.
void ck_patches(
    const ck_channel *channels, size_t count, const float *w, float bias, size_t kernel_height, size_t kernel_frames,
    size_t maps, size_t height, size_t frames, float *y);
/// dx = the gradient of one channel through ck_patches, from the gradients of `count` outputs.
/// - dy, dy_stride: the first output's gradient, and the elements from one output's to the next.
/// - w, w_stride: the channel's kernel for the first output, and the elements from one output's to the next.
void ck_patches_input_gradient(
    const float *dy, size_t dy_stride, const float *w, size_t w_stride, size_t count, size_t kernel_height,
    size_t kernel_frames, size_t maps, size_t height, size_t frames, float *dx);
/// The gradient of a line of a channel's kernel through ck_patches.
/// - sums: takes kernel_frames numbers, added as in ck_depthwise_backward.
void ck_patches_weight_gradient(
    const float *dy, const ck_channel *channel, size_t kernel_line, size_t kernel_height, size_t kernel_frames,
    size_t maps, size_t height, size_t frames, double *sums);

/// y = gelu(scale * x + shift), where gelu(v) = v P(X < v) for a normal X (Hendrycks and Gimpel 2016); y may be x. The
/// error of gelu is below 7 units in the last place where |gelu| is at least 2^-115; further below 0 it ends in 0.
void ck_affine_gelu(const float *x, float *y, size_t n, float scale, float shift);
/// dy = dy * gelu'(scale * x + shift), where gelu' has an absolute error below 2e-7.
void ck_affine_gelu_backward(float *dy, const float *x, size_t n, float scale, float shift);
/// y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, the form of gelu by tanh; y may be x. Its error is below 5
/// units in the last place where |y| is at least 2^-115; further below 0 it ends in 0.
void ck_gelu_tanh(const float *x, float *y, size_t n);
/// dy = dy times the slope of ck_gelu_tanh at x, which has an absolute error below 2e-7.
void ck_gelu_tanh_backward(float *dy, const float *x, size_t n);

/// x = exp(scale * x - highest) over n elements, where highest is the largest scale * x, for a positive scale; returns their
/// sum, added as in ck_sum.
double ck_exponentials(float *x, size_t n, float scale, float *highest);
/// x = softmax(scale * x) over n elements, for a positive scale.
void ck_softmax(float *x, size_t n, float scale);
/// dp = the gradient by x through ck_softmax, from the gradient dp by its result p.
void ck_softmax_backward(const float *p, float *dp, size_t n, float scale);

/// Normalises each of n columns over its rows (Ba, Kiros and Hinton 2016): y = (x - mean) / sqrt(variance + epsilon) *
/// weight + bias, where the variance is the biased one and each row has a weight and a bias. y may be x.
/// - x_stride, y_stride: the elements from one row to the next.
/// - means, inverses: take each column's mean and 1 / sqrt(variance + epsilon).
void ck_layer_normalization(
    const float *x, size_t x_stride, size_t rows, size_t n, const float *weights, const float *biases, float epsilon,
    float *y, size_t y_stride, float *means, float *inverses);
/// The sums of dy and of dy * (x - mean) * inverse over a row, added as in ck_sum.
void ck_layer_normalization_sums(
    const float *dy, const float *x, const float *means, const float *inverses, size_t n, double *sum,
    double *weighted);
/// dx = the gradient through ck_layer_normalization; dx may be dy.
void ck_layer_normalization_backward(
    const float *dy, size_t dy_stride, const float *x, size_t x_stride, size_t rows, size_t n, const float *weights,
    const float *means, const float *inverses, float *dx, size_t dx_stride);

/// y[t] = bias + sum over j of w[j] * x[t + j - (taps - 1) / 2], or y + that when adding, for a line of n frames beyond
/// which x is 0. When turned, w is taken from its last element to its first. y and x do not overlap.
/// - taps: odd, at most 63.
void ck_depthwise_row(
    const float *x, float *y, size_t n, const float *w, size_t taps, int turned, float bias, int adding);
/// Adds the sum over t of dy[t] * x[t + j - (taps - 1) / 2] to sums[j] for each tap. Sums of 256 frames are in single
/// precision.
void ck_depthwise_row_gradient(const float *dy, const float *x, size_t n, size_t taps, double *sums);

/// x = ln x for positive, normal x; infinity and NaN stay as they are.
void ck_log(float *x, size_t n);
/// Draws numbers for the normal distribution by the ziggurat of 128 layers. x receives n of them, where n is a multiple
/// of 8. A few, whose number is returned, lie outside the part of their layer that is surely under the density:
/// `outside` names each of these as index << 7 | layer, in ascending order, and x holds its place within the layer.
/// - state: the four words of four generators, word by word.
/// - edges, inner: the place up to which each layer reaches, and that up to which it surely lies under the density.
/// - outside: room for n numbers.
size_t ck_normal_numbers(
    uint64_t *state, const float *edges, const float *inner, float *x, size_t n, uint32_t *outside);
/// frame = ((s - m) - emphasis * (s' - m)) * window, where s = samples + amplitude * noise, s' is the value before s
/// (for the first, s itself), and m is the mean of s.
void ck_shape_frame(
    const float *samples, const float *noise, double amplitude, double emphasis, const double *window, size_t n,
    double *frame);

/// The tables for ck_frame_powers of `points` samples: a power of two of at least 8, or one of at least 16 times a
/// power of five. Null for any other number, and where there is no memory for them.
typedef struct ck_spectrum ck_spectrum;
ck_spectrum *ck_spectrum_new(size_t points);
void ck_spectrum_free(ck_spectrum *spectrum);
/// Computes the squared magnitudes of the Fourier transforms of 16 frames, in double precision.
/// - frames: the samples, one frame after another.
/// - power: receives the powers of the 16 frames for each frequency below points / 2.
/// - room: 32 bytes of memory for each point, aligned to 64 bytes.
void ck_frame_powers(const ck_spectrum *spectrum, const double *frames, float *power, void *room);

/// c[i] = sum over j of a[j] * b[i - j], a_count + b_count - 1 numbers, by Fourier transforms in double precision.
/// - room: ck_convolve_room(a_count + b_count - 1) bytes of memory, aligned to 64 bytes.
void ck_convolve(const float *a, size_t a_count, const float *b, size_t b_count, float *c, void *room);
/// The bytes of memory that ck_convolve needs for `count` results.
size_t ck_convolve_room(size_t count);

/// c = op(a) · op(b), or c + op(a) · op(b) when adding. c is m × n, the sums have k terms, all matrices are row-major,
/// and m, n and k are at least 1. An element's bits are the same with every instruction set and do not depend on where
/// it lies: the inner index is cut into blocks of a depth that k alone decides, the sum of a block is a chain of fused
/// multiply-adds, and the blocks are added in order.
void ck_product(
    const float *a, size_t a_stride, int a_transposed, const float *b, size_t b_stride, int b_transposed, size_t m,
    size_t n, size_t k, int adding, float *c, size_t c_stride);
/// The floats that a left factor of m rows and k columns takes where ck_pack lays it out.
size_t ck_packed_size(size_t m, size_t k);
/// Lays out a left factor, m × k, as ck_product reads it, for products with many right ones.
void ck_pack(const float *a, size_t a_stride, size_t m, size_t k, float *packed);
/// The same as ck_product, to the bit, with a left factor that is the part from `row`, a multiple of 12, and `column` on
/// of one that ck_pack has laid out, of `a_columns` columns, and with a right one as it is stored.
void ck_product_packed(
    const float *a, size_t a_columns, size_t row, size_t column, const float *b, size_t b_stride, size_t m, size_t n,
    size_t k, int adding, float *c, size_t c_stride);
/// A left factor as it is stored, or a part of one that ck_pack has laid out.
typedef struct {
  const float *elements;
  /// The elements from one row to the next, or the columns of the factor that is laid out.
  size_t stride;
  int packed;
  /// The first row, a multiple of 12, and column of the part of a factor that is laid out.
  size_t row, column;
} ck_left;

/// Neighbouring columns of windows.
typedef struct {
  /// The first of the columns and their number.
  size_t column, count;
  /// What the first column adds to the rows' first elements; the next one adds 1 more.
  size_t element;
} ck_stretch;

/// How a right factor is read.
typedef enum {
  /// The elements of a matrix, each row scaled and shifted, as by ck_affine, or rectified too, as by ck_affine_relu.
  CK_SCALED,
  /// Elements that belong to more than one row: that of a row and a column is as many behind the first as both say
  /// together.
  CK_WINDOWS,
  /// Panels of ck_panel_columns() columns, one after the other, each row by row.
  CK_LAID_OUT,
} ck_right_form;

/// A right factor that is read otherwise than as it is stored.
typedef struct {
  ck_right_form form;
  const float *elements;
  /// The elements from one row to the next of a matrix, or from one panel to the next.
  size_t stride;
  /// The first column of the product within the factor's, a multiple of ck_panel_columns() where it is laid out.
  size_t column;
  /// The scale and the shift of each row of a matrix, and whether it is rectified.
  const float *scales, *shifts;
  int rectified;
  /// What each row of windows adds to the elements of the columns, and all columns in ascending stretches.
  const size_t *rows;
  const ck_stretch *stretches;
} ck_right;

/// The columns of a panel in which a right factor is laid out, 16 or 32.
size_t ck_panel_columns(void);
/// The same as ck_product, to the bit, with a right factor that is read otherwise than as it is stored. Products with
/// some of the terms have the elements, scales, shifts and rows from the first of these on.
void ck_product_other(
    const ck_left *a, const ck_right *b, size_t m, size_t n, size_t k, int adding, float *c, size_t c_stride);
/// Whether this CPU multiplies bf16 (AVX512-BF16).
int ck_has_bf16(void);
/// c = op(a) · op(b), or c + op(a) · op(b) when adding. c is m × n, the sums have k terms, and all matrices are
/// row-major. Factors are rounded to bf16; sums are in single precision. It may be called only where ck_has_bf16 says
/// so.
void ck_product_bf16(
    const float *a, size_t a_stride, int a_transposed, const float *b, size_t b_stride, int b_transposed, size_t m,
    size_t n, size_t k, int adding, float *c, size_t c_stride);

#endif
