"""Noise schedules and the levels a run visits, in float64: a second opinion on diffusion/schedulers/schedules/.

Written from the definitions (papers, k-diffusion, and A1111's and ComfyUI's documented behaviour); `check` compares every one
that k-diffusion or diffusers also has.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

T = 1000
ALPHA_MIN = 2.0**-24


@dataclass(frozen=True)
class Config:
    name: str
    beta_start: float
    beta_end: float
    beta_schedule: str
    prediction: str = "epsilon"
    zero_snr: bool = False
    steps_offset: int = 1
    set_alpha_to_one: bool = False


@dataclass(frozen=True)
class Levels:
    """`sigmas` and `alphas` have one entry more than `timesteps`: where the last step ends."""

    timesteps: np.ndarray
    sigmas: np.ndarray
    alphas: np.ndarray

    def __len__(self) -> int:
        return len(self.timesteps)


class Table:
    def __init__(self, config: Config):
        self.config = config
        if config.beta_schedule == "linear":
            betas = np.linspace(config.beta_start, config.beta_end, T)
        elif config.beta_schedule == "scaled_linear":
            betas = np.linspace(config.beta_start**0.5, config.beta_end**0.5, T) ** 2
        else:
            bar = np.cos((np.arange(T + 1) / T + 0.008) / 1.008 * np.pi / 2) ** 2
            betas = np.minimum(1 - bar[1:] / bar[:-1], 0.999)
        alphas = np.cumprod(1 - betas)
        if config.zero_snr:
            root = np.sqrt(alphas)
            root = (root - root[-1]) * root[0] / (root[0] - root[-1])
            alphas = root**2
            if config.prediction == "epsilon":
                alphas[-1] = ALPHA_MIN
        self.alphas = alphas
        capped = np.where(alphas == 0, ALPHA_MIN, alphas)
        self.sigmas = np.sqrt((1 - capped) / capped)

    def sigma_at(self, t):
        return np.exp(np.interp(t, np.arange(T), np.log(self.sigmas)))

    def t_at(self, sigma):
        return np.interp(np.log(sigma), np.log(self.sigmas), np.arange(T))

    def at_timesteps(self, timesteps, end=0.0) -> Levels:
        timesteps = np.asarray(timesteps, dtype=np.float64)
        sigmas = self.sigma_at(timesteps)
        whole = timesteps == np.round(timesteps)
        alphas = np.where(whole, self.alphas[np.round(timesteps).astype(int)], 1 / (1 + sigmas**2))
        return Levels(timesteps, np.append(sigmas, end), np.append(alphas, 1 / (1 + end**2)))

    def at_sigmas(self, sigmas, end=0.0) -> Levels:
        sigmas = np.append(np.asarray(sigmas, dtype=np.float64), end)
        return Levels(self.t_at(sigmas[:-1]), sigmas, 1 / (1 + sigmas**2))

    def levels(self, schedule: str, n: int, placement: str = "whole") -> Levels:
        """`placement`: whose reading of diffusers' spacings: DDIM's ("whole"), DPM-Solver's ("solver") or Euler's ("sigma")."""
        low, high = self.sigmas[0], self.sigmas[-1]
        ramp = np.arange(n) / max(n - 1, 1)
        if schedule in ("uniform", "normal"):
            return self.at_timesteps((T - 1) * (1 - ramp))
        if placement == "solver" and schedule == "linspace":
            return self.at_timesteps(np.linspace(0, T - 1, n + 1).round()[:0:-1])
        if placement == "solver" and schedule == "leading":
            return self.at_timesteps(np.arange(n, 0, -1) * (T // (n + 1)) + self.config.steps_offset)
        if placement == "sigma" and schedule == "linspace":
            timesteps = (T - 1) * (1 - ramp)
            levels = self.at_sigmas(np.interp(timesteps, np.arange(T), self.sigmas))
            return Levels(timesteps, levels.sigmas, levels.alphas)
        if schedule == "linspace":
            return self.at_timesteps(np.round((T - 1) * (1 - ramp)))
        if schedule in ("leading", "ddim"):
            offset = self.config.steps_offset if schedule == "leading" else 1
            return self.at_timesteps((np.arange(n) * (T // n))[::-1] + offset)
        if schedule == "trailing":
            return self.at_timesteps(np.round(np.arange(n, 0, -1) * (T / n)) - 1)
        if schedule == "sgm-uniform":
            return self.at_timesteps(np.linspace(T - 1, 0, n + 1)[:-1])
        if schedule == "simple":
            return self.at_timesteps([T - 1 - int(i * T / n) for i in range(n)])
        if schedule == "karras":
            return self.at_sigmas((high ** (1 / 7) + ramp * (low ** (1 / 7) - high ** (1 / 7))) ** 7)
        if schedule in ("exponential", "polyexponential"):
            return self.at_sigmas(np.exp(np.log(high) + ramp * (np.log(low) - np.log(high))))
        if schedule == "beta":
            return self.at_sigmas(low + stats.beta.ppf(1 - ramp, 0.6, 0.6) * (high - low))
        if schedule == "kl-optimal":
            part = np.arange(n + 1) / n
            angles = part * np.arctan(low) + (1 - part) * np.arctan(high)
            return self.at_sigmas(np.tan(angles)[:-1], end=np.tan(angles)[-1])
        if schedule == "align-your-steps":
            # The authors' published levels for Stable Diffusion 1.5.
            table = np.array([14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029])
            place = ramp * (len(table) - 1)
            return self.at_sigmas(np.exp(np.interp(place, np.arange(len(table)), np.log(table))))
        if schedule == "distilled":
            origin = max(50, n)
            grid = (np.arange(1, origin + 1) * (T // origin) - 1)[::-1]
            return self.at_timesteps(grid[np.floor(np.linspace(0, origin, n, endpoint=False)).astype(int)])
        raise ValueError(schedule)


SCHEDULES = [
    "uniform", "karras", "exponential", "polyexponential", "sgm-uniform", "kl-optimal", "align-your-steps", "simple",
    "normal", "ddim", "beta", "linspace", "leading", "trailing",
]  # fmt: skip


def without_penultimate(levels: Levels) -> Levels:
    keep = np.arange(len(levels) + 1) != len(levels) - 1
    return Levels(levels.timesteps[:-1], levels.sigmas[keep], levels.alphas[keep])


def ending_at_first_timestep(levels: Levels, table: Table) -> Levels:
    if levels.sigmas[-2] <= table.sigmas[0] * (1 + 1e-9):
        return levels
    return Levels(levels.timesteps, np.append(levels.sigmas[:-1], table.sigmas[0]), np.append(levels.alphas[:-1], table.alphas[0]))


def check(table: Table, n: int) -> list[str]:
    """Compares with k-diffusion and diffusers where they have the schedule; returns what was compared."""
    from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, LCMScheduler

    from .kdiffusion import sampling

    c = table.config
    done = []

    def same(what, ours, theirs, tolerance):
        ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
        worst = np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-3))
        if worst > tolerance:
            raise AssertionError(f"{what}, {n} steps: {worst:.2e} apart: {ours} {theirs}")
        done.append(what)

    # float32 linspace inside k-diffusion bounds the agreement.
    low, high = float(table.sigmas[0]), float(table.sigmas[-1])
    same("k-diffusion karras", table.levels("karras", n).sigmas, sampling.get_sigmas_karras(n, low, high), 1e-4)
    same("k-diffusion exponential", table.levels("exponential", n).sigmas, sampling.get_sigmas_exponential(n, low, high), 1e-4)
    same("k-diffusion polyexponential", table.levels("polyexponential", n).sigmas, sampling.get_sigmas_polyexponential(n, low, high), 1e-4)  # fmt: skip
    kwargs = dict(beta_start=c.beta_start, beta_end=c.beta_end, beta_schedule=c.beta_schedule, steps_offset=c.steps_offset)
    for spacing in ("leading", "trailing", "linspace"):
        if spacing == "linspace" and n == 1:
            continue  # diffusers' one step of linspace is timestep 0, where nothing is left to do
        ddim = DDIMScheduler(**kwargs, timestep_spacing=spacing, clip_sample=False)
        ddim.set_timesteps(n)
        same(f"DDIMScheduler {spacing}", table.levels(spacing, n).timesteps, ddim.timesteps, 0)
        if not c.zero_snr:
            same("DDIMScheduler alphas_cumprod", table.alphas, ddim.alphas_cumprod, 1e-3)
        solver = DPMSolverMultistepScheduler(**kwargs, timestep_spacing=spacing)
        solver.set_timesteps(n)
        same(f"DPMSolverMultistepScheduler {spacing}", table.levels(spacing, n, "solver").timesteps, solver.timesteps, 0)
        euler = EulerDiscreteScheduler(**kwargs, timestep_spacing=spacing, rescale_betas_zero_snr=c.zero_snr)
        euler.set_timesteps(n)
        same(f"EulerDiscreteScheduler {spacing}", table.levels(spacing, n, "sigma").timesteps, euler.timesteps, 1e-6)
        same(f"EulerDiscreteScheduler {spacing} σ", table.levels(spacing, n, "sigma").sigmas, euler.sigmas, 1e-3)
    if n > 1 and not c.zero_snr:
        for flag, schedule in (("karras", "karras"), ("exponential", "exponential"), ("beta", "beta")):
            euler = EulerDiscreteScheduler(**kwargs, timestep_spacing="linspace", **{f"use_{flag}_sigmas": True})
            euler.set_timesteps(n)
            same(f"EulerDiscreteScheduler {flag}", table.levels(schedule, n).sigmas, euler.sigmas, 1e-3)
    if n <= 50:
        lcm = LCMScheduler(**kwargs)
        lcm.set_timesteps(n)
        same("LCMScheduler timesteps", table.levels("distilled", n).timesteps, lcm.timesteps, 0)
    return done
