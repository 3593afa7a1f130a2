// Loaded before the C library (LD_PRELOAD), it lets the calls of a program that change files fail or wait, as a disk
// would: these environment variables say which.
//
// SVDIST_FAULT_PATH   a part of the path of the files and folders concerned
// SVDIST_FAULT_ERROR  the error number that the calls report (errno.h); without it they wait until a file exists
// SVDIST_FAULT_UNTIL  that file; with an error number, calls succeed again once it exists
// SVDIST_FAULT_FROM   a file or folder whose existence breaks the disk; without it the disk is broken from the start
// SVDIST_FAULT_READS  where it is set, opening for reading is concerned too
// SVDIST_FAULT_CALLS  so many calls of the process meet the broken disk, then it is mended (all)

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static atomic_long calls;

static const char *variable(const char *name) {
  static const char prefix[] = "SVDIST_FAULT_";
  char whole[64];
  snprintf(whole, sizeof whole, "%s%s", prefix, name);
  return getenv(whole);
}

static long number(const char *name, long otherwise) {
  const char *text = variable(name);
  return text ? strtol(text, NULL, 10) : otherwise;
}

/// Whether a call on a path is to fail; errno is set then. Waits where it has to.
static int fails(const char *path) {
  const char *part = variable("PATH"), *from = variable("FROM"), *until = variable("UNTIL");
  if (!part || !path || !strstr(path, part)) return 0;
  if (from && access(from, F_OK) != 0) return 0;
  if (atomic_fetch_add(&calls, 1) >= number("CALLS", LONG_MAX)) return 0;
  const int error = (int)number("ERROR", 0);
  if (error) {
    if (until && access(until, F_OK) == 0) return 0;
    errno = error;
    return 1;
  }
  while (until && access(until, F_OK) != 0) usleep(5000);
  return 0;
}

static int fails_open(int descriptor) {
  char link[32], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return fails(path);
}

static int changes(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) || variable("READS"); }

#define OPEN(name)                                                              \
  int name(const char *path, int flags, ...) {                                  \
    va_list rest;                                                               \
    va_start(rest, flags);                                                      \
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                               \
    return changes(flags) && fails(path) ? -1 : NEXT(name)(path, flags, mode);  \
  }

OPEN(open)
OPEN(open64)

ssize_t write(int descriptor, const void *bytes, size_t count) {
  return fails_open(descriptor) ? -1 : NEXT(write)(descriptor, bytes, count);
}

int fsync(int descriptor) { return fails_open(descriptor) ? -1 : NEXT(fsync)(descriptor); }

int ftruncate(int descriptor, off_t length) { return fails_open(descriptor) ? -1 : NEXT(ftruncate)(descriptor, length); }

int access(const char *path, int mode) { return (mode & W_OK) && fails(path) ? -1 : NEXT(access)(path, mode); }

int mkdir(const char *path, mode_t mode) { return fails(path) ? -1 : NEXT(mkdir)(path, mode); }

int rename(const char *from, const char *to) { return fails(from) || fails(to) ? -1 : NEXT(rename)(from, to); }

int unlink(const char *path) { return fails(path) ? -1 : NEXT(unlink)(path); }

int rmdir(const char *path) { return fails(path) ? -1 : NEXT(rmdir)(path); }

int symlink(const char *target, const char *path) { return fails(path) ? -1 : NEXT(symlink)(target, path); }
