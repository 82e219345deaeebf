"""One training of the network: schedule, batches, augmentation, and the learner of the loop.

The files here import TensorFlow, the rooms `network`, `labelling` and `selflearning`, and from
`options` the schedule. Estimators and run folders must not come in: the learner gets values.
"""
