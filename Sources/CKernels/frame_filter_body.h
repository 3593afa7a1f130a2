// Winograd's minimal filtering F(4, 3) over frames that lie `dilation` apart, and its gradients, as a part of
// kernels_body.h.

// Writes each group's first `dilation` frames to the first of four rows, the next to the second, and so on.
INLINE void NAME(split_evenly)(const float *x, size_t groups, size_t dilation, float *rows, size_t length) {
  for (size_t group = 0; group < groups; group++) {
    for (size_t row = 0; row < 4; row++) {
      for (size_t i = 0; i < dilation; i++) {
        rows[row * length + group * dilation + i] = x[(4 * group + row) * dilation + i];
      }
    }
  }
}

// The way back of split_evenly.
INLINE void NAME(join_evenly)(const float *rows, size_t length, size_t groups, size_t dilation, float *x) {
  for (size_t group = 0; group < groups; group++) {
    for (size_t row = 0; row < 4; row++) {
      for (size_t i = 0; i < dilation; i++) {
        x[(4 * group + row) * dilation + i] = rows[row * length + group * dilation + i];
      }
    }
  }
}

// Usual dilations are numbers that the compiler knows.
static void NAME(split_frames)(const float *x, size_t groups, size_t dilation, float *rows, size_t length) {
  switch (dilation) {
    case 1: NAME(split_evenly)(x, groups, 1, rows, length); break;
    case 2: NAME(split_evenly)(x, groups, 2, rows, length); break;
    case 3: NAME(split_evenly)(x, groups, 3, rows, length); break;
    default: NAME(split_evenly)(x, groups, dilation, rows, length);
  }
}

static void NAME(join_frames)(const float *rows, size_t length, size_t groups, size_t dilation, float *x) {
  switch (dilation) {
    case 1: NAME(join_evenly)(rows, length, groups, 1, x); break;
    case 2: NAME(join_evenly)(rows, length, groups, 2, x); break;
    case 3: NAME(join_evenly)(rows, length, groups, 3, x); break;
    default: NAME(join_evenly)(rows, length, groups, dilation, x);
  }
}

// Reads `groups` groups of four times `dilation` frames from where a run's tiles begin, with zeros where the line has
// none, and splits them.
INLINE void NAME(read_frames)(
    const ck_channel *channel, const ck_frame_tiles *run, size_t groups, size_t dilation, float *room, float *rows,
    size_t length) {
  size_t most = 4 * groups * dilation, there = NAME(lesser)(run->frames, most - run->before);
  memset(room, 0, run->before * sizeof *room);
  NAME(read_channel)(channel, run->column, room + run->before, there);
  memset(room + run->before + there, 0, (most - run->before - there) * sizeof *room);
  NAME(split_frames)(room, groups, dilation, rows, length);
}

static void NAME(frame_filter_input)(
    const ck_channel *channel, const ck_frame_tiles *runs, size_t count, size_t dilation, float *room, float *v,
    size_t step) {
  for (const ck_frame_tiles *run = runs; run < runs + count; run++) {
    // A tile reads two rows of the group behind its own.
    size_t groups = (run->count + dilation - 1) / dilation + 1, length = groups * dilation + 8;
    float *rows = room + 4 * groups * dilation;
    NAME(read_frames)(channel, run, groups, dilation, room, rows, length);
    for (size_t tile = 0; tile < run->count; tile += 8) {
      eight frames[6], numbers[6];
#pragma clang loop unroll(full)
      for (size_t row = 0; row < 4; row++) frames[row] = NAME(load_eight)(rows + row * length + tile);
      frames[4] = NAME(load_eight)(rows + tile + dilation);
      frames[5] = NAME(load_eight)(rows + length + tile + dilation);
      NAME(filter_input)(frames, numbers);
#pragma clang loop unroll(full)
      for (size_t number = 0; number < 6; number++) NAME(store_eight)(numbers[number], v + number * step + tile);
    }
    v += run->count;
  }
}

static void NAME(frame_filter_gradient)(
    const float *dy, const ck_frame_tiles *runs, size_t count, size_t dilation, float *room, float *dm, size_t step) {
  const ck_channel channel = {.x = dy, .a = 1};
  for (const ck_frame_tiles *run = runs; run < runs + count; run++) {
    size_t groups = (run->count + dilation - 1) / dilation, length = groups * dilation + 8;
    float *rows = room + 4 * groups * dilation;
    NAME(read_frames)(&channel, run, groups, dilation, room, rows, length);
    for (size_t tile = 0; tile < run->count; tile += 8) {
      eight frames[4], numbers[6];
#pragma clang loop unroll(full)
      for (size_t row = 0; row < 4; row++) frames[row] = NAME(load_eight)(rows + row * length + tile);
      NAME(filter_gradient)(frames, numbers);
#pragma clang loop unroll(full)
      for (size_t number = 0; number < 6; number++) NAME(store_eight)(numbers[number], dm + number * step + tile);
    }
    dm += run->count;
  }
}

static void NAME(frame_filter_output)(
    const float *m, size_t step, const ck_frame_tiles *runs, size_t count, size_t dilation, int adding, float *room,
    float *y) {
  for (const ck_frame_tiles *run = runs; run < runs + count; run++) {
    size_t groups = (run->count + dilation - 1) / dilation, length = groups * dilation + 8;
    float *rows = room + 4 * groups * dilation, *own = y + run->column;
    for (size_t tile = 0; tile < run->count; tile += 8) {
      eight numbers[6], frames[4];
#pragma clang loop unroll(full)
      for (size_t number = 0; number < 6; number++) numbers[number] = NAME(load_eight)(m + number * step + tile);
      NAME(filter_output)(numbers, frames);
#pragma clang loop unroll(full)
      for (size_t row = 0; row < 4; row++) NAME(store_eight)(frames[row], rows + row * length + tile);
    }
    NAME(join_frames)(rows, length, groups, dilation, room);
    // A tile's frames beyond the line's end stand behind all that are there.
    size_t there = NAME(lesser)(run->frames, 4 * groups * dilation);
    if (adding) {
      for (size_t i = 0; i < there; i++) own[i] += room[i];
    } else {
      memcpy(own, room, there * sizeof *own);
    }
    m += run->count;
  }
}

static void NAME(frame_filter_weights)(
    const float *w, size_t stride, size_t count, int turned, float *u, size_t step) {
  for (size_t i = 0; i < count; i += 8) {
    eight taps[3], numbers[6];
    for (size_t j = 0; j < 8; j++) {
      const float *kernel = w + NAME(lesser)(i + j, count - 1) * stride;
#pragma clang loop unroll(full)
      for (size_t tap = 0; tap < 3; tap++) taps[tap][j] = kernel[turned ? 2 - tap : tap];
    }
    NAME(filter_weights)(taps, numbers);
    size_t here = NAME(lesser)(8, count - i);
#pragma clang loop unroll(full)
    for (size_t number = 0; number < 6; number++) {
      memcpy(u + number * step + i, &numbers[number], here * sizeof *u);
    }
  }
}

static void NAME(frame_filter_weight_gradient)(
    const float *du, size_t step, size_t count, int adding, float *dw) {
  for (size_t i = 0; i < count; i += 8) {
    eight numbers[6], taps[3];
#pragma clang loop unroll(full)
    for (size_t number = 0; number < 6; number++) numbers[number] = NAME(load_eight)(du + number * step + i);
    NAME(filter_weight_gradient)(numbers, taps);
    float kernels[24], *own = dw + 3 * i;
#pragma clang loop unroll(full)
    for (size_t j = 0; j < 8; j++) {
#pragma clang loop unroll(full)
      for (size_t tap = 0; tap < 3; tap++) kernels[3 * j + tap] = taps[tap][j];
    }
    size_t there = 3 * NAME(lesser)(8, count - i);
    if (adding) {
      for (size_t j = 0; j < there; j++) own[j] += kernels[j];
    } else {
      memcpy(own, kernels, there * sizeof *own);
    }
  }
}
