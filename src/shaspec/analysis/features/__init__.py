"""What a network's features of a case look like, and how far shared and specific come apart.

``components``  principal components;
``colours``  many channels as three: principal components in red, green and blue;
``views``    the ways to look at a map: colours, energy, distance to the mean, one channel, error;
``cka``      similarity of two sets of features;
``probe``    a linear guess of the modality;
``measure``  these numbers for a case, beside an untrained network and shuffled modalities;
``cloud``    voxels as points in a plane: principal components, t-SNE;
``cohort``   the authors' figure: shared and specific features of many windows of many cases;
``figure``   pictures for files.

Features themselves come from `shaspec.inference.session.InferenceSession.features`.
"""
