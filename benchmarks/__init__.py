"""What the hardware allows and how much of it is reached: `make benchmark`.

Each measurement is a ratio taken side by side, the median of several rounds, so that it holds on a
machine that does other work as well.
"""
