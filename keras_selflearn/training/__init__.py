"""One training of the network: schedule, batches, augmentation, and the learner of the loop.

The files here import TensorFlow and the rooms `network`, `losses`, `labelling` and `selflearning`.
Options, estimators and run folders must not come in: the learner gets values.
"""
