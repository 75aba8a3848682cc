"""Evaluation: metrics, the protocol over all subsets, reports."""
