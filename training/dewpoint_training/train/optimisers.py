"""Several optimisers stepped as one, and the rates they share: a warm-up, a plateau, a fall to zero."""

from __future__ import annotations

import torch


def rate(progress: float, warm_up: float = 0.02, falls_from: float = 0.55) -> float:
    """Share of the base learning rate at `progress` 0..1 of a run."""
    return min(1.0, progress / warm_up if warm_up else 1.0, (1 - progress) / (1 - falls_from))


class Optimisers:
    def __init__(self, *optimisers: tuple[torch.optim.Optimizer, float]):
        """Pairs of (optimiser, base learning rate)."""
        self.pairs = [(optimiser, lr) for optimiser, lr in optimisers if any(group["params"] for group in optimiser.param_groups)]
        self.parameters = [p for optimiser, _ in self.pairs for group in optimiser.param_groups for p in group["params"]]

    def step(self, share: float, clip: float = 1.0) -> None:
        """One step of all at `share` of their base rates, on gradients clipped together; the gradients are cleared."""
        torch.nn.utils.clip_grad_norm_(self.parameters, clip)
        for optimiser, lr in self.pairs:
            for group in optimiser.param_groups:
                group["lr"] = lr * share
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)

    def state_dict(self) -> list[dict]:
        return [optimiser.state_dict() for optimiser, _ in self.pairs]

    def load_state_dict(self, states: list[dict]) -> None:
        for (optimiser, _), state in zip(self.pairs, states, strict=True):
            optimiser.load_state_dict(state)


class Average:
    """A moving average of modules' trained weights: what is looked at and exported."""

    def __init__(self, decay: float, *modules: torch.nn.Module):
        import copy

        self.decay, self.steps = decay, 0
        self.modules = [copy.deepcopy(module).requires_grad_(False).eval() for module in modules]
        self.pairs = [(a, b) for average, live in zip(self.modules, modules) for a, b in zip(average.parameters(), live.parameters()) if b.requires_grad]

    @torch.no_grad()
    def update(self) -> None:
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 10))
        torch._foreach_lerp_([a for a, _ in self.pairs], [b for _, b in self.pairs], 1 - decay)
