"""The paper's tables, figures and claims, made from the folders of finished runs.

It may import every room; only the commands import it. It trains nothing itself and knows no
network: the commands of single experiments do the training.
"""
