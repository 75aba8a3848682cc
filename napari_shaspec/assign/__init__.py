"""Assign files to modalities: asks if the names are ambiguous, and remembers the choice."""
