"""How far pictures are from others: as a crowd (features), each from its nearest, and by pixels."""

from __future__ import annotations

import numpy as np
from PIL import Image


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance of two Gaussians fitted to features (Heusel et al. 2017, arXiv 1706.08500)."""
    mean = np.square(a.mean(0) - b.mean(0)).sum()
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(ca)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    return float(mean + np.trace(ca) + np.trace(cb) - 2 * np.sqrt(np.linalg.eigvalsh(root @ cb @ root).clip(0)).sum())


def thumbnails(pictures: np.ndarray) -> np.ndarray:
    """uint8 [n, 32 * 32 * 3]"""
    return np.stack([np.asarray(Image.fromarray(p).resize((32, 32), Image.BOX)).ravel() for p in pictures])


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Root mean square difference (0 to 1) of each of a to each of b, both of `thumbnails`."""
    a, b = (t.astype(np.float32) / 255 for t in (a, b))
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(squared.clip(0) / a.shape[1])
