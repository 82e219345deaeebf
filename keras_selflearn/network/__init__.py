"""The network: backbone, dropout, embedding and head, and the devices and numbers it computes with.

It may import `losses`, `storage` and `console`. How a network is trained, and how its embeddings
become labels, must not come in.
"""
