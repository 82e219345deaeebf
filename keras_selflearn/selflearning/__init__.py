"""Figure 1 of the paper, the selection of pseudo-labels, and the state of a run.

It may import `console`, and NumPy and scikit-learn from outside. Keras, files and checkpoints must
not come in: a learner brings the network.
"""
