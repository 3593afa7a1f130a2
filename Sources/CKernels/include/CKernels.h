#ifndef CKERNELS_H
#define CKERNELS_H
#include <stddef.h>

#endif
