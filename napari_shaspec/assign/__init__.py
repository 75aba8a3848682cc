"""Which file of a case is which modality: asked where the names leave it open, and remembered."""
