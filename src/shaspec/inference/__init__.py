"""Inference: sliding windows, sessions that keep features, typed events."""
