"""The panel *Segment*: a case, segmented from any subset of its modalities."""
