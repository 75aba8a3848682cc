"""The panel *Segment*: segments a case from any subset of its modalities."""
