"""`SelfLearningClassifier` with its inputs, its saved form, its export and labels for folders.

The files here may import every room below: training, options, network, datasets, losses, labelling,
selflearning and storage. A run's folder, its record and its page must not come in.
"""
