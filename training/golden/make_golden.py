"""Makes the golden files in test/golden/ that Dewpoint's numeric core is compared with.

Run from the repository's root, in the environment of training/golden/requirements.txt:
    .data/golden/venv/bin/python training/golden/make_golden.py [samplers schedules noise tokenizers]
Every file records the versions, seeds and configurations it was made with. Same versions, same files.
"""

import argparse
import base64
import json
import platform
import sys
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np

# Run by its path, a script sees its own folder only.
sys.path.insert(0, str(Path(__file__).parents[1]))
GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden"
STEPS = [1, 4, 20, 50]
PREDICTIONS = ["epsilon", "v_prediction", "sample"]


def pack(values) -> str:
    """Little-endian float32, base64."""
    array = np.asarray(values, dtype="<f4").ravel()
    if not np.isfinite(array).all():
        raise AssertionError("a golden value is not finite")
    return base64.b64encode(array.tobytes()).decode()


def write(name: str, packages: list[str], content: dict) -> None:
    GOLDEN.mkdir(exist_ok=True)
    made_with = {"python": platform.python_version()} | {package: version(package) for package in packages}
    path = GOLDEN / name
    path.write_text(json.dumps({"madeWith": made_with, **content}, indent=1, ensure_ascii=True) + "\n")
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")


def configs():
    from golden.levels import Config

    return {
        "sd": Config("sd", 0.00085, 0.012, "scaled_linear"),
        "zero-snr": Config("zero-snr", 0.00085, 0.012, "scaled_linear", prediction="v_prediction", zero_snr=True),
        "linear": Config("linear", 0.0001, 0.02, "linear"),
        "cosine": Config("cosine", 0.0001, 0.02, "squaredcos_cap_v2"),
    }


def config_json(config) -> dict:
    return {
        "num_train_timesteps": 1000,
        "beta_start": config.beta_start,
        "beta_end": config.beta_end,
        "beta_schedule": config.beta_schedule,
        "steps_offset": config.steps_offset,
        "set_alpha_to_one": config.set_alpha_to_one,
        "rescale_betas_zero_snr": config.zero_snr,
        "clip_sample": False,
        "timestep_spacing": "leading",
    }


def make_schedules() -> None:
    """σ and timesteps of every schedule, per configuration and step count."""
    from golden.levels import SCHEDULES, Table, check

    compared = set()
    tables = {}
    for name, config in configs().items():
        table = Table(config)
        entry = {"config": config_json(config) | {"prediction_type": config.prediction}, "levels": {}}
        for n in STEPS:
            compared.update(check(table, n))
            for schedule in SCHEDULES:
                levels = table.levels(schedule, n)
                entry["levels"][f"{schedule} {n}"] = pack([levels.sigmas[:-1], levels.timesteps])
            for schedule, placement in (("linspace", "solver"), ("leading", "solver"), ("linspace", "sigma")):
                levels = table.levels(schedule, n, placement)
                entry["levels"][f"{schedule} {n} {placement}"] = pack([levels.sigmas[:-1], levels.timesteps])
        tables[name] = entry
    print("compared with:", ", ".join(sorted(compared)))
    write("schedules.json", ["diffusers", "k-diffusion", "scipy", "numpy"], {
        "what": "per schedule and step count: σ of each call, then the training timestep of each; float32, base64",
        "configs": tables,
    })  # fmt: skip


def make_samplers() -> None:
    """Every sampler on every schedule, prediction type and step count; then their options, strength and odd step counts."""
    from golden.check_references import check_end_to_end, check_tcd
    from golden.levels import SCHEDULES, Table
    from golden.references import SAMPLERS, SEED, Case, run

    all_configs = configs()
    sd, zero_snr = Table(all_configs["sd"]), Table(all_configs["zero-snr"])
    for prediction in PREDICTIONS:
        for steps in (1, 4, 20):
            if (worst := check_tcd(sd, steps, prediction)) > 1e-12:
                raise AssertionError(f"TCD is {worst} from diffusers")

    as_run = {f"{steps} steps": max(check_end_to_end(sd, steps).values()) for steps in (10, 20, 50)}
    print("furthest from diffusers as people run it, relative:", as_run)

    def packed(result):
        return [result.middle, result.final]

    samplers = {}
    for sampler in SAMPLERS:
        values, counts = [], []
        for schedule in SCHEDULES:
            for prediction in PREDICTIONS:
                for steps in STEPS:
                    result = run(Case(sampler, schedule, prediction, steps), sd)
                    values.append(packed(result))
                    counts.append(result.calls)
        entry = {"values": pack(values), "calls": sorted_counts(counts, len(STEPS))}
        # A noise prediction cannot start from pure noise, so zero terminal SNR goes with the other two.
        entry["zeroSnr"] = pack([
            packed(run(Case(sampler, "trailing", prediction, steps), zero_snr))
            for prediction in ("v_prediction", "sample") for steps in STEPS
        ])  # fmt: skip
        samplers[sampler] = entry
    options = []
    for sampler in SAMPLERS:
        for extra in option_sets(sampler):
            case = Case(sampler, extra.pop("schedule", "karras"), "epsilon", extra.pop("steps", 13), **extra)
            result = run(case, sd)
            options.append({
                "sampler": sampler, "schedule": case.schedule, "steps": case.steps, "eta": case.eta,
                "sChurn": case.s_churn, "sNoise": case.s_noise, "strength": case.strength, "sdeNoise": case.sde_noise,
                "calls": result.calls,
                "values": pack(packed(result)),
            })  # fmt: skip
    write("samplers.json", ["diffusers", "k-diffusion", "torch", "numpy", "scipy"], {
        "what": "per case: unit-variance input of the middle call (index calls / 2), then the final sample; float32, base64",
        "model": "training/golden/synthetic.py",
        "noise": {"kind": "philox", "seed": SEED},
        "config": config_json(all_configs["sd"]),
        "zeroSnrConfig": config_json(all_configs["zero-snr"]),
        "order": {"schedules": SCHEDULES, "predictions": PREDICTIONS, "steps": STEPS},
        "samplers": samplers,
        "options": options,
    })  # fmt: skip


def sorted_counts(counts, width):
    """Calls per step count; the same for every schedule and prediction type but KL optimal, which never reaches σ = 0."""
    return [counts[i : i + width] for i in range(0, len(counts), width * len(PREDICTIONS))]


def option_sets(sampler):
    sets = [{"steps": 7, "schedule": "trailing"}, {"steps": 33, "schedule": "leading"}, {"strength": 0.6, "steps": 25}]
    if sampler in ("euler", "heun", "dpm2"):
        sets.append({"s_churn": 5.0, "s_noise": 1.01})
    if sampler in ("ddpm", "restart", "lcm"):
        sets.append({"s_noise": 1.01, "steps": 40})
    if sampler in ("euler-a", "dpm2-a", "dpmpp-2s-a", "dpmpp-sde", "dpmpp-2m-sde", "dpmpp-2m-sde-heun", "dpmpp-3m-sde"):
        sets += [{"eta": 0.5, "s_noise": 1.01}, {"eta": 0.0}]
    if sampler in ("dpmpp-sde", "dpmpp-2m-sde", "dpmpp-2m-sde-heun", "dpmpp-3m-sde"):
        sets.append({"sde_noise": "torchsde-cpu"})
    if sampler in ("ddim", "ddim-cfg-pp"):
        sets += [{"eta": 0.7}, {"eta": 1.0, "schedule": "trailing", "steps": 20}]
    if sampler == "tcd":
        sets += [{"eta": 0.0}, {"eta": 1.0}]
    return sets


def make_noise() -> None:
    """Philox in CUDA's layout (numpy, a second implementation), and torch's CPU generator, for real."""
    import torch

    from golden.noise import philox_randn

    philox = [
        {"seed": seed, "draw": draw, "size": size, "values": pack(philox_randn(seed, draw, size))}
        for seed, draw, size in [(0, 0, 12), (0, 1, 12), (1234, 0, 64), (2**32 - 1, 3, 16), (2**53 - 1, 2, 16)]
    ]
    mt19937 = []
    # Under 16 values torch takes its scalar path, from 16 on blocks of 16, and a tail that is no multiple is redone.
    for seed, sizes in [
        (0, [16, 16]),
        (42, [64, 64, 64]),
        (1234, [5, 5, 5]),
        (7, [15, 15]),
        (3, [17, 17]),
        (2**32 - 1, [1000, 1000]),
        (9, [1, 1, 1]),
        (5, [1024]),
    ]:
        generator = torch.Generator("cpu").manual_seed(seed)
        draws = [torch.randn(size, generator=generator).numpy() for size in sizes]
        # The first values and the last 20 of each draw tell every path apart.
        mt19937.append({
            "seed": seed, "size": sizes[0], "draws": len(sizes),
            "values": [pack(np.concatenate([draw[:20], draw[-20:]])) for draw in draws],
        })  # fmt: skip
    from golden.kdiffusion import sampling

    brownian = []
    for seed, size, levels in [
        (0, 20, [14.6146, 9.1, 4.5, 2.25, 1.0, 0.5, 0.1, 0.0292]),
        (42, 64, [4096.0, 300.0, 14.6, 1.0, 0.03]),
        (2**32 - 1, 5, [10.0, 5.0, 2.5078125, 0.0078125]),
    ]:
        sampler = sampling.BrownianTreeNoiseSampler(torch.zeros(1, size), levels[-1], levels[0], seed=seed)
        pairs = [*pairwise(levels), (levels[0], levels[2]), (levels[3], levels[1])]
        brownian.append({
            "seed": seed, "size": size, "low": levels[-1], "high": levels[0], "pairs": pairs,
            "values": pack(np.stack([sampler(torch.tensor(a), torch.tensor(b))[0].numpy() for a, b in pairs])),
        })  # fmt: skip
    write("noise.json", ["torch", "numpy", "torchsde", "k-diffusion"], {
        "philox": philox, "mt19937": mt19937, "brownianTree": brownian,
    })  # fmt: skip


def make_tokenizers() -> None:
    from golden.tokenizers_golden import make

    write("tokenizers.json", ["transformers", "tokenizers", "clip-anytorch"], make())


def main() -> None:
    makers = {"schedules": make_schedules, "samplers": make_samplers, "noise": make_noise, "tokenizers": make_tokenizers}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", choices=[*makers, []], default=[])
    for name in parser.parse_args().what or makers:
        makers[name]()


if __name__ == "__main__":
    main()
