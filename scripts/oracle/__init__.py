"""Reference computations of what svdist trains, straight from the formulas, in double precision."""
