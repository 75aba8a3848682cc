"""The panel *Features*: shared and specific features of a case."""
