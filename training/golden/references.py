"""Runs every sampler's reference in float64 on given levels with given noise.

k-diffusion's own code for its samplers. diffusers' own schedulers for the others, with their tables replaced by float64 ones:
a "timestep" is made an index into the run's levels (end level 0, noisiest last), so that any schedule runs on unmodified step
code. Written out here, from the papers: DDIM CFG++ and Restart (neither library has them) and TCD off whole timesteps.
"""

from dataclasses import dataclass
from itertools import pairwise

import diffusers
import numpy as np
import torch

from . import kdiffusion, synthetic
from .levels import Levels, Table, ending_at_first_timestep, without_penultimate
from .noise import Noise

SAMPLERS = [
    "ddim", "ddim-cfg-pp", "plms", "euler", "heun", "lms", "dpm2", "dpmpp-2m", "unipc", "deis", "euler-a", "dpm2-a",
    "dpmpp-2s-a", "ddpm", "restart", "dpmpp-sde", "dpmpp-2m-sde", "dpmpp-2m-sde-heun", "dpmpp-3m-sde", "lcm", "tcd",
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    sampler: str
    schedule: str
    prediction: str
    steps: int
    eta: float | None = None
    s_churn: float = 0.0
    s_noise: float = 1.0
    strength: float | None = None
    sde_noise: str | None = None


@dataclass(frozen=True)
class Result:
    calls: int
    """Unit-variance input of the call in the middle (index calls // 2), float64 [size]."""
    middle: np.ndarray
    final: np.ndarray


#: What image-to-image cases start from.
ORIGINAL = np.array([0.4, -0.9, 0.2])
SEED = 1234
DEFAULT_ETA = {"ddim": 0.0, "ddim-cfg-pp": 0.0, "tcd": 0.3}


class Model:
    """Counts and records calls; answers in the prediction type asked for."""

    def __init__(self, prediction):
        self.prediction, self.inputs = prediction, []

    def output(self, unit_input, sigma):
        self.inputs.append(np.array(unit_input, dtype=np.float64))
        return synthetic.output(self.prediction, unit_input, sigma)

    def denoise(self, x, sigma):
        """For samplers that take clean latents from a variance-exploding sample; prediction types agree in exact arithmetic,
        so each is converted the long way round, as a sampler has to."""
        signal = 1 / np.sqrt(1 + sigma**2)
        m = self.output(x * signal, sigma)
        if self.prediction == "sample":
            return m
        if self.prediction == "epsilon":
            return x - sigma * m
        return signal**2 * x - sigma * signal * m


def run(case: Case, table: Table) -> Result:
    levels = levels_of(case, table)
    noise, model = Noise(SEED, synthetic.SIZE), Model(case.prediction)
    eta = DEFAULT_ETA.get(case.sampler, 1.0) if case.eta is None else case.eta
    if case.sampler in kdiffusion.FUNCTIONS:
        gamma = min(case.s_churn / len(levels), 2**0.5 - 1) if case.sampler in ("euler", "heun", "dpm2") else 0.0
        start = initial_sigma(case, levels)
        raised = levels.sigmas[0] * (1 + gamma)
        x = _first(case, noise, 1.0, raised, np.sqrt(start**2 + raised**2 - levels.sigmas[0] ** 2))
        final = kdiffusion.run(case.sampler, model.denoise, x, levels.sigmas, noise, eta, case.s_churn, case.s_noise, case.sde_noise)
    elif case.sampler == "restart":
        final = _restart(case, levels, noise, model)
    elif case.sampler in ("unipc", "deis"):
        final = _sigma_scheduler(case, levels, noise, model)
    else:
        final = _alpha_scheduler(case, levels, table, noise, model, eta)
    return Result(len(model.inputs), model.inputs[len(model.inputs) // 2], final)


def levels_of(case: Case, table: Table) -> Levels:
    discards = case.sampler in ("dpm2", "dpm2-a", "dpmpp-3m-sde")
    levels = table.levels(case.schedule, case.steps + discards, placement_of(case.sampler))
    if discards:
        levels = without_penultimate(levels)
    if case.strength is not None:
        skip = len(levels) - min(int(len(levels) * case.strength), len(levels))
        levels = Levels(levels.timesteps[skip:], levels.sigmas[skip:], levels.alphas[skip:])
    return levels


def placement_of(sampler: str) -> str:
    """The diffusers class that places a sampler's levels on diffusers' own spacings."""
    if sampler in ("ddim", "ddim-cfg-pp", "plms", "ddpm", "lcm", "tcd"):
        return "whole"
    return "sigma" if sampler in ("euler", "heun", "lms", "dpm2", "euler-a", "dpm2-a", "restart", "dpmpp-sde") else "solver"


def initial_sigma(case: Case, levels: Levels) -> float:
    # diffusers scales unit variance up whole in DPM-Solver, and elsewhere where a spacing starts short of pure noise.
    spacing = case.schedule in ("linspace", "leading", "trailing")
    whole = case.schedule == "leading" or (spacing and placement_of(case.sampler) == "solver")
    return np.hypot(1, levels.sigmas[0]) if whole else levels.sigmas[0]


def _first(case, noise, signal, deviation, start):
    fresh = noise.next()
    return signal * ORIGINAL + deviation * fresh if case.strength is not None else start * fresh


def _restart(case, levels, noise, model):
    """Xu et al. 2023 with A1111's plan: Heun down, and from 20 steps on once or twice back up from about 0.1 to about 2."""

    def karras(n, low, high):
        ramp = np.arange(n) / max(n - 1, 1)
        return (high ** (1 / 7) + ramp * (low ** (1 / 7) - high ** (1 / 7))) ** 7

    sigmas, n = levels.sigmas, len(levels)
    path = list(pairwise(sigmas))
    if n >= 20:
        loops, length = (1, 9) if n < 36 else (2, n // 4)
        main = np.append(karras(n - loops * length, sigmas[-2], sigmas[0]), 0.0)
        low, high = int(np.argmin(np.abs(main - 0.1))), int(np.argmin(np.abs(main - 2)))
        path = list(pairwise(main))
        if high < low:
            loop = karras(length + 1, main[low], main[high])
            path[low:low] = list(pairwise(loop)) * loops
    x = _first(case, noise, 1.0, sigmas[0], initial_sigma(case, levels))
    last = None
    for start, end in path:
        if last is not None and start > last:
            x = x + noise.next() * case.s_noise * np.sqrt(start**2 - last**2)
        slope = (x - model.denoise(x, start)) / start
        moved = x + slope * (end - start)
        if end > 0:
            slope_there = (moved - model.denoise(moved, end)) / end
            moved = x + (slope + slope_there) / 2 * (end - start)
        x, last = moved, end
    return x


def _sigma_scheduler(case, levels, noise, model):
    """diffusers' UniPC and DEIS, which keep σ per step: their float32 σ are replaced by these float64 ones."""
    n = len(levels)
    cls = {"unipc": diffusers.UniPCMultistepScheduler, "deis": diffusers.DEISMultistepScheduler}[case.sampler]
    scheduler = cls(solver_order=2, prediction_type=case.prediction)
    scheduler.set_timesteps(n)
    scheduler.timesteps = torch.arange(n, 0, -1)
    scheduler.sigmas = torch.from_numpy(levels.sigmas)
    signal, deviation = 1 / np.hypot(1, levels.sigmas[0]), levels.sigmas[0] / np.hypot(1, levels.sigmas[0])
    x = torch.from_numpy(_first(case, noise, signal, deviation, 1.0))[None]
    for i, t in enumerate(scheduler.timesteps):
        m = torch.from_numpy(model.output(x[0].numpy(), levels.sigmas[i]))[None]
        if i == n - 1 and case.sampler == "deis":
            # The last step is first order; diffusers does that under 15 steps, and never ends at σ = 0.
            scheduler._step_index = n - 1
            noise_now = scheduler.convert_model_output(m, sample=x)
            if levels.sigmas[-1] == 0:
                alpha = 1 / np.hypot(1, levels.sigmas[i])
                x = (x - alpha * levels.sigmas[i] * noise_now) / alpha
            else:
                x = scheduler.deis_first_order_update(noise_now, sample=x)
        else:
            x = scheduler.step(m, t, x).prev_sample
    return x[0].numpy() * np.hypot(1, levels.sigmas[-1])


def _alpha_scheduler(case, levels, table, noise, model, eta):
    """Variance-preserving samplers: diffusers' DDIM, DDPM, PNDM and LCM on level indices; TCD and CFG++ written out."""
    prediction = case.prediction
    if case.sampler == "tcd" or (case.sampler in ("ddim", "ddim-cfg-pp", "plms") and not table.config.set_alpha_to_one):
        levels = ending_at_first_timestep(levels, table)
    n, alphas, sigmas = len(levels), levels.alphas, levels.sigmas
    x = _first(case, noise, np.sqrt(alphas[0]), np.sqrt(1 - alphas[0]), 1.0)
    if case.sampler in ("ddim-cfg-pp", "tcd"):
        for i in range(n):
            m = model.output(x, sigmas[i])
            step = _cfg_pp_step if case.sampler == "ddim-cfg-pp" else _tcd_step
            x = step(prediction, x, m, i, levels, table, noise, eta)
        return x

    names = {"ddim": "DDIMScheduler", "ddpm": "DDPMScheduler", "plms": "PNDMScheduler", "lcm": "LCMScheduler"}
    kwargs = dict(num_train_timesteps=n + 1, prediction_type=prediction)
    if case.sampler == "plms":
        # Noises are averaged, so the other prediction types are turned into noise first.
        kwargs = dict(num_train_timesteps=n + 1, prediction_type="epsilon", skip_prk_steps=True)
        alphas = np.where(alphas == 0, 2.0**-24, alphas)
    else:
        kwargs["clip_sample"] = False
    if case.sampler == "lcm":
        kwargs["original_inference_steps"] = n + 1
    scheduler = getattr(diffusers, names[case.sampler])(**kwargs)
    scheduler.set_timesteps(n + 1)
    scheduler.alphas_cumprod = torch.from_numpy(alphas[::-1].copy())
    indices = torch.arange(n, 0, -1)
    if case.sampler == "plms":
        indices = torch.cat([indices[:2], indices[1:]])
    scheduler.timesteps = indices
    if case.sampler == "ddpm":
        # Its next timestep is looked up in the list; the last one's is the end level.
        scheduler.timesteps = torch.arange(n, -1, -1)
    if case.sampler == "lcm":
        scheduler.num_inference_steps = n
        scheduler.set_begin_index(0)
        real = scheduler.get_scalings_for_boundary_condition_discrete
        scheduler.get_scalings_for_boundary_condition_discrete = lambda t: real(levels.timesteps[n - int(t)])

    def draw(shape, **_):
        return torch.from_numpy(case.s_noise * noise.next()).reshape(tuple(shape))

    for module in (diffusers.schedulers.scheduling_ddpm, diffusers.schedulers.scheduling_lcm):
        module.randn_tensor = draw
    x = torch.from_numpy(x)[None]
    for t in indices:
        i = n - int(t)
        m = model.output(x[0].numpy(), sigmas[i])
        if case.sampler == "plms":
            m = _epsilon(prediction, x[0].numpy(), m, alphas[i])
        extra = {}
        if case.sampler == "ddim" and eta > 0:
            # diffusers draws on the last step too, where it is multiplied by zero if that ends clean.
            is_noisy = alphas[i + 1] < 1
            extra = dict(eta=eta, variance_noise=torch.from_numpy(noise.next() if is_noisy else np.zeros(x.shape[1]))[None])
        x = scheduler.step(torch.from_numpy(m)[None], t, x, **extra).prev_sample
    return x[0].numpy()


def _epsilon(prediction, x, m, alpha):
    if prediction == "epsilon":
        return m
    if prediction == "v_prediction":
        return np.sqrt(alpha) * m + np.sqrt(1 - alpha) * x
    return (x - np.sqrt(alpha) * m) / np.sqrt(1 - alpha)


def _original(prediction, x, m, alpha):
    if prediction == "epsilon":
        return (x - np.sqrt(1 - alpha) * m) / np.sqrt(alpha)
    if prediction == "v_prediction":
        return np.sqrt(alpha) * x - np.sqrt(1 - alpha) * m
    return m


def _cfg_pp_step(prediction, x, m, i, levels, table, noise, eta):
    """Chung et al. 2024: the guided clean latents, renoised with the unconditional noise (and DDIM's own η)."""
    alpha, alpha_next = levels.alphas[i], levels.alphas[i + 1]
    unconditional = synthetic.output(prediction, x, levels.sigmas[i], synthetic.UNCONDITIONAL_MEAN)
    deviation = eta * np.sqrt((1 - alpha_next) / (1 - alpha) * (1 - alpha / alpha_next))
    x = np.sqrt(alpha_next) * _original(prediction, x, m, alpha) + np.sqrt(max(1 - alpha_next - deviation**2, 0)) * _epsilon(
        prediction, x, unconditional, alpha
    )
    return x + deviation * noise.next() if deviation > 0 else x


def _tcd_step(prediction, x, m, i, levels, table, noise, gamma):
    """Zheng et al. 2024, algorithm 4, with diffusers' rounding of the jump's target to a whole timestep."""
    alpha, alpha_next = levels.alphas[i], levels.alphas[i + 1]
    last = i == len(levels) - 1
    jump = alpha_next if last else max(table.alphas[int(np.floor((1 - gamma) * levels.timesteps[i + 1]))], alpha_next)
    x = np.sqrt(jump) * _original(prediction, x, m, alpha) + np.sqrt(1 - jump) * _epsilon(prediction, x, m, alpha)
    if last or gamma == 0:
        return x
    return np.sqrt(alpha_next / jump) * x + np.sqrt(1 - alpha_next / jump) * noise.next()
