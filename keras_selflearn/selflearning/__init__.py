"""Figure 1 of the paper, the selection of pseudo-labels, and the state of a run.

The files here import NumPy, scikit-learn and the room `console`.
Keras, files and checkpoints must not come in: a learner brings the network.
"""
