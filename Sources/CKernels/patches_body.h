// Convolutions whose kernel is as large as its stride, as a part of kernels_body.h: each element of the input is read
// at one place. Elements of a kernel's line are taken apart as they are read, and each sum is a chain of fused
// multiply-adds in the order that stands here.

// The outputs of a line that are computed at a time, and the most elements of a kernel's line that are read at once.
#define PLACES 512
#define MOST_FRAMES 8

// Adds to `sums` what `kernel` neighbouring frames give at each of `count` places, element after element.
INLINE void NAME(add_places)(const float *x, const float *w, size_t kernel, float *sums, size_t count) {
  for (size_t t = 0; t < count; t++) {
    float sum = sums[t];
    for (size_t j = 0; j < kernel; j++) sum = FMA(w[j], x[t * kernel + j], sum);
    sums[t] = sum;
  }
}

// Writes to each of `kernel` neighbouring frames at `count` places what the place's gradient gives, or adds it.
INLINE void NAME(spread_places)(
    const float *dy, const float *w, size_t kernel, int adding, float *dx, size_t count) {
  for (size_t t = 0; t < count; t++) {
    for (size_t j = 0; j < kernel; j++) {
      float *to = dx + t * kernel + j;
      *to = adding ? FMA(w[j], dy[t], *to) : w[j] * dy[t];
    }
  }
}

// Writes the j-th frame of each of `count` places.
INLINE void NAME(take_apart)(const float *x, size_t j, size_t kernel, float *to, size_t count) {
  for (size_t t = 0; t < count; t++) to[t] = x[t * kernel + j];
}

// The loops are compiled for the lengths that encoders use, since a length that is known becomes shuffles.
#define FOR_LENGTH(kernel, call) \
  switch (kernel) { \
    case 1: { enum { LENGTH = 1 }; call; break; } \
    case 2: { enum { LENGTH = 2 }; call; break; } \
    case 4: { enum { LENGTH = 4 }; call; break; } \
    default: { const size_t LENGTH = kernel; call; break; } \
  }

static void NAME(patches)(
    const ck_channel *channels, size_t count, const float *w, float bias, size_t kernel_height, size_t kernel_frames,
    size_t maps, size_t height, size_t frames, float *y) {
  float read[PLACES * MOST_FRAMES];
  for (size_t line = 0; line < maps * height; line++) {
    for (size_t first = 0; first < frames; first += PLACES) {
      size_t here = NAME(lesser)(PLACES, frames - first);
      float *to = y + line * frames + first;
      for (size_t t = 0; t < here; t++) to[t] = bias;
      for (size_t row = 0; row < count * kernel_height; row++) {
        size_t from = ((line * kernel_height + row % kernel_height) * frames + first) * kernel_frames;
        NAME(read_channel)(channels + row / kernel_height, from, read, here * kernel_frames);
        const float *own = w + row * kernel_frames;
        FOR_LENGTH(kernel_frames, NAME(add_places)(read, own, LENGTH, to, here))
      }
    }
  }
}

static void NAME(patches_input_gradient)(
    const float *dy, size_t dy_stride, const float *w, size_t w_stride, size_t count, size_t kernel_height,
    size_t kernel_frames, size_t maps, size_t height, size_t frames, float *dx) {
  for (size_t line = 0; line < maps * height; line++) {
    for (size_t row = 0; row < kernel_height; row++) {
      for (size_t first = 0; first < frames; first += PLACES) {
        size_t here = NAME(lesser)(PLACES, frames - first);
        float *to = dx + ((line * kernel_height + row) * frames + first) * kernel_frames;
        for (size_t output = 0; output < count; output++) {
          const float *own = dy + output * dy_stride + line * frames + first;
          const float *taps = w + output * w_stride + row * kernel_frames;
          FOR_LENGTH(kernel_frames, NAME(spread_places)(own, taps, LENGTH, output > 0, to, here))
        }
      }
    }
  }
}

static void NAME(patches_weight_gradient)(
    const float *dy, const ck_channel *channel, size_t kernel_line, size_t kernel_height, size_t kernel_frames,
    size_t maps, size_t height, size_t frames, double *sums) {
  float read[PLACES * MOST_FRAMES], apart[PLACES];
  eight lanes[MOST_FRAMES];
  size_t taken = 0;
  for (size_t j = 0; j < kernel_frames; j++) sums[j] = 0, lanes[j] = 0;
  for (size_t line = 0; line < maps * height; line++) {
    for (size_t first = 0; first < frames; first += PLACES) {
      size_t here = NAME(lesser)(PLACES, frames - first);
      size_t from = ((line * kernel_height + kernel_line) * frames + first) * kernel_frames;
      NAME(read_channel)(channel, from, read, here * kernel_frames);
      for (size_t j = 0; j < kernel_frames; j++) {
        FOR_LENGTH(kernel_frames, NAME(take_apart)(read, j, LENGTH, apart, here))
        for (size_t i = 0; i < here; i += 8) {
          eight own = NAME(load_first)(dy + line * frames + first + i, here - i);
          lanes[j] = FMA(own, NAME(load_first)(apart + i, here - i), lanes[j]);
        }
      }
      taken += here;
    }
    if (taken < FOLDED && line + 1 < maps * height) continue;
    for (size_t j = 0; j < kernel_frames; j++) {
      sums[j] += NAME(fold_eight)(lanes[j]);
      lanes[j] = 0;
    }
    taken = 0;
  }
}
