"""Needs torch; skipped where only the data grammar's dependencies are installed."""

import math

import pytest

torch = pytest.importorskip("torch")

from dewpoint_training.judge.crowds import SIDE, Choices, crowds
from dewpoint_training.judge.detector import Detector, Vocabulary, load_detector, save_detector
from dewpoint_training.judge.train_detector import color_indices, loss_of, score, targets
from dewpoint_training.judge.wear import soup, worn

CHOICES = Choices(things=10, styles=12, born_styles=3, lights=6, backgrounds=5, hues=torch.tensor([358.0, 50.0, 125.0]), recoloured=torch.arange(10) < 4)
VOCABULARY = Vocabulary(
    tuple(f"thing {i}" for i in range(10)),
    ("red", "yellow", "green"),
    tuple(f"style {i}" for i in range(12)),
    tuple(f"light {i}" for i in range(6)),
    tuple(f"place {i}" for i in range(5)),
)


def crowd(n=400, seed=0):
    return crowds(n, CHOICES, torch.Generator().manual_seed(seed))


def discs(plan):
    """Coverage of a plan whose things are discs that fill their squares."""
    centres = (torch.arange(16) + 0.5) * 16
    x, y, side = (plan["box"][..., i][..., None, None] for i in range(3))
    inside = (centres[None, None, None, :] - x) ** 2 + (centres[None, None, :, None] - y) ** 2 < (side / 2) ** 2
    return inside.float() * (plan["sprite"] >= 0)[..., None, None]


def test_crowds_repeat_and_show_every_thing_style_and_light():
    plan = crowd()
    assert all(torch.equal(v, crowd()[k]) for k, v in plan.items())
    there = plan["sprite"] >= 0
    assert set((plan["sprite"][there] // 3).tolist()) == set(range(10))
    for name, n in (("style", 12), ("light", 6), ("background", 5)):
        assert set(plan[name].tolist()) == set(range(n))
    born = plan["style"] < 3
    assert (plan["sprite"][born] % 3 == plan["style"][born][:, None])[there[born]].all()  # the sets' own styles are the sets


def test_things_of_a_crowd_keep_apart_unless_one_hangs_on_the_other():
    plan = crowd()
    assert (plan["box"][..., :2][plan["sprite"] >= 0] > 0).all() and (plan["box"][..., :2][plan["sprite"] >= 0] < SIDE).all()
    close = 0
    for boxes, sprites in zip(plan["box"], plan["sprite"]):
        b = boxes[sprites >= 0]
        for i in range(len(b)):
            for j in range(i):
                close += bool(torch.hypot(b[i, 0] - b[j, 0], b[i, 1] - b[j, 1]) < 0.4 * (b[i, 2] + b[j, 2]))
    pairs = sum(math.comb(int(k), 2) for k in (plan["sprite"] >= 0).sum(1))
    assert 0 < close < pairs / 6


def test_only_what_comes_in_hues_is_recoloured_and_the_hue_says_its_word():
    plan = crowd()
    colored = (plan["color"] >= 0) & (plan["sprite"] >= 0)
    assert colored.any() and (plan["sprite"][colored] // 3 < 4).all()
    assert torch.equal(color_indices(plan["hue"], CHOICES.hues), plan["color"])
    assert color_indices(torch.tensor([3.0, -1.0]), CHOICES.hues).tolist() == [0, -1]  # 3 degrees is red's 358, not yellow's 50


def test_targets_ask_for_what_is_in_sight_and_not_for_what_is_hidden():
    plan = {k: v[:1].clone() for k, v in crowd().items()}
    plan["sprite"][:] = -1
    plan["sprite"][0, :3] = torch.tensor([9, 12, 15])  # a small thing, one that hides it, and one beside them
    plan["box"][0, :3] = torch.tensor([[80.0, 80, 50, 0], [80, 80, 120, 0], [200, 200, 60, 0]])
    want = targets(plan, discs(plan))
    assert want["kind"].tolist() == [4, 5]
    assert list(zip(want["row"].tolist(), want["column"].tolist())) == [(5, 5), (12, 12)]
    assert want["centre"][0, 5, 5] == 1 and want["centre"][0, 12, 12] == 1 and want["centre"][0, 0, 0] < 1e-6
    torch.testing.assert_close(want["box"][1], torch.tensor([0.5, 0.5, math.log(0.6)]))


def test_soup_shows_nothing_and_a_shown_thing_is_no_soup():
    plan = {k: v[:8] for k, v in crowd().items()}
    want = targets(plan, discs(plan), soups=4)
    assert (want["picture"] >= 4).all() and not want["centre"][:4].any() and len(want["style"]) == 4
    pictures = torch.rand(8, 3, 256, 256)
    made = soup(pictures, torch.Generator().manual_seed(0))
    assert made.shape == pictures.shape and (made - pictures).abs().mean() > 0.1


def test_shares_read_right_are_of_the_pictures_that_show_something():
    torch.manual_seed(0)
    plan = {k: v[:8] for k, v in crowd().items()}
    detector, want = Detector(VOCABULARY).eval(), targets(plan, discs(plan), soups=4)
    with torch.no_grad():
        out = detector(torch.rand(8, 3, 256, 256))
        out["style"] = torch.nn.functional.one_hot(plan["style"].long(), 12).float()
        out["style"][:4] = out["style"][:4].roll(1, 1)  # what is said of soup is no mistake
        told = score(detector, out, want)
    assert told["style"] == 1 and 0 <= told["kind"] <= 1


def test_wear_is_slight():
    picture = torch.rand(4, 3, 32, 32).repeat_interleave(8, 2).repeat_interleave(8, 3)
    got = worn(picture, torch.Generator().manual_seed(0))
    assert got.min() >= 0 and got.max() <= 1
    assert 0.005 < (got - picture).abs().mean() < 0.12


def test_the_detector_learns_what_a_few_pictures_show(tmp_path):
    torch.manual_seed(0)
    plan = {k: v[:6] for k, v in crowd(seed=3).items()}
    want = targets(plan, discs(plan))
    pictures = torch.rand(6, 3, 256, 256)
    detector = Detector(VOCABULARY)
    optimiser = torch.optim.Adam(detector.parameters(), 3e-3)
    losses = []
    for _ in range(12):
        loss, _ = loss_of(detector, detector(pictures), want)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
    save_detector(tmp_path / "detector.pt", detector, {"pictures": 6})
    loaded, about = load_detector(tmp_path / "detector.pt")
    assert about == {"pictures": 6} and loaded.vocabulary == VOCABULARY
    seen, features = loaded.look((pictures * 255).byte().permute(0, 2, 3, 1).numpy())
    assert len(seen) == 6 and features.shape == (6, 320)
    assert all(s.style in VOCABULARY.styles and s.light in VOCABULARY.lights and s.background in VOCABULARY.backgrounds for s in seen)


def test_the_file_of_a_thousand_things_is_small(tmp_path):
    many = Vocabulary(tuple(str(i) for i in range(1200)), VOCABULARY.colors, VOCABULARY.styles, VOCABULARY.lights, tuple(str(i) for i in range(51)))
    save_detector(tmp_path / "detector.pt", Detector(many), {})
    assert (tmp_path / "detector.pt").stat().st_size < 15e6
