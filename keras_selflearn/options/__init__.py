"""All options of an experiment and of the estimator, each declared once, one group in one file.

The files here import the rooms `console`, `selflearning`, `labelling`, `losses` and `datasets`, so
that the network, the training and everything above can take whole groups from here.
TensorFlow must not come in, because `--help` and a mistyped name must not wait for it.
"""
