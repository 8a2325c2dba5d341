"""Figures: the product beside a thin baseline, in the same run, on the same rows. `make bench`."""
