"""Shared parts of the panels that work on a case: state, modality rows, model picker, session."""
