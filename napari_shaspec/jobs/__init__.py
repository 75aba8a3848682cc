"""Runs an engine generator in a worker: progress, cancel, errors, messages."""
