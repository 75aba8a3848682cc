"""Analyses of a case: subsets of modalities, and features."""
