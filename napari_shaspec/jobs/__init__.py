"""Runs jobs in a worker, with progress, cancelling, errors and messages."""
