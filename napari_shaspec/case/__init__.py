"""What the panels of a case share: its state, modality rows, model picker, session."""
