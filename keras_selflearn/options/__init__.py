"""All options of an experiment and of the estimator, each declared once, one group in one file.

It may import the names of what can be chosen from `datasets`, `losses`, `labelling`, `selflearning`
and `network`, and `storage` and `console`. TensorFlow must not come in, because `--help` and a
mistyped name must not wait for it.
"""
