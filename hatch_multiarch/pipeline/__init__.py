"""One ``hatch build`` from plan to report; `build` is the whole of it."""
