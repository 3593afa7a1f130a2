// MPI's handles are macros with casts, which Swift cannot import: this shim names what svdist uses, without any MPI type.
#ifndef CMPI_H
#define CMPI_H

#endif
