#pragma once

/// Loaded before the C library (LD_PRELOAD), it lets the calls of a program that change files fail or wait, as a disk
/// would: these environment variables say which.
///
/// SVDIST_FAULT_PATH   a part of the path of the files and folders concerned
/// SVDIST_FAULT_ERROR  the error number that the calls report (errno.h); without it they wait until a file exists
/// SVDIST_FAULT_UNTIL  that file; with an error number, calls succeed again once it exists
/// SVDIST_FAULT_FROM   a file or folder whose existence breaks the disk; without it the disk is broken from the start
/// SVDIST_FAULT_READS  where it is set, opening for reading is concerned too
/// SVDIST_FAULT_CALLS  so many calls of the process meet the broken disk, then it is mended (all)
#define SVDIST_FAULT_VARIABLES "SVDIST_FAULT_"
