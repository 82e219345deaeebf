"""`SelfLearningClassifier` with its inputs, its saved form, its export and labels for folders.

It may import `training`, `options`, `network`, `datasets`, `losses`, `labelling`, `selflearning`,
`storage` and `console`. The folder of a run, its record and its page must not come in.
"""
