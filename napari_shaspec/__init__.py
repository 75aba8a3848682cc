"""The napari plugin: segment a case from any subset of its modalities.

Code that uses napari or Qt is here; `shaspec` does the computations and uses neither. Slow imports
are deferred until needed.
"""
