"""A DICOM examination dropped on napari: its series are shown, chosen, converted and opened."""
