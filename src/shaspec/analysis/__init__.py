"""Analyses of one case over its subsets and features."""
