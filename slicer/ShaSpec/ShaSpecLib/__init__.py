"""The module ShaSpec for 3D Slicer: the engine runs in a process of its own.

`parameters`, `runner`, `install` and `controller` need neither Slicer nor Qt; `nodes` and `world`
need MRML and VTK, `widget` needs Qt.
"""
