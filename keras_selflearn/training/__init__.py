"""One training of the network: schedule, batches, augmentation, and the learner of the loop.

It may import `network`, `labelling`, `selflearning`, `console`, and from `options` the schedule.
Estimators and run folders must not come in: the learner gets values.
"""
