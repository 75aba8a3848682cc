"""The napari plugin: segment a case from any subset of its modalities.

Everything that knows napari or Qt lives here; the work itself is done by `shaspec`, which knows
neither. Nothing heavy is imported before it is used.
"""
