"""Muon: momentum whose update is orthogonalised (Jordan et al. 2024), for hidden matrices and convolutions; AdamW takes the rest.

Matrices of one shape are orthogonalised together: on a CPU with bf16 matrix units the batched products cost a few per cent of a step.
"""

from __future__ import annotations

import torch
from torch import Tensor

# Quintic whose iteration drives every singular value towards 1; the coefficients trade exactness for speed at zero.
A, B, C = 3.4445, -4.7750, 2.0315


def orthogonalise(g: Tensor, steps: int = 5) -> Tensor:
    """[n, rows, columns] → the nearest semi-orthogonal matrices, approximately."""
    x = g.bfloat16()
    tall = x.size(-2) > x.size(-1)
    if tall:
        x = x.mT
    x = (x / (x.float().norm(dim=(-2, -1), keepdim=True) + 1e-7)).bfloat16().contiguous()
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=B, alpha=C), x, beta=A)
    return (x.mT if tall else x).float()


class Muon(torch.optim.Optimizer):
    def __init__(self, params, lr: float, momentum: float = 0.95, weight_decay: float = 0.01):
        super().__init__(list(params), dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            shapes: dict[tuple, list] = {}
            for p in group["params"]:
                if p.grad is not None:
                    rows = p.size(0)
                    shapes.setdefault((rows, p.numel() // rows), []).append(p)
            for (rows, columns), params in shapes.items():
                updates = []
                for p in params:
                    state = self.state[p]
                    if "momentum" not in state:
                        state["momentum"] = torch.zeros_like(p.grad)
                    state["momentum"].lerp_(p.grad, 1 - group["momentum"])
                    updates.append(p.grad.lerp(state["momentum"], group["momentum"]).reshape(rows, columns))  # Nesterov
                ortho = orthogonalise(torch.stack(updates))
                scale = max(1.0, rows / columns) ** 0.5
                for p, o in zip(params, ortho):
                    p.mul_(1 - group["lr"] * group["weight_decay"]).add_(o.reshape(p.shape), alpha=-group["lr"] * scale)


def split_parameters(modules, names_for_adamw: tuple[str, ...] = ()):
    """(for Muon, for AdamW): matrices and kernels against vectors, plus any parameter whose name starts with one given."""
    hidden, rest = [], []
    for module in modules:
        for name, p in module.named_parameters():
            if p.requires_grad:
                (hidden if p.ndim >= 2 and not name.startswith(names_for_adamw) else rest).append(p)
    return hidden, rest
