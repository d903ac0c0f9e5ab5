"""One ``hatch build``, from plan to report."""
