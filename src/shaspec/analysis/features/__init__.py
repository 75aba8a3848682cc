"""Analysis of the features of a network on a case, and of the separation of shared and specific.

``components``  principal components;
``colours``  channels as RGB colours: principal components in red, green and blue;
``views``    views of a feature map: colours, energy, distance to the mean, one channel, error;
``cka``      centred kernel alignment, the similarity of two sets of features;
``probe``    linear probe of the modality;
``measure``  these measures for a case, with an untrained network and shuffled modalities;
``cloud``    projection of voxels to the plane: PCA, t-SNE, UMAP;
``cohort``   the figure of the paper: shared and specific features of many windows of many cases;
``figure``   figures for files.

`shaspec.inference.session.InferenceSession.features` computes the features.
"""
