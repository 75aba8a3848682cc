"""The only place that adds or updates layers, so that all of them agree.

``origin``  what a layer of ours is, and where it lies;
``make``    layer data of cases and label maps, for napari's readers and for the viewer;
``show``    results, dimmed modalities and the canvas text of a running viewer;
``arrange`` the three views: one image over the other, one pane per modality, three dimensions.
"""
