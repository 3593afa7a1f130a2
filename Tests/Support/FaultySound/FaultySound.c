// Loaded before libsoxr (LD_PRELOAD), it lets loud samples overflow when they are resampled, as a fault of a machine or a
// library would: features of such a stretch are no numbers, although the recording is one.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>
#include <stddef.h>

typedef const char *process(void *, const void *, size_t, size_t *, void *, size_t, size_t *);

const char *soxr_process(void *converter, const void *in, size_t inputs, size_t *taken, void *out, size_t outputs,
                         size_t *given) {
  const char *error = ((process *)dlsym(RTLD_NEXT, "soxr_process"))(converter, in, inputs, taken, out, outputs, given);
  float *samples = out;
  for (size_t index = 0; !error && index < *given; index++) {
    if (fabsf(samples[index]) > 10) samples[index] *= 1e26f;
  }
  return error;
}
