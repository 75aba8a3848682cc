"""Segment many cases into a folder; a failed case does not stop the others."""
