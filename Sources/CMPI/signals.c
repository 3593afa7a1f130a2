// What libraries that come with MPI's do to signals as they are loaded: UCX takes SIGHUP for its debug mode
// (UCX_DEBUG_SIGNO; 1.20.1 in Open MPI 5.0.11 of PyPI), so that a program that nohup started would end with its terminal.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "CMPI.h"

// Those by which a terminal, a shell, a launcher or a scheduler speaks to a process.
static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE};
enum { COUNT = sizeof numbers / sizeof *numbers };
static void (*found[COUNT])(int);

static void note(void) {
  struct sigaction action;
  for (int i = 0; i < COUNT; i++) found[i] = sigaction(numbers[i], NULL, &action) == 0 ? action.sa_handler : SIG_DFL;
}

// The program's own first functions run before those of all libraries.
__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = note;

void cmpi_restore_signals(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < COUNT; i++) {
    action.sa_handler = found[i];
    sigaction(numbers[i], &action, NULL);
  }
  // UCX that is loaded later, when MPI starts, asks this first. One that is there has asked, and warns of what comes then
  // (MPICH 5.0.2 of PyPI).
  if (!dlopen("libucs.so.0", RTLD_LAZY | RTLD_NOLOAD)) setenv("UCX_DEBUG_SIGNO", "0", 0);
}
