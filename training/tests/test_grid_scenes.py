import numpy as np
import pytest

from dewpoint_training.data.backgrounds import COLORS
from dewpoint_training.data.concepts import all_concepts, grammar
from dewpoint_training.data.grid_scenes import MIXES, SNAP, SceneGenerator, held_out, pair_key
from dewpoint_training.data.sprites import HUES

SCENES = 400


class AnySprite:
    """Stands for the rendered icon sets: a scene is composed and captioned without drawing it."""

    def has(self, label, style):
        return True


@pytest.fixture(scope="module", params=MIXES)
def scenes(request):
    generator = SceneGenerator(AnySprite(), request.param)
    return [generator.scene([0, seed]) for seed in range(SCENES)]


def test_the_same_seed_gives_the_same_scene(scenes):
    generator = SceneGenerator(AnySprite(), "scenes")
    assert generator.scene([0, 7]) == generator.scene([0, 7])
    assert generator.scene([0, 7]) != generator.scene([1, 7])


def test_every_sprite_fills_whole_places_of_the_grid(scenes):
    for scene in scenes:
        for p in scene.placements:
            assert p.x % SNAP == p.y % SNAP == p.size % SNAP == 0, scene


def test_a_training_scene_never_shows_a_held_out_pair_or_colour(scenes):
    concepts = {c.label: c for c in all_concepts()}
    for scene in scenes:
        labels = list(dict.fromkeys(p.label for p in scene.placements))
        if len(labels) == 2:
            assert not held_out(pair_key(*(concepts[label] for label in labels))), scene
        for p in scene.placements:
            assert p.color is None or not held_out(f"color:{p.color}|{p.label}"), scene


def test_an_evaluation_scene_of_two_things_shows_only_held_out_pairs():
    generator = SceneGenerator(AnySprite(), "scenes", held=True)
    concepts = {c.label: c for c in all_concepts()}
    for seed in range(100):
        labels = list(dict.fromkeys(p.label for p in generator.scene([3, seed]).placements))
        if len(labels) == 2:
            a, b = (concepts[label] for label in labels)
            assert held_out(pair_key(a, b)) or any(held_out(f"relation:{r}|{x.label}|{y.label}") for r in [*grammar()["relations"]] for x, y in ((a, b), (b, a)))


def test_about_a_tenth_of_the_pairs_is_held_out():
    concepts = all_concepts()[:120]
    pairs = [held_out(pair_key(a, b)) for i, a in enumerate(concepts) for b in concepts[:i]]
    assert 0.08 < np.mean(pairs) < 0.12


def test_captions_are_plain_words(scenes):
    for scene in scenes:
        assert scene.caption == " ".join(scene.caption.split())
        assert "{" not in scene.caption and " a a " not in scene.caption and " a an " not in scene.caption, scene.caption


def test_counts_show_as_many_sprites_as_the_caption_says():
    generator = SceneGenerator(AnySprite(), "scenes")
    rng = np.random.default_rng(0)
    words = {word: int(n) for n, forms in grammar()["numbers"].items() for word in forms}
    for _ in range(100):
        phrase, _, placements = generator.count(rng)
        said = next(n for word, n in sorted(words.items(), key=lambda item: -len(item[0])) if phrase.startswith(word))
        assert len(placements) == said


def test_every_colour_has_a_hue_and_a_backdrop():
    assert set(HUES) <= set(COLORS)

