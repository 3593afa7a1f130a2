// Winograd's minimal filtering F(4, 3) of a line and its gradients (Lavin and Gray 2016, sections 3 and 4), as a part of
// kernels_body.h: four outputs of three taps by six products. The polynomials are evaluated at 0, at ±3/4 and ±3/2, and
// at infinity: rounding errors are a third smaller than with ±1 and ±2, in two dimensions less than half, and the numbers
// by which inputs and products are multiplied are exact. Eight tiles beside each other are transformed at a time. Each
// sum is rounded as it stands here, so the bits are the same at any width of the CPU's vectors.

typedef float eight __attribute__((ext_vector_type(8)));
typedef float four __attribute__((ext_vector_type(4)));

INLINE size_t NAME(lesser)(size_t x, size_t y) { return x < y ? x : y; }

INLINE eight NAME(load_eight)(const float *x) {
  eight v;
  memcpy(&v, x, sizeof v);
  return v;
}

INLINE void NAME(store_eight)(eight v, float *to) { memcpy(to, &v, sizeof v); }

#define INNER 0.75f
#define OUTER 1.5f
#define INNER_SQUARE (INNER * INNER)
#define OUTER_SQUARE (OUTER * OUTER)
// What the kernels' numbers are multiplied by: one over the product of a point's distances from the others.
#define ZERO_SCALE (1 / (INNER_SQUARE * OUTER_SQUARE))
#define INNER_SCALE (1 / (2 * INNER_SQUARE * (INNER_SQUARE - OUTER_SQUARE)))
#define OUTER_SCALE (1 / (2 * OUTER_SQUARE * (OUTER_SQUARE - INNER_SQUARE)))
// factor * x + y, rounded once.
#define SCALED_SUM(factor, x, y) FMA((eight)(factor), x, y)

// Bᵀ·d.
INLINE void NAME(filter_input)(const eight d[6], eight v[6]) {
  const float sum = INNER_SQUARE + OUTER_SQUARE, product = INNER_SQUARE * OUTER_SQUARE;
  eight even = SCALED_SUM(-OUTER_SQUARE, d[2], d[4]), odd = SCALED_SUM(-OUTER_SQUARE, d[1], d[3]);
  v[0] = SCALED_SUM(product, d[0], SCALED_SUM(-sum, d[2], d[4]));
  v[1] = SCALED_SUM(INNER, odd, even);
  v[2] = SCALED_SUM(-INNER, odd, even);
  even = SCALED_SUM(-INNER_SQUARE, d[2], d[4]);
  odd = SCALED_SUM(-INNER_SQUARE, d[1], d[3]);
  v[3] = SCALED_SUM(OUTER, odd, even);
  v[4] = SCALED_SUM(-OUTER, odd, even);
  v[5] = SCALED_SUM(product, d[1], SCALED_SUM(-sum, d[3], d[5]));
}

// Aᵀ·m.
INLINE void NAME(filter_output)(const eight m[6], eight y[4]) {
  eight inner = m[1] + m[2], inner_odd = m[1] - m[2], outer = m[3] + m[4], outer_odd = m[3] - m[4];
  y[0] = m[0] + (inner + outer);
  y[1] = SCALED_SUM(OUTER, outer_odd, INNER * inner_odd);
  y[2] = SCALED_SUM(OUTER_SQUARE, outer, INNER_SQUARE * inner);
  y[3] = SCALED_SUM(OUTER * OUTER_SQUARE, outer_odd, SCALED_SUM(INNER * INNER_SQUARE, inner_odd, m[5]));
}

// A·y, the gradient through Aᵀ·m.
INLINE void NAME(filter_gradient)(const eight y[4], eight m[6]) {
  eight even = SCALED_SUM(INNER_SQUARE, y[2], y[0]), odd = SCALED_SUM(INNER_SQUARE, y[3], y[1]);
  m[0] = y[0];
  m[1] = SCALED_SUM(INNER, odd, even);
  m[2] = SCALED_SUM(-INNER, odd, even);
  even = SCALED_SUM(OUTER_SQUARE, y[2], y[0]);
  odd = SCALED_SUM(OUTER_SQUARE, y[3], y[1]);
  m[3] = SCALED_SUM(OUTER, odd, even);
  m[4] = SCALED_SUM(-OUTER, odd, even);
  m[5] = y[3];
}

// G·w.
INLINE void NAME(filter_weights)(const eight w[3], eight u[6]) {
  eight even = SCALED_SUM(INNER_SQUARE, w[2], w[0]);
  u[0] = w[0] * ZERO_SCALE;
  u[1] = SCALED_SUM(INNER, w[1], even) * INNER_SCALE;
  u[2] = SCALED_SUM(-INNER, w[1], even) * INNER_SCALE;
  even = SCALED_SUM(OUTER_SQUARE, w[2], w[0]);
  u[3] = SCALED_SUM(OUTER, w[1], even) * OUTER_SCALE;
  u[4] = SCALED_SUM(-OUTER, w[1], even) * OUTER_SCALE;
  u[5] = w[2];
}

// Gᵀ·u, the gradient through G·w.
INLINE void NAME(filter_weight_gradient)(const eight u[6], eight w[3]) {
  eight inner = (u[1] + u[2]) * INNER_SCALE, inner_odd = (u[1] - u[2]) * INNER_SCALE;
  eight outer = (u[3] + u[4]) * OUTER_SCALE, outer_odd = (u[3] - u[4]) * OUTER_SCALE;
  w[0] = u[0] * ZERO_SCALE + (inner + outer);
  w[1] = SCALED_SUM(OUTER, outer_odd, INNER * inner_odd);
  w[2] = SCALED_SUM(OUTER_SQUARE, outer, SCALED_SUM(INNER_SQUARE, inner, u[5]));
}
