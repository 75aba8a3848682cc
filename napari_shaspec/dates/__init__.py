"""The panel *Two dates*: the change of every region between two cases of one patient."""
