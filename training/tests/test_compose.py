"""Needs torch; skipped where only the data grammar's dependencies are installed."""

import json
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from PIL import Image, ImageDraw

from dewpoint_training.data import compose
from dewpoint_training.data.backgrounds import BACKGROUNDS
from dewpoint_training.data.compose import Composer
from dewpoint_training.data.sprites import SPRITE_SIZE, STYLES, Pack, Sprites, recolour, write_pack
from dewpoint_training.data.styles import LIGHTS
from dewpoint_training.data.styles import STYLES as LOOKS

torch.set_num_threads(1)  # two threads that wait for each other on a busy machine take ten times as long
LABELS = ["apple", "star", "boat"]
WHITE = BACKGROUNDS.index("white")


def icon(label: str, which: str) -> Image.Image:
    """A drawing with curves, points, thin parts and soft rims, another for each set."""
    big = Image.new("RGBA", (SPRITE_SIZE * 4,) * 2)
    draw, s, tone = ImageDraw.Draw(big), SPRITE_SIZE * 4, list(STYLES.values()).index(which)
    if label == "apple":
        draw.ellipse((0.1 * s, 0.2 * s, 0.9 * s, 0.95 * s), fill=(200 + 20 * tone, 40, 30, 255))
        draw.rectangle((0.47 * s, 0.05 * s, 0.53 * s, 0.3 * s), fill=(90, 60, 30, 255))
    elif label == "star":
        points = [
            (
                0.5 * s + 0.45 * s * (1 if k % 2 == 0 else 0.4) * math.sin(k * math.pi / 5),
                0.5 * s - 0.45 * s * (1 if k % 2 == 0 else 0.4) * math.cos(k * math.pi / 5),
            )
            for k in range(10)
        ]
        draw.polygon(points, fill=(250, 200, 40 + 40 * tone, 255))
    else:
        draw.polygon([(0.1 * s, 0.6 * s), (0.9 * s, 0.6 * s), (0.7 * s, 0.9 * s), (0.25 * s, 0.9 * s)], fill=(40, 90 + 30 * tone, 200, 255))
        draw.polygon([(0.5 * s, 0.1 * s), (0.5 * s, 0.55 * s), (0.85 * s, 0.55 * s)], fill=(240, 240, 235, 200))
    return big.reduce(4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("sprites")
    keys = [(label, which) for label in LABELS for which in STYLES.values()]
    (path / "sprites192.json").write_text(json.dumps([{"label": label, "set": which} for label, which in keys]))
    (path / "sprites192.bin").write_bytes(b"".join(icon(*key).tobytes() for key in keys))
    write_pack(path, path / "sprites.pack")
    return path


@pytest.fixture(scope="module")
def composer(folder):
    return Composer(folder, "cpu", seeds=1, workers=1, labels=LABELS)


def plan(rows, background=WHITE, style=0, light=0, seed=5):
    """One scene a row; a row is its things (label, x, y, side) and what else is set about them."""
    count, things = len(rows), 6
    out = dict(
        style=np.full(count, style, np.int8),
        light=np.full(count, light, np.int8),
        background=np.full(count, background, np.int16),
        background_seed=np.full(count, seed, np.int32),
        sprite=np.full((count, things), -1, np.int32),
        box=np.zeros((count, things, 4), np.float32),
        mirror=np.zeros((count, things), bool),
        hue=np.full((count, things), -1, np.float32),
        shadow=np.zeros((count, things), bool),
        tokens=np.zeros((count, things), np.uint32),
    )
    for i, row in enumerate(rows):
        for k, (label, x, y, side, *more) in enumerate(row):
            more = more[0] if more else {}
            out["sprite"][i, k] = LABELS.index(label) * 3
            out["box"][i, k] = x, y, side, more.get("angle", 0)
            for key in ("mirror", "hue", "shadow"):
                out[key][i, k] = more.get(key, out[key][i, k])
    return out


def pixels(tensor):
    return (tensor.permute(1, 2, 0).numpy() * 255).round()


def test_a_pack_keeps_what_can_be_seen_exactly(folder):
    pack = Pack(folder / "sprites.pack")
    for label in LABELS:
        true, stored = np.asarray(icon(label, "noto")), np.asarray(pack.decode(label, "noto"))
        assert (true[..., 3] == stored[..., 3]).all()
        assert (true[..., :3] == stored[..., :3])[true[..., 3] > 0].all()


def cubic(t):
    """The kernel torch and the reference share, a = -0.75."""
    t = abs(t)
    return (1.25 * t - 2.25) * t * t + 1 if t <= 1 else ((-0.75 * t + 3.75) * t - 6) * t + 3 if t < 2 else 0.0


def slow_picture(composer, one, places):
    """The colour at some places (x, y) of a scene without shadows, one pixel and one tap after another."""
    bare = {key: value.copy() for key, value in one.items()}
    bare["sprite"][:] = -1
    ground = composer.compose(bare)[0][0].numpy().astype(float)
    out = []
    for x, y in places:
        colour = ground[:, y, x]
        for k in range(6):
            if one["sprite"][0, k] < 0:
                continue
            cx, cy, side, angle = one["box"][0, k].tolist()
            level = max(i for i, size in enumerate(compose.LEVELS) if i == 0 or side <= size)
            source = composer.atlas.gather(torch.tensor([int(one["sprite"][0, k])]), level, torch.tensor([float(one["hue"][0, k])]))[0].numpy()
            size = source.shape[1]
            dx, dy = x + 0.5 - cx, y + 0.5 - cy
            u, v = (math.cos(angle) * dx + math.sin(angle) * dy) / side, (math.cos(angle) * dy - math.sin(angle) * dx) / side
            if one["mirror"][0, k]:
                u = -u
            sx, sy = (u + 0.5) * size - 0.5, (v + 0.5) * size - 0.5
            total = np.zeros(4)
            for j in range(math.floor(sy) - 1, math.floor(sy) + 3):
                for i in range(math.floor(sx) - 1, math.floor(sx) + 3):
                    if 0 <= i < size and 0 <= j < size:
                        total += cubic(sx - i) * cubic(sy - j) * source[:, j, i]
            alpha = min(max(total[3], 0), 1)
            colour = colour * (1 - alpha) + np.clip(total[:3], 0, alpha)
        out.append(np.clip(colour, 0, 1))
    return np.array(out)


def test_the_batch_paints_what_a_slow_reference_paints(composer):
    rows = [
        [("apple", 90.3, 120.8, 171.0, {"angle": 0.13, "mirror": True}), ("star", 150.2, 140.9, 83.5, {"angle": -0.1})],
        [("boat", 128, 128, 60.0), ("boat", 200.5, 60.1, 113.0, {"hue": 125, "mirror": True}), ("star", 240, 240, 90)],
    ]
    both = plan(rows, BACKGROUNDS.index("gray"))  # no colour above 1, which only the finished picture is cut to
    pictures, _ = composer.compose(both)
    places = [(x, y) for x in range(5, 256, 13) for y in range(3, 256, 13)]
    for i in range(2):
        expected = slow_picture(composer, {key: value[i : i + 1] for key, value in both.items()}, places)
        got = np.array([pictures[i, :, y, x].numpy() for x, y in places])
        assert np.abs(got - expected).max() < 2e-3


@pytest.mark.parametrize("side", [56, 75, 100, 128, 160, 200])
def test_a_resized_sprite_is_as_good_as_a_lanczos_one(composer, folder, side):
    for label in LABELS:
        expected = Image.new("RGB", (256, 256), (250, 250, 250))
        sprite = Sprites(folder).get(label, "3d", side)
        expected.paste(sprite, (28, 28), sprite)
        one = plan([[(label, 28 + side / 2, 28 + side / 2, side)]])
        canvas, _ = composer.compose(one)
        bare = {**one, "sprite": np.full_like(one["sprite"], -1)}
        ground = composer.compose(bare)[0]
        got = pixels(canvas[0] + (250 / 255 - ground[0]) * (1 - alpha_of(composer, one)))
        box = np.s_[28 : 28 + side, 28 : 28 + side]
        error = np.mean((got[box] - np.asarray(expected, float)[box]) ** 2)
        assert 10 * math.log10(255**2 / error) > 30, label


def alpha_of(composer, one):
    return composer._things(
        torch.tensor([int(one["sprite"][0, 0])]), torch.from_numpy(one["box"][0, :1]), torch.from_numpy(one["mirror"][0, :1]), torch.tensor([-1.0])
    )[0, 3]


def test_a_hue_turns_as_the_sprite_tools_turn_it(composer, folder):
    pack = Pack(folder / "sprites.pack")
    for label, hue in (("apple", 215), ("star", 275), ("boat", 28)):
        source = pack.decode(label, "fluent-emoji")
        expected = np.asarray(recolour(source, hue)).astype(float)
        index = torch.tensor([LABELS.index(label) * 3])
        got = composer.atlas.gather(index, 0, torch.tensor([float(hue)]))[0].permute(1, 2, 0).numpy() * 255
        solid = expected[..., 3] == 255
        assert np.abs(got[..., :3] - expected[..., :3])[solid].mean() < 1.5


def test_later_things_are_in_front_and_coverage_is_each_things_own(composer):
    pictures, coverage = composer.compose(plan([[("apple", 128, 128, 160), ("boat", 128, 136, 80)], [("boat", 128, 136, 80), ("apple", 128, 128, 160)]]))
    front, behind = pixels(pictures[0])[150, 128], pixels(pictures[1])[150, 128]
    assert front[2] > front[0] and behind[0] > behind[2]
    assert torch.allclose(coverage[0, 0], coverage[1, 1]) and torch.allclose(coverage[0, 1], coverage[1, 0])
    assert coverage[0, 0, 8, 8] > 0.99 and coverage[0, 2:].sum() == 0
    area = np.asarray(icon("apple", "fluent-emoji"))[..., 3].mean() / 255 * 160**2 / 256
    assert abs(coverage[0, 0].sum().item() - area) < 0.01 * area


def test_an_angle_turns_clockwise(composer):
    upright, _ = composer.compose(plan([[("apple", 128, 128, 160)], [("apple", 128, 128, 160, {"angle": 0.5})]]))
    stalk = lambda picture: np.argmin(pixels(picture)[64].sum(1))
    assert stalk(upright[1]) > stalk(upright[0]) + 15


def test_a_shadow_darkens_the_ground_below_and_nothing_above(composer):
    lit, _ = composer.compose(plan([[("apple", 128, 120, 120)], [("apple", 128, 120, 120, {"shadow": True})]]))
    darker = (lit[0] - lit[1]).mean(0)
    assert darker[172:190, 110:146].mean() > 0.05 and darker[:120].abs().max() < 1e-6 and darker.min() > -1e-6


@pytest.mark.parametrize("kind, index", [("style", i) for i in range(len(LOOKS))] + [("light", i) for i in range(1, len(LIGHTS))])
def test_a_row_looks_the_same_whatever_else_is_in_the_batch(composer, kind, index):
    rows = [[("apple", 100, 150, 120, {"hue": 125})], [("star", 120, 120, 100), ("boat", 180, 180, 90)], []]
    mixed = plan(rows, BACKGROUNDS.index("meadow"))
    mixed["background_seed"][:] = [1, 2, 3]
    mixed[kind][:] = [index, (index + 1) % 5, index]
    together, _ = composer.compose(mixed)
    assert torch.isfinite(together).all() and together.min() >= 0 and together.max() <= 1
    for i in (0, 2):
        alone, _ = composer.compose({key: value[i : i + 1] for key, value in mixed.items()})
        assert torch.allclose(alone[0], together[i], atol=1e-5)


def test_styles_and_lights_are_told_apart(composer):
    rows = [[("apple", 128, 150, 140), ("boat", 60, 190, 80)]]
    pictures = [composer.compose(plan(rows, BACKGROUNDS.index("beach"), style=i))[0][0] for i in (0, *range(3, len(LOOKS)))]
    pictures += [composer.compose(plan(rows, BACKGROUNDS.index("beach"), light=i))[0][0] for i in range(1, len(LIGHTS))]
    for i, a in enumerate(pictures):
        for b in pictures[:i]:
            assert (a - b).abs().mean() > 0.02


def test_pieces_of_a_batch_fit_together(folder, composer):
    small = Composer(folder, "cpu", seeds=1, workers=1, labels=LABELS, chunk=2)
    rows = [[("apple", 60 + 20 * i, 150, 100)] for i in range(5)]
    whole, pieces = composer.compose(plan(rows, style=4)), small.compose(plan(rows, style=4))
    assert torch.allclose(whole[0], pieces[0], atol=1e-5) and torch.equal(whole[1], pieces[1])
