#include "CKernels.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fourier_table.h"

static const struct fourier_kernels *family(void) {
#if defined(__x86_64__)
  const char *set = ck_instruction_set();
  if (strcmp(set, "avx512") == 0) return &avx512_fourier;
  if (strcmp(set, "avx2") == 0) return &avx2_fourier;
  __builtin_cpu_init();
  // The same code is compiled for CPUs on which a fused multiply-add is an instruction rather than a call.
  if (__builtin_cpu_supports("fma")) return &fma_fourier;
#endif
  return &generic_fourier;
}

// Root `index` of `count`, a multiple of 8. It is computed by Taylor's series up to an eighth of the
// circle, with more digits than are kept, because sines and cosines of the C library differ between its versions.
static struct fourier_root root(size_t index, size_t count) {
  size_t eighth = count / 8, octant = index / eighth, rest = index % eighth;
  long double angle = (long double)(octant % 2 ? eighth - rest : rest) / (long double)eighth;
  angle *= 0.785398163397448309615660845819875721L;
  long double cosine = 0, sine = 0, term = 1;
  for (int power = 1; power < 24; power += 2) {
    cosine += term;
    term *= angle / power;
    sine += term;
    term *= -angle / (power + 1);
  }
  double c = (double)cosine, s = (double)sine;
  switch (octant % 8) {
    case 0: return (struct fourier_root){c, s};
    case 1: return (struct fourier_root){s, c};
    case 2: return (struct fourier_root){-s, c};
    case 3: return (struct fourier_root){-c, s};
    case 4: return (struct fourier_root){-c, -s};
    case 5: return (struct fourier_root){-s, -c};
    case 6: return (struct fourier_root){s, -c};
    default: return (struct fourier_root){c, -s};
  }
}

// Writes roots 0, step, 2 * step, … of `count`, n of them.
static void write_roots(struct fourier_root *to, size_t n, size_t step, size_t count) {
  for (size_t i = 0; i < n; i++) to[i] = root(i * step, count);
}

// The tables of a transform. `roots` and `places` have room for as many elements as `points`.
static struct fourier_length length(size_t points, struct fourier_root *roots, uint32_t *places) {
  struct fourier_root *next = roots;
  for (size_t size = points; size > 4; size /= fourier_radix(size)) {
    size_t radix = fourier_radix(size);
    for (size_t j = 0; j < size / radix; j++) {
      for (size_t power = 1; power < radix; power++) *next++ = root(power * j, size);
    }
  }
  for (size_t k = 0; k < points; k++) {
    size_t place = 0, rest = k, size = points;
    while (size >= 4) {
      size_t radix = fourier_radix(size);
      size /= radix;
      place += rest % radix * size;
      rest /= radix;
    }
    places[k] = (uint32_t)(place + rest);
  }
  return (struct fourier_length){points, roots, places};
}

// Whether passes by five leave a power of two that is large enough for their roots.
static bool is_transformable(size_t points) {
  size_t rest = points;
  while (rest > 0 && rest % 5 == 0) rest /= 5;
  bool is_power = rest > 0 && (rest & (rest - 1)) == 0;
  return is_power && rest >= (rest == points ? 8 : 16);
}

struct ck_spectrum *ck_spectrum_new(size_t points) {
  if (!is_transformable(points)) return NULL;
  size_t half = points / 2;
  struct ck_spectrum *spectrum =
      malloc(sizeof *spectrum + (half / 2 + half) * sizeof(struct fourier_root) + half * sizeof(uint32_t));
  if (!spectrum) return NULL;
  struct fourier_root *split = (struct fourier_root *)(spectrum + 1), *roots = split + half / 2;
  write_roots(split, half / 2, 1, points);
  *spectrum = (struct ck_spectrum){family(), points, length(half, roots, (uint32_t *)(roots + half)), split};
  return spectrum;
}

void ck_spectrum_free(struct ck_spectrum *spectrum) { free(spectrum); }

void ck_frame_powers(const struct ck_spectrum *spectrum, const double *frames, float *power, void *room) {
  spectrum->kernels->frame_powers(spectrum, frames, power, room);
}

// The numbers of rows and columns of complex numbers whose parts, taken together, have room for `count` numbers.
static void shape(size_t count, size_t *rows, size_t *columns) {
  *rows = *columns = 4;
  while (2 * *rows * *columns < count) {
    if (*rows == *columns) {
      *rows *= 2;
    } else {
      *columns *= 2;
    }
  }
}

size_t ck_convolve_room(size_t count) {
  size_t rows, columns;
  shape(count, &rows, &columns);
  size_t points = 3 * rows * columns / 4 + rows;
  return points * sizeof(point) + 3 * (rows + columns) * sizeof(struct fourier_root) +
         (rows + columns) * sizeof(uint32_t);
}

void ck_convolve(const float *a, size_t a_count, const float *b, size_t b_count, float *c, void *room) {
  size_t rows, columns;
  shape(a_count + b_count - 1, &rows, &columns);
  size_t points = rows * columns;
  point *first = room, *second = first + points / 4, *third = second + points / 4, *line = third + points / 4;
  struct fourier_root *coarse = (struct fourier_root *)(line + rows), *fine = coarse + 2 * columns;
  struct fourier_root *row_roots = fine + 2 * rows, *column_roots = row_roots + rows;
  uint32_t *row_places = (uint32_t *)(column_roots + columns), *column_places = row_places + rows;
  write_roots(coarse, 2 * columns, 2 * rows, 4 * points);
  write_roots(fine, 2 * rows, 1, 4 * points);
  struct fourier_convolution plan = {
      length(rows, row_roots, row_places), length(columns, column_roots, column_places), {2 * rows, coarse, fine},
      first, second, third, line};
  family()->convolve(&plan, a, a_count, b, b_count, c);
}
