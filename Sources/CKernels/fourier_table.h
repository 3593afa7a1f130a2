// The types that the variants of ck_frame_powers and ck_convolve share.
#ifndef FOURIER_TABLE_H
#define FOURIER_TABLE_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef double lanes __attribute__((vector_size(32)));
// Four complex numbers, either of four signals or neighbours in one.
typedef struct {
  lanes re, im;
} point;

// A root of unity, exp(-i * angle) = cosine - i * sine.
struct fourier_root {
  double cosine, sine;
};

// A complex transform whose number of points is a power of two, at least 4, or one of at least 8 times a power of five.
struct fourier_length {
  size_t points;
  // For each pass, the longest first, the powers of its roots in turn, from the first to the last below its radix.
  const struct fourier_root *roots;
  // The place at which the transform leaves each frequency.
  const uint32_t *places;
};

// The number of parts into which a pass divides a transform of `size` points. Those by five come first.
static inline size_t fourier_radix(size_t size) { return size % 5 == 0 ? 5 : 4; }

// The roots of a large circle, of which root i is coarse[i / stride] * fine[i % stride].
struct fourier_circle {
  size_t stride;
  const struct fourier_root *coarse, *fine;
};

struct fourier_kernels;

struct ck_spectrum {
  const struct fourier_kernels *kernels;
  size_t points;
  struct fourier_length half;
  const struct fourier_root *roots;
};

// A convolution by means of transforms of rows.points * columns.points complex numbers.
struct fourier_convolution {
  struct fourier_length rows, columns;
  // The roots of a circle with four times as many points.
  struct fourier_circle circle;
  // Memory to work in: three blocks for all numbers of a transform, and one for rows.points points.
  point *first, *second, *third, *line;
};

struct fourier_kernels {
  void (*frame_powers)(const struct ck_spectrum *, const double *, float *, point *);
  void (*convolve)(const struct fourier_convolution *, const float *, size_t, const float *, size_t, float *);
};

extern const struct fourier_kernels generic_fourier;
#if defined(__x86_64__)
extern const struct fourier_kernels fma_fourier;
extern const struct fourier_kernels avx2_fourier;
extern const struct fourier_kernels avx512_fourier;
#endif

#endif
