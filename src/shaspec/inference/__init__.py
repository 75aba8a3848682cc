"""Inference: windows, sessions that keep features, typed events."""
