"""The network: backbone, dropout, embedding and head, and the devices and numbers it computes with.

This room imports the losses, storage and the console. How a network is trained, and how its
embeddings become labels, does not come in.
"""
