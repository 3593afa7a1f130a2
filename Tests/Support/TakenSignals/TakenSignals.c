// Loaded with a program (LD_PRELOAD), it takes signals before the program begins, as UCX takes SIGHUP.
#include <signal.h>

static void nothing(int number) { (void)number; }

__attribute__((constructor)) static void take(void) {
  static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR2};
  for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) signal(numbers[i], nothing);
}
