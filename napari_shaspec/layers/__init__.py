"""The only package that adds or updates layers, so that they are consistent.

``metadata``    metadata and position of the layers of this plugin;
``layer_data``  layer data of cases and label maps, for the reader and for the viewer;
``results``     layers of results; ``maps`` and ``features``: maps of other panels;
``presence``    dimmed modalities and the canvas text;
``views``       the three views: stacked, one pane per modality, 3D.
"""
