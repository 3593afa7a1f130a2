#include "CMPI.h"
#include <mpi.h>
