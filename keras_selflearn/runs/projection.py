"""Projects embeddings to two dimensions, as in figure 4 (section 4.1)."""

from __future__ import annotations

import numpy as np
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits


def choose_points(labels: np.ndarray, n_classes: int, max_points: int, seed: int) -> np.ndarray:
    """Choose random points, the same number of each class; ascending positions.

    With more classes than `max_points`, some classes have no point.
    """
    rng = np.random.default_rng(seed)
    members = [rng.permutation(np.flatnonzero(labels == index)) for index in range(n_classes)]
    of_each = max(max_points // n_classes, 1)
    chosen = np.concatenate([each[:of_each] for each in members])
    if len(chosen) > max_points:
        chosen = rng.choice(chosen, max_points, replace=False)
    return np.sort(chosen)


def project(embeddings: np.ndarray, seed: int) -> np.ndarray:
    """Project embeddings (n, d) to (n, 2) float32 by t-SNE."""
    # The initial PCA needs two columns.
    embeddings = np.pad(embeddings.astype(np.float32), ((0, 0), (0, embeddings.shape[1] == 1)))
    perplexity = min(30, (len(embeddings) - 1) / 3)
    tsne = TSNE(init="pca", learning_rate="auto", perplexity=perplexity, random_state=seed)
    # Threads add in any order, and t-SNE turns a changed last digit into another picture.
    with threadpool_limits(1):
        return tsne.fit_transform(embeddings)


def obstacle(embeddings: np.ndarray) -> str | None:
    """Say why t-SNE can't draw these embeddings (n, d); None if it can."""
    if len(embeddings) < 4:
        return "too few images"
    if not np.isfinite(embeddings).all():
        return "embeddings are not finite"
    if (embeddings == embeddings[0]).all():
        return "all embeddings are equal"
    return None
