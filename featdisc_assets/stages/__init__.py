"""Pure functions, arrays and frames in and out: usable from a notebook, and knowing nothing of the wiring."""
