"""The panel *Robustness*: all subsets of modalities of a case."""
