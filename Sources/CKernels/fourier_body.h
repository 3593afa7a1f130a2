// Fourier transforms in double precision. A file for each instruction set, which defines NAME, includes this one. All
// of them do the same operations in the same order.
#pragma clang fp contract(off)
#define FMA(x, y, z) __builtin_elementwise_fma(x, y, z)
// Vectors wider than the CPU's are passed between inlined functions only, where no calling convention matters.
#pragma clang diagnostic ignored "-Wpsabi"
#define INLINE static inline __attribute__((always_inline))

INLINE lanes NAME(all)(double x) { return (lanes){x, x, x, x}; }
INLINE point NAME(sum)(point a, point b) { return (point){a.re + b.re, a.im + b.im}; }
INLINE point NAME(difference)(point a, point b) { return (point){a.re - b.re, a.im - b.im}; }

// The product z * (cosine - i * sine).
INLINE point NAME(turned)(point z, lanes cosine, lanes sine) {
  return (point){FMA(z.im, sine, z.re * cosine), FMA(-z.re, sine, z.im * cosine)};
}
INLINE point NAME(turned_by)(point z, struct fourier_root root) {
  return NAME(turned)(z, NAME(all)(root.cosine), NAME(all)(root.sine));
}

// Transposes four vectors of four numbers.
INLINE void NAME(transpose)(lanes *x) {
  lanes a = __builtin_shufflevector(x[0], x[1], 0, 4, 2, 6), b = __builtin_shufflevector(x[0], x[1], 1, 5, 3, 7);
  lanes c = __builtin_shufflevector(x[2], x[3], 0, 4, 2, 6), d = __builtin_shufflevector(x[2], x[3], 1, 5, 3, 7);
  x[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  x[1] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  x[2] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  x[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

// The transform of four points.
INLINE void NAME(butterfly)(const point *z, size_t stride, point *y) {
  point a = z[0], b = z[stride], c = z[2 * stride], d = z[3 * stride];
  point even = NAME(sum)(a, c), odd = NAME(sum)(b, d);
  point left = NAME(difference)(a, c), right = NAME(difference)(b, d);
  y[0] = NAME(sum)(even, odd);
  y[1] = (point){left.re + right.im, left.im - right.re};
  y[2] = NAME(difference)(even, odd);
  y[3] = (point){left.re - right.im, left.im + right.re};
}

// The transform of five points.
INLINE void NAME(pentagon)(const point *z, size_t stride, point *y) {
  // Cosines and sines of a fifth of the circle and of two.
  const lanes c1 = NAME(all)(0.30901699437494742410), c2 = NAME(all)(-0.80901699437494742410);
  const lanes s1 = NAME(all)(0.95105651629515357212), s2 = NAME(all)(0.58778525229247312917);
  point a = NAME(sum)(z[stride], z[4 * stride]), b = NAME(sum)(z[2 * stride], z[3 * stride]);
  point d = NAME(difference)(z[stride], z[4 * stride]), e = NAME(difference)(z[2 * stride], z[3 * stride]);
  point near = {FMA(b.re, c2, FMA(a.re, c1, z[0].re)), FMA(b.im, c2, FMA(a.im, c1, z[0].im))};
  point far = {FMA(b.re, c1, FMA(a.re, c2, z[0].re)), FMA(b.im, c1, FMA(a.im, c2, z[0].im))};
  point across = {FMA(e.re, s2, d.re * s1), FMA(e.im, s2, d.im * s1)};
  point along = {FMA(-e.re, s1, d.re * s2), FMA(-e.im, s1, d.im * s2)};
  y[0] = NAME(sum)(z[0], NAME(sum)(a, b));
  y[1] = (point){near.re + across.im, near.im - across.re};
  y[2] = (point){far.re + along.im, far.im - along.re};
  y[3] = (point){far.re - along.im, far.im + along.re};
  y[4] = (point){near.re - across.im, near.im + across.re};
}

// A pass over all blocks of `size` points, which divides each into `radix`.
INLINE void NAME(pass)(point *z, const point *end, size_t size, const size_t radix, const struct fourier_root *roots) {
  size_t part = size / radix;
  point y[5];
  for (point *block = z; block < end; block += size) {
    for (size_t j = 0; j < part; j++) {
      if (radix == 5) {
        NAME(pentagon)(block + j, part, y);
      } else {
        NAME(butterfly)(block + j, part, y);
      }
      block[j] = y[0];
      for (size_t power = 1; power < radix; power++) {
        block[j + power * part] = NAME(turned_by)(y[power], roots[(radix - 1) * j + power - 1]);
      }
    }
  }
}

// A transform by decimation in frequency, in place: frequency k ends at places[k].
static void NAME(transform)(struct fourier_length length, point *z) {
  const point *end = z + length.points;
  const struct fourier_root *roots = length.roots;
  size_t size = length.points;
  point y[4];
  while (size > 4) {
    size_t radix = fourier_radix(size);
    if (radix == 5) {
      NAME(pass)(z, end, size, 5, roots);
    } else {
      NAME(pass)(z, end, size, 4, roots);
    }
    size /= radix;
    roots += (radix - 1) * size;
  }
  for (point *block = z; block < end; block += size) {
    if (size == 4) {
      NAME(butterfly)(block, 1, y);
      memcpy(block, y, sizeof y);
    } else {
      y[0] = NAME(sum)(block[0], block[1]);
      y[1] = NAME(difference)(block[0], block[1]);
      memcpy(block, y, 2 * sizeof(point));
    }
  }
}

// Writes (re^2 + im^2) / 4 for four of the sixteen frames.
INLINE void NAME(write_power)(float *power, lanes re, lanes im) {
  typedef float floats __attribute__((vector_size(16)));
  floats rounded = __builtin_convertvector(FMA(re, re, im * im) * NAME(all)(0.25), floats);
  memcpy(power, &rounded, sizeof rounded);
}

// Takes the even samples for the real parts, and the odd ones for the imaginary parts, of a complex signal of half the
// length. With Z its spectrum and c the conjugate of Z[half - k], (Z[k] + c) / 2 is the spectrum of the even samples
// and (Z[k] - c) / 2i that of the odd ones. The latter, turned by k, added to the former gives the frame's spectrum at
// k, and subtracted from it the conjugate of the frame's spectrum at half - k.
static void NAME(frame_powers)(const struct ck_spectrum *spectrum, const double *frames, float *power, point *z) {
  size_t points = spectrum->points, half = points / 2;
  const uint32_t *places = spectrum->half.places;
  for (size_t first = 0; first < 16; first += 4) {
    for (size_t i = 0; i < points; i += 4) {
      lanes x[4];
      for (size_t frame = 0; frame < 4; frame++) memcpy(x + frame, frames + (first + frame) * points + i, sizeof *x);
      NAME(transpose)(x);
      z[i / 2] = (point){x[0], x[1]};
      z[i / 2 + 1] = (point){x[2], x[3]};
    }
    NAME(transform)(spectrum->half, z);
    float *to = power + first;
    NAME(write_power)(to, (z[0].re + z[0].im) * NAME(all)(2), NAME(all)(0));
    for (size_t k = 1; k < half / 2; k++) {
      point a = z[places[k]], b = z[places[half - k]];
      point even = {a.re + b.re, a.im - b.im}, odd = {a.im + b.im, b.re - a.re};
      odd = NAME(turned_by)(odd, spectrum->roots[k]);
      NAME(write_power)(to + 16 * k, even.re + odd.re, even.im + odd.im);
      NAME(write_power)(to + 16 * (half - k), even.re - odd.re, even.im - odd.im);
    }
    point middle = z[places[half / 2]];
    NAME(write_power)(to + 8 * half, middle.re * NAME(all)(2), middle.im * NAME(all)(2));
  }
}

// The numbers z turned by the roots first, first + step, first + 2 * step and first + 3 * step.
INLINE point NAME(turned_along)(point z, struct fourier_circle circle, size_t first, size_t step) {
  point coarse, fine;
  for (size_t lane = 0; lane < 4; lane++) {
    size_t index = first + lane * step;
    struct fourier_root high = circle.coarse[index / circle.stride], low = circle.fine[index % circle.stride];
    coarse.re[lane] = high.cosine;
    coarse.im[lane] = high.sine;
    fine.re[lane] = low.cosine;
    fine.im[lane] = low.sine;
  }
  lanes cosine = FMA(-coarse.im, fine.im, coarse.re * fine.re), sine = FMA(coarse.re, fine.im, coarse.im * fine.re);
  return NAME(turned)(z, cosine, sine);
}

// The transform of rows x columns numbers, stored row after row, four to a point: first each column is transformed and
// turned, then each row of the result.
static void NAME(long_transform)(const struct fourier_convolution *plan, const point *x, point *y) {
  size_t rows = plan->rows.points, columns = plan->columns.points;
  point *line = plan->line;
  for (size_t column = 0; column < columns; column += 4) {
    for (size_t row = 0; row < rows; row++) line[row] = x[(row * columns + column) / 4];
    NAME(transform)(plan->rows, line);
    for (size_t k = 0; k < rows; k += 4) {
      lanes re[4], im[4];
      for (size_t j = 0; j < 4; j++) {
        point z = line[plan->rows.places[k + j]];
        z = NAME(turned_along)(z, plan->circle, 4 * (k + j) * column, 4 * (k + j));
        re[j] = z.re;
        im[j] = z.im;
      }
      NAME(transpose)(re);
      NAME(transpose)(im);
      for (size_t j = 0; j < 4; j++) y[((column + j) * rows + k) / 4] = (point){re[j], im[j]};
    }
  }
  for (size_t k = 0; k < rows; k += 4) {
    for (size_t column = 0; column < columns; column++) line[column] = y[(column * rows + k) / 4];
    NAME(transform)(plan->columns, line);
    for (size_t row = 0; row < columns; row++) y[(row * rows + k) / 4] = line[plan->columns.places[row]];
  }
}

// Four elements of x from `at` on; those beyond n are 0.
INLINE lanes NAME(read)(const float *x, size_t n, size_t at) {
  lanes read = NAME(all)(0);
  for (size_t lane = 0; lane < 4 && at + lane < n; lane++) read[lane] = (double)x[at + lane];
  return read;
}

// Writes four elements of x from `at` on, but none beyond n.
INLINE void NAME(write)(lanes values, float *x, size_t n, size_t at) {
  for (size_t lane = 0; lane < 4 && at + lane < n; lane++) x[at + lane] = (float)values[lane];
}

// The spectrum of n numbers, as `convolve` multiplies it.
static void NAME(spectrum)(const struct fourier_convolution *plan, const float *x, size_t n, point *room, point *spectrum) {
  size_t points = plan->rows.points * plan->columns.points;
  for (size_t i = 0; i < points; i += 4) {
    point z = {NAME(read)(x, n, i), -NAME(read)(x, n, i + points)};
    room[i / 4] = NAME(turned_along)(z, plan->circle, i, 1);
  }
  NAME(long_transform)(plan, room, spectrum);
}

// The convolution as a product of polynomials. With H points, two numbers are stored in one as x[i] - i * x[i + H], so
// that products are taken modulo t^H + i. The cyclic convolution of the transform gives this where t is multiplied by a
// root of order 4H.
static void NAME(convolve)(
    const struct fourier_convolution *plan, const float *a, size_t a_count, const float *b, size_t b_count, float *c) {
  size_t points = plan->rows.points * plan->columns.points, count = a_count + b_count - 1;
  point *product = plan->first;
  NAME(spectrum)(plan, a, a_count, product, plan->second);
  NAME(spectrum)(plan, b, b_count, product, plan->third);
  for (size_t i = 0; i < points / 4; i++) {
    point x = plan->second[i], y = plan->third[i];
    // Exchanging the real and imaginary parts before and after turns the transform into its inverse.
    product[i] = (point){FMA(x.re, y.im, x.im * y.re), FMA(x.re, y.re, -(x.im * y.im))};
  }
  point *result = plan->second;
  NAME(long_transform)(plan, product, result);
  lanes scale = NAME(all)(1 / (double)points);
  for (size_t i = 0; i < points; i += 4) {
    point z = {result[i / 4].im * scale, -result[i / 4].re * scale};
    z = NAME(turned_along)(z, plan->circle, i, 1);
    NAME(write)(z.re, c, count, i);
    NAME(write)(z.im, c, count, i + points);
  }
}

const struct fourier_kernels NAME(fourier) = {NAME(frame_powers), NAME(convolve)};
