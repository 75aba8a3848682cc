"""Assign files to modalities: asks the user if the names are ambiguous, and remembers the choice."""
