#pragma once
#include <stddef.h>
#include <stdint.h>

/// libFuzzer's loop, which comes with -sanitize=fuzzer and has no header of its own.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test)(const uint8_t *data, size_t size));
