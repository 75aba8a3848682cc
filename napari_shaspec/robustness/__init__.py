"""The panel *Robustness*: segments a case from all subsets of its modalities."""
