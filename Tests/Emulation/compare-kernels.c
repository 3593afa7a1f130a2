// Gives every kernel of every family that this CPU can run the same numbers and demands the bits of generic code.
// Prints a line for each kind of kernels and each family; ends with 1 where bits differ. With a family's name it runs
// that one only, whose lack is an error. Linked with the objects of CKernels but kernels.c's.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"
#include "fourier_table.h"
#include "kernels_table.h"
#include "product_single.h"

// By what kernels.c would have chosen, fourier.c takes a family.
static const char *chosen = "generic";
const char *ck_instruction_set(void) { return chosen; }

struct family {
  const char *name;
  const struct kernels *kernels;
  const struct fourier_kernels *fourier;
  // Null where the family has no product of its own.
  const struct single_product *product;
};

// All but generic code, with which they are compared.
static const struct family families[] = {
    {"fma", &fma_table, &fma_fourier, &fma_single_product},
    {"avx2", &avx2_table, &avx2_fourier, NULL},
    {"avx512", &avx512_table, &avx512_fourier, &avx512_single_product},
};

static int runs(const struct family *family) {
  if (!__builtin_cpu_supports("fma")) return 0;
  if (strcmp(family->name, "fma") == 0) return 1;
  if (!__builtin_cpu_supports("avx2")) return 0;
  if (strcmp(family->name, "avx2") == 0) return 1;
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
}

// xorshift64 (Marsaglia, 2003).
static uint64_t draw(void) {
  static uint64_t state = 1;
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

enum numbers { ORDINARY, SPECIAL, KINDS };

static float number(enum numbers kind) {
  static const float special[] = {
      0.0f, -0.0f, __builtin_inff(), -__builtin_inff(), __builtin_nanf(""), 1e-45f, -3e-39f, 1.17549435e-38f, 3.4e38f,
      -3.4e38f, 88, -88, 0.625f, 1e-20f, 1, -1};
  uint64_t bits = draw();
  if (kind == SPECIAL && bits >> 61 == 0) return special[bits % 16];
  float even = (float)(int32_t)(bits >> 32) * 0x1p-31f;
  return bits & 1 ? even : even * 20;
}

static void fill(float *x, size_t n, enum numbers kind) {
  for (size_t i = 0; i < n; i++) x[i] = number(kind);
}

// The payload and sign of what is not a number may differ.
#define SAME(a, b, n) \
  if (memcmp(a, b, (n) * sizeof *(a)) == 0) return 1; \
  for (size_t i = 0; i < n; i++) { \
    if (memcmp(a + i, b + i, sizeof *a) != 0 && (a[i] == a[i] || b[i] == b[i])) return 0; \
  } \
  return 1;

static int same_floats(const float *a, const float *b, size_t n) { SAME(a, b, n) }
static int same_doubles(const double *a, const double *b, size_t n) { SAME(a, b, n) }

// What came of one kind of kernels of a family.
struct tally {
  const char *kernels, *family, *other;
  long comparisons, differences;
};

static int failed = 0;

static void count(struct tally *tally, int same, const char *what, size_t size) {
  tally->comparisons++;
  if (same || tally->differences++ >= 5) return;
  printf("%s of %s: %s differs, size %zu\n", tally->kernels, tally->family, what, size);
}

static void report(struct tally t) {
  printf("%s of %s and %s: %ld comparisons, %ld differ\n", t.kernels, t.family, t.other, t.comparisons, t.differences);
  if (t.differences > 0) failed = 1;
}

// Element-wise kernels and sums over rows.

enum { SHORT_ROWS = 70, LONGEST = 4200 };

struct input {
  float x[LONGEST], z[LONGEST], y[LONGEST], edges[128], inner[128];
  double window[LONGEST];
  uint64_t state[16];
  float a, b, c, d;
};

struct output {
  float y[LONGEST], means[LONGEST], inverses[LONGEST], singles[2];
  double totals[2], frame[LONGEST];
  uint64_t state[16];
  uint32_t outside[LONGEST];
  size_t count;
};

// Each field of the table, with a call or two: the second one's rows are the same.
#define KERNELS(KERNEL) \
  KERNEL(add_scalar, t->add_scalar(y, n, a)) \
  KERNEL(add_scalar_relu, out->totals[0] = t->add_scalar_relu(y, n, a)) \
  KERNEL(add, t->add(x, z, y, n); t->add(y, x, y, n)) \
  KERNEL(affine, t->affine(x, y, n, a, b); t->affine(y, y, n, a, b)) \
  KERNEL(affine_factor, t->affine_factor(y, x, z, a, n)) \
  KERNEL(combine, t->combine(x, z, y, n, a, b); t->combine(y, x, y, n, a, b)) \
  KERNEL(affine_sum, t->affine_sum(x, z, y, n, a, b, c); t->affine_sum(x, y, y, n, a, b, c)) \
  KERNEL(affine_relu, t->affine_relu(x, y, n, a, b); t->affine_relu(y, y, n, a, b)) \
  KERNEL(affine_sum_relu, t->affine_sum_relu(x, z, y, n, a, b, c); t->affine_sum_relu(x, y, y, n, a, b, c)) \
  KERNEL(relu_backward, t->relu_backward(y, x, n)) \
  KERNEL(sum, out->totals[0] = t->sum(x, n)) \
  KERNEL(affine_relu_sum, out->totals[0] = t->affine_relu_sum(x, n, a, b)) \
  KERNEL(squared_deviations, out->totals[0] = t->squared_deviations(x, n, a)) \
  KERNEL(dot, out->totals[0] = t->dot(x, z, n)) \
  KERNEL(normalization_sums, t->normalization_sums(x, z, n, a, out->totals, out->totals + 1)) \
  KERNEL(relu_normalization_sums, \
         t->relu_normalization_sums(x, z, n, a, b, c, out->totals, out->totals + 1)) \
  KERNEL(affine_relu_backward_sums, \
         t->affine_relu_backward_sums(x, z, y, n, a, b, c, out->totals, out->totals + 1)) \
  KERNEL(relu_backward_sums, t->relu_backward_sums(y, x, z, n, a, out->totals, out->totals + 1)) \
  KERNEL(normalization_relu_backward, out->totals[0] = t->normalization_relu_backward(x, z, y, n, a, b, c); \
         out->totals[1] = t->normalization_relu_backward(y, z, y, n, a, b, c)) \
  KERNEL(normalization_backward, t->normalization_backward(y, x, n, a, b, c)) \
  KERNEL(relu_normalization_backward, t->relu_normalization_backward(y, x, n, d, b, a, b, c)) \
  KERNEL(energy_gate, t->energy_gate(x, y, n, a, b, c, d); t->energy_gate(y, y, n, a, b, c, d)) \
  KERNEL(energy_gates, t->energy_gates(x, y, n, a, b, c)) \
  KERNEL(energy_gate_sums, t->energy_gate_sums(x, z, y, n, a, b, c, out->totals, out->totals + 1)) \
  KERNEL(energy_gate_backward, t->energy_gate_backward(y, x, z, n, a, b, c, d, a, b)) \
  KERNEL(precisions, t->precisions(x, y, n); t->precisions(y, y, n)) \
  KERNEL(precisions_backward, t->precisions_backward(x, z, y, n, a, b)) \
  KERNEL(add_precisions, t->add_precisions(x, y, n, a)) \
  KERNEL(tanh, t->tanh(y, n)) \
  KERNEL(sigmoid, t->sigmoid(y, n)) \
  KERNEL(tanh_backward, t->tanh_backward(y, x, n)) \
  KERNEL(attentive_statistics, t->attentive_statistics(y, x, n, out->singles, out->singles + 1)) \
  KERNEL(attentive_variance, t->attentive_variance(y, x, n, out->singles, out->singles + 1)) \
  KERNEL(attention_backward, t->attention_backward(x, z, y, n, a, b, c)) \
  KERNEL(pooling_relu_backward, t->pooling_relu_backward(y, x, z, n, a, b, c, d)) \
  KERNEL(pooling_backward, t->pooling_backward(y, x, z, n, a, b, c, d)) \
  KERNEL(winograd_input, \
         t->winograd_input( \
             &channel, map.runs, map.count, map.frames, lines, y, \
             n % 2 ? &(ck_panels){16, 24} : &(ck_panels){STEP, 0}, STEP)) \
  KERNEL(winograd_output, t->winograd_output(x, STEP, map.runs, map.count, map.frames, 0, NULL, y); \
         t->winograd_output(z, STEP, map.runs, map.count, map.frames, 1, NULL, y); \
         if (n % 2) t->winograd_output(z, STEP, map.runs, map.count, map.frames, 0, &channel, y)) \
  KERNEL(winograd_weights, t->winograd_weights(x, 10, n % 23 + 1, n % 2, y, STEP)) \
  KERNEL(winograd_gradient, t->winograd_gradient(x, map.runs, map.count, map.frames, y, STEP)) \
  KERNEL(winograd_weight_gradient, t->winograd_weight_gradient(x, STEP, n % 23 + 1, y)) \
  KERNEL(frame_filter_input, \
         t->frame_filter_input(&channel, wide.runs, wide.count, wide.dilation, room, y, STEP)) \
  KERNEL(frame_filter_output, \
         t->frame_filter_output(x, STEP, narrow.runs, narrow.count, narrow.dilation, 0, room, y); \
         t->frame_filter_output(z, STEP, narrow.runs, narrow.count, narrow.dilation, 1, room, y)) \
  KERNEL(frame_filter_weights, t->frame_filter_weights(x, 4, n % 23 + 1, n % 2, y, STEP)) \
  KERNEL(frame_filter_gradient, \
         t->frame_filter_gradient(x, narrow.runs, narrow.count, narrow.dilation, room, y, STEP)) \
  KERNEL(frame_filter_weight_gradient, \
         t->frame_filter_weight_gradient(x, STEP, n % 23 + 1, 0, y); \
         t->frame_filter_weight_gradient(z, STEP, n % 23 + 1, 1, y)) \
  KERNEL(affine_gelu, t->affine_gelu(x, y, n, a, b); t->affine_gelu(y, y, n, a, b)) \
  KERNEL(affine_gelu_backward, t->affine_gelu_backward(y, x, n, a, b)) \
  KERNEL(gelu_tanh, t->gelu_tanh(x, y, n); t->gelu_tanh(y, y, n)) \
  KERNEL(gelu_tanh_backward, t->gelu_tanh_backward(y, x, n)) \
  KERNEL(scaled_exponentials, out->totals[0] = t->scaled_exponentials(y, n, a, out->singles)) \
  KERNEL(softmax, t->softmax(y, n, a)) \
  KERNEL(softmax_backward, t->softmax_backward(x, y, n, a)) \
  KERNEL(layer_normalization, \
         t->layer_normalization(x, n + 5, rows, n, z, z + 9, 1e-6f, y, n, out->means, out->inverses); \
         t->layer_normalization(y, n, rows, n, z, z + 9, 1e-6f, y, n, out->means, out->inverses)) \
  KERNEL(layer_normalization_sums, \
         t->layer_normalization_sums(y, x, z, in->y, n, out->totals, out->totals + 1)) \
  KERNEL(layer_normalization_backward, \
         t->layer_normalization_backward(y, n, x, n + 5, rows, n, z + 7, z, in->y, y, n); \
         t->layer_normalization_backward(x, n, z, n, rows, n, z + 7, z, in->y, y, n)) \
  KERNEL(depthwise_row, \
         t->depthwise_row(x, y, n, z, taps, 0, b, 0); t->depthwise_row(z, y, n, x, taps, 1, 0, 1)) \
  KERNEL(depthwise_row_gradient, t->depthwise_row_gradient(x, z, n, taps, out->frame)) \
  KERNEL(doubled, t->doubled(x, y, n / 2)) \
  KERNEL(pair_sums, t->pair_sums(x, y, n / 2)) \
  KERNEL(depthwise, \
         for (int adding = 0; adding < 2; adding++) { \
           t->depthwise( \
               &channel, z + adding, whole.height, whole.frames, whole.height / 2, whole.height - whole.height / 2, \
               adding, y); \
         }) \
  KERNEL(depthwise_backward, \
         t->depthwise_backward(z, &channel, x, whole.maps, whole.height, whole.frames, d, y, y, out->frame)) \
  KERNEL(patches, \
         t->patches(pair, 2, z, d, whole.lines, whole.stretch, whole.maps, whole.height, whole.places, y)) \
  KERNEL(patches_input_gradient, \
         t->patches_input_gradient( \
             x, 5, z, 7, 3, whole.lines, whole.stretch, whole.maps, whole.height, whole.places, y)) \
  KERNEL(patches_weight_gradient, \
         t->patches_weight_gradient( \
             z, &channel, whole.lines - 1, whole.lines, whole.stretch, whole.maps, whole.height, whole.places, \
             out->frame)) \
  KERNEL(log, t->log(y, n)) \
  KERNEL(normal_numbers, \
         out->count = t->normal_numbers(out->state, in->edges, in->inner, y, n / 8 * 8, out->outside)) \
  KERNEL(shape_frame, t->shape_frame(x, z, b, 0.97, in->window, n, out->frame))

#define NAME_OF(kernel, calls) #kernel,
#define NUMBER_OF(kernel, calls) RUN_##kernel,
#define CASE_OF(kernel, calls) \
  case RUN_##kernel: calls; break;

static const char *const names[] = {KERNELS(NAME_OF)};
enum kernel { KERNELS(NUMBER_OF) KERNEL_COUNT };
_Static_assert(sizeof(struct kernels) == KERNEL_COUNT * sizeof(void (*)(void)), "every field stands in KERNELS");

// The distance of a tile's numbers, thirty-six of which a row holds.
enum { STEP = 90 };

// A map of one to six lines and 1 to 80 frames, cut into runs of at most nine tiles.
struct map {
  size_t frames, count;
  ck_tiles runs[9];
};

static struct map map_of(size_t n) {
  size_t height = n % 6 + 1;
  struct map map = {.frames = n % 80 + 1, .count = 0};
  for (size_t line = 0; line < height; line += 4) {
    for (size_t frame = 0; frame < map.frames; frame += 36) {
      size_t rest = map.frames - frame, below = height - line;
      map.runs[map.count++] = (ck_tiles){
          .column = line * map.frames + frame, .count = rest < 36 ? (rest + 3) / 4 : 9, .lines_before = line > 0,
          .frames_before = frame > 0, .lines_after = below < 5 ? below : 5, .frames_after = rest};
    }
  }
  return map;
}

// One to three lines of 1 to 40 frames, with up to `before` zeros before each, and the tiles over all their frames.
struct frame_map {
  size_t dilation, count;
  ck_frame_tiles runs[3];
};

static struct frame_map frames_of(size_t n, size_t before) {
  struct frame_map map = {.dilation = n % 5 + 1, .count = n % 3 + 1};
  size_t frames = n % 40 + 1, group = 4 * map.dilation, end = frames % group;
  for (size_t line = 0; line < map.count; line++) {
    map.runs[line] = (ck_frame_tiles){
        .column = line * frames, .before = before < map.dilation ? before : map.dilation, .frames = frames,
        .count = frames / group * map.dilation + (end < map.dilation ? end : map.dilation)};
  }
  return map;
}

// Maps of short lines, or one of lines longer than what is computed at a time; and kernels of as many lines and frames
// as their stride, with their places.
struct whole {
  size_t maps, height, frames, lines, stretch, places;
};

static struct whole whole_of(size_t n) {
  size_t height = n % 2 + 1;
  if (n > SHORT_ROWS) return (struct whole){1, height, n / 2, 1, n % 8 + 1, n / 8 / height};
  return (struct whole){n % 3 + 1, n % 6 + 1, n % 40 + 1, n % 2 + 1, n % 5 + 1, n % 35 + 1};
}

// Rows begin at any multiple of four bytes.
static void run(const struct kernels *t, enum kernel kernel, const struct input *in, size_t n, struct output *out) {
  memset(out, 0, sizeof *out);
  memcpy(out->y, in->y, sizeof out->y);
  memcpy(out->state, in->state, sizeof out->state);
  size_t start = n % 16;
  const float *x = in->x + start, *z = in->z + start;
  float *y = out->y + start, a = in->a, b = in->b, c = in->c, d = in->d, lines[6 * 72];
  // What a kernel leaves of its room goes on to nobody, but what it finds there has to be alike.
  float room[512] = {0};
  // Rows of which all fit, and an odd kernel of each number of vectors.
  size_t rows = n < 2000 ? 2000 / n % 9 + 1 : 1, taps = 2 * (n % 32) + 1;
  struct map map = map_of(n);
  struct frame_map wide = frames_of(n, n % 4), narrow = frames_of(n, 0);
  struct whole whole = whole_of(n);
  ck_channel channel = {x, n & 1 ? z : NULL, a, b, c, n >> 1 & 1}, pair[] = {channel, {z, NULL, b, 0, c, 0}};
  switch (kernel) {
    KERNELS(CASE_OF)
    case KERNEL_COUNT: break;
  }
}

static int same_outputs(const struct output *a, const struct output *b) {
  return same_floats(a->y, b->y, LONGEST) && same_floats(a->means, b->means, LONGEST) &&
         same_floats(a->inverses, b->inverses, LONGEST) && same_floats(a->singles, b->singles, 2) &&
         same_doubles(a->totals, b->totals, 2) && same_doubles(a->frame, b->frame, LONGEST) &&
         memcmp(a->state, b->state, sizeof a->state) == 0 && a->count == b->count &&
         memcmp(a->outside, b->outside, a->count * sizeof *a->outside) == 0;
}

static void fill_input(struct input *in, enum numbers kind) {
  fill(in->x, LONGEST, kind);
  fill(in->z, LONGEST, kind);
  fill(in->y, LONGEST, kind);
  for (size_t i = 0; i < LONGEST; i++) in->window[i] = number(ORDINARY);
  for (size_t i = 0; i < 16; i++) in->state[i] = draw();
  for (size_t i = 0; i < 128; i++) {
    in->edges[i] = 3.5f * (float)(i + 1) / 128;
    in->inner[i] = 0.9f * in->edges[i];
  }
  in->a = number(kind);
  in->b = number(ORDINARY);
  in->c = number(ORDINARY);
  in->d = number(ORDINARY);
}

static void compare_kernels(const struct family *family) {
  static const size_t long_rows[] = {255, 256, 257, 4095, 4096, 4097, 4160};
  static struct input in;
  static struct output expected, found;
  struct tally tally = {"element-wise kernels", family->name, "generic", 0, 0};
  for (size_t size = 1; size <= SHORT_ROWS + sizeof long_rows / sizeof *long_rows; size++) {
    size_t n = size <= SHORT_ROWS ? size : long_rows[size - SHORT_ROWS - 1];
    for (enum numbers kind = 0; kind < KINDS; kind++) {
      fill_input(&in, kind);
      for (enum kernel kernel = 0; kernel < KERNEL_COUNT; kernel++) {
        run(&generic_table, kernel, &in, n, &expected);
        run(family->kernels, kernel, &in, n, &found);
        count(&tally, same_outputs(&expected, &found), names[kernel], n);
      }
    }
  }
  report(tally);
}

// Products.

static void *memory(size_t bytes) {
  void *found = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!found) abort();
  return found;
}

static float *numbers(size_t n, enum numbers kind) {
  float *x = memory(n * sizeof *x);
  fill(x, n, kind);
  return x;
}

struct shape {
  size_t m, n, k;
};

// The product with a left factor that is packed before, from a row and a column of it on, and with one that is not.
static void compare_packed(
    struct tally *tally, const struct single_product *product, struct matrix a, struct matrix b, struct shape shape,
    int form) {
  size_t row = shape.m > MOST_ROWS ? MOST_ROWS : 0, column = shape.k > 8 ? 3 : 0;
  size_t m = shape.m - row, n = shape.n, k = shape.k - column;
  float *expected = numbers(m * n, ORDINARY), *found = memory(m * n * sizeof *found);
  memcpy(found, expected, m * n * sizeof *found);
  float *packed = memory(((shape.m + MOST_ROWS) * shape.k + 16) * sizeof *packed);
  product->pack(a, shape.m, shape.k, packed);
  struct matrix left = {element(a, row, column), a.stride, a.transposed};
  struct panels panels = {packed, shape.k, row, column};
  float *scratch = memory(product->scratch * sizeof *scratch);
  product->multiply(left, b, m, n, k, form >> 2, expected, n, scratch);
  product->multiply_packed(panels, b, m, n, k, form >> 2, found, n, scratch);
  count(tally, same_floats(expected, found, m * n), "packed product", m * n * k);
  free(scratch);
  free(packed);
  free(expected);
  free(found);
}

// Products whose right factor b is read otherwise than as it is stored: scaled, as windows, and laid out.
static void compare_others(
    struct tally *tally, const struct single_product *product, struct matrix a, const float *b, struct shape shape,
    int adding) {
  size_t m = shape.m, n = shape.n, k = shape.k, width = product->columns, step = k * width + 9;
  float *expected = memory(m * n * sizeof *expected), *found = memory(m * n * sizeof *found);
  float *before = numbers(m * n, ORDINARY), *scales = numbers(2 * k, ORDINARY), *factor = numbers(k * n, ORDINARY);
  float *laid_out = numbers((n + width - 1) / width * step, ORDINARY);
  float *scratch = memory(product->scratch * sizeof *scratch);
  size_t *rows = memory(k * sizeof *rows), half = n / 2;
  ck_stretch stretches[] = {{0, half, n - half}, {half, n - half, 0}};
  ck_right forms[] = {
      {.form = CK_SCALED, .elements = b, .stride = n, .scales = scales, .shifts = scales + k, .rectified = adding},
      {.form = CK_WINDOWS, .elements = b, .rows = rows, .stretches = stretches + (half == 0)},
      {.form = CK_LAID_OUT, .elements = laid_out, .stride = step}};
  for (size_t p = 0; p < k; p++) rows[p] = (p * 5 % k) * n;
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    for (size_t p = 0; p < k; p++) {
      float *row = factor + p * n;
      if (i == 0) {
        (adding ? generic_table.affine_relu : generic_table.affine)(b + p * n, row, n, scales[p], scales[k + p]);
      }
      for (size_t j = 0; i == 1 && j < n; j++) row[j] = b[rows[p] + (j < half ? n - half + j : j - half)];
      for (size_t j = 0; i == 2 && j < n; j++) laid_out[j / width * step + p * width + j % width] = row[j];
    }
    memcpy(expected, before, m * n * sizeof *before);
    memcpy(found, before, m * n * sizeof *before);
    product->multiply(a, (struct matrix){factor, n, 0}, m, n, k, adding, expected, n, scratch);
    product->multiply_other(a, NULL, forms + i, m, n, k, adding, found, n, scratch);
    count(tally, same_floats(expected, found, m * n), "product with another factor", m * n * k);
  }
  free(expected);
  free(found);
  free(before);
  free(scales);
  free(factor);
  free(laid_out);
  free(scratch);
  free(rows);
}

// `form` has a bit for each factor that is transposed and one for adding.
static void compare_product(struct tally *tally, const struct single_product *product, struct shape shape, int form) {
  size_t m = shape.m, n = shape.n, k = shape.k, stride = n + 3;
  enum numbers kind = draw() % 8 == 0 ? SPECIAL : ORDINARY;
  float *a = numbers(m * k, kind), *b = numbers(k * n, kind), *expected = numbers(m * stride, ORDINARY);
  float *found = memory(m * stride * sizeof *found);
  memcpy(found, expected, m * stride * sizeof *found);
  struct matrix left = {a, form & 1 ? m : k, form & 1}, right = {b, form & 2 ? k : n, form >> 1 & 1};
  const struct single_product *both[] = {&generic_single_product, product};
  for (int i = 0; i < 2; i++) {
    float *scratch = memory(both[i]->scratch * sizeof *scratch);
    both[i]->multiply(left, right, m, n, k, form >> 2, i == 0 ? expected : found, stride, scratch);
    free(scratch);
  }
  count(tally, same_floats(expected, found, m * stride), "product", m * n * k);
  compare_packed(tally, product, left, right, shape, form);
  if (!(form & 3)) compare_others(tally, product, left, b, shape, form >> 2);
  free(a);
  free(b);
  free(expected);
  free(found);
}

static void compare_products(const struct family *family) {
  // Tiles have up to 12 rows and 32 columns, blocks 384 rows, 4096 columns and 256 sums.
  static const size_t heights[] = {1, 2, 5, 6, 7, 11, 12, 13, 25}, widths[] = {1, 7, 8, 15, 16, 17, 31, 32, 33, 65};
  static const size_t depths[] = {1, 7, 8, 9, 40};
  static const struct shape large[] = {{385, 33, 20}, {13, 4100, 9}, {7, 40, 257}, {12, 33, 600}, {25, 70, 513}};
  if (!family->product) return;
  struct tally tally = {"products", family->name, "generic", 0, 0};
  for (int form = 0; form < 8; form++) {
    for (size_t i = 0; i < sizeof heights / sizeof *heights; i++) {
      for (size_t j = 0; j < sizeof widths / sizeof *widths; j++) {
        for (size_t p = 0; p < sizeof depths / sizeof *depths; p++) {
          compare_product(&tally, family->product, (struct shape){heights[i], widths[j], depths[p]}, form);
        }
      }
    }
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) compare_product(&tally, family->product, large[i], form);
  }
  report(tally);
}

// Fourier transforms. What they leave in their room is compared too: the doubles before they are rounded to floats.

static void compare_powers(const struct family *family) {
  struct tally tally = {"powers of frames", family->name, "generic", 0, 0};
  static const size_t sizes[] = {8, 16, 32, 64, 80, 128, 256, 400, 512, 1024, 2000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    size_t points = sizes[i];
    ck_spectrum *spectrum = ck_spectrum_new(points);
    if (!spectrum) abort();
    double *frames = memory(16 * points * sizeof *frames);
    float *expected = memory(8 * points * sizeof *expected), *found = memory(8 * points * sizeof *found);
    void *rooms[] = {memory(32 * points), memory(32 * points)};
    for (size_t j = 0; j < 16 * points; j++) frames[j] = number(ORDINARY);
    generic_fourier.frame_powers(spectrum, frames, expected, rooms[0]);
    family->fourier->frame_powers(spectrum, frames, found, rooms[1]);
    int same = memcmp(expected, found, 8 * points * sizeof *found) == 0;
    // Of half the points, complex numbers of four frames.
    same = same && memcmp(rooms[0], rooms[1], 32 * points) == 0;
    count(&tally, same, "power", points);
    ck_spectrum_free(spectrum);
    free(frames);
    free(expected);
    free(found);
    free(rooms[0]);
    free(rooms[1]);
  }
  report(tally);
}

// A CPU with fused multiply-adds convolves by them at the least.
static void compare_convolutions(const struct family *family) {
  static const size_t counts[][2] = {{1, 1}, {3, 5}, {17, 16}, {100, 37}, {1000, 900}, {5000, 333}, {16000, 4000}};
  if (family->fourier == &fma_fourier) return;
  struct tally tally = {"convolutions", family->name, "fma", 0, 0};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    size_t left = counts[i][0], right = counts[i][1], length = left + right - 1;
    float *a = numbers(left, ORDINARY), *b = numbers(right, ORDINARY);
    float *expected = memory(length * sizeof *expected), *found = memory(length * sizeof *found);
    size_t bytes = ck_convolve_room(length);
    void *rooms[] = {memory(bytes), memory(bytes)};
    memset(rooms[0], 0, bytes);
    memset(rooms[1], 0, bytes);
    chosen = "generic";
    ck_convolve(a, left, b, right, expected, rooms[0]);
    chosen = family->name;
    ck_convolve(a, left, b, right, found, rooms[1]);
    int same = memcmp(expected, found, length * sizeof *found) == 0 && memcmp(rooms[0], rooms[1], bytes) == 0;
    count(&tally, same, "convolution", length);
    free(a);
    free(b);
    free(expected);
    free(found);
    free(rooms[0]);
    free(rooms[1]);
  }
  report(tally);
}

int main(int count, char **arguments) {
  __builtin_cpu_init();
  int ran = 0;
  for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
    if (!runs(families + i) || (count > 1 && strcmp(arguments[1], families[i].name) != 0)) continue;
    compare_kernels(families + i);
    compare_products(families + i);
    compare_powers(families + i);
    compare_convolutions(families + i);
    ran++;
  }
  if (ran == 0) printf("this CPU runs no family of kernels that was asked for\n");
  return failed || ran == 0;
}
