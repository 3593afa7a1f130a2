// Loaded before the C library (LD_PRELOAD), it lets the system refuse a program more threads, as it does at a limit
// (ulimit -u): this environment variable says how many the program gets beside its first one.
//
// SVDIST_FAULT_THREADS  so many calls that start a thread succeed (all)

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_long started;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
  const char *text = getenv("SVDIST_FAULT_THREADS");
  if (atomic_fetch_add(&started, 1) >= (text ? strtol(text, NULL, 10) : LONG_MAX)) return EAGAIN;
  const __typeof__(&pthread_create) next = (__typeof__(&pthread_create))dlsym(RTLD_NEXT, "pthread_create");
  return next(thread, attributes, body, argument);
}
