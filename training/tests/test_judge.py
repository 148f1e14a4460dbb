from dewpoint_training.data.concepts import all_concepts, grammar
from dewpoint_training.judge.judge import CATEGORIES, Prompt, fits, make_prompts, read_prompts, relation_of, shows, unseen_words
from dewpoint_training.data.grid_scenes import Placement, Scene, held_out, pair_key
from dewpoint_training.judge.seen import Detection, Seen

from test_grid_scenes import AnySprite

FOX, CAT = Placement("fox", 96, 0, 64), Placement("cat face", 96, 128, 64)


def scene(*placements, composition="pair", **more):
    return Scene("a caption", "beach", "3d", list(placements), composition, **more)


def found(label, x=50.0, y=50.0, color="red", confidence=0.9, others=()):
    return Detection(label, 0.9, confidence, x, y, 96, color, others)


def seen(*detections, background="beach", style="3d"):
    return Seen(tuple(detections), background, style)


def test_two_objects_need_both():
    prompt = Prompt("two objects", "a fox and a cat", scene(FOX, CAT))
    assert shows(prompt, seen(found("fox"), found("cat face")))
    assert not shows(prompt, seen(found("fox"), found("lion")))


def test_a_thing_the_detector_is_unsure_of_does_not_count_but_what_it_may_also_be_does():
    prompt = Prompt("single object", "a fox", scene(FOX, composition="single"))
    assert not shows(prompt, seen(found("fox", confidence=0.1)))
    assert shows(prompt, seen(found("lion", confidence=0.5, others=(("fox", 0.4),))))


def test_counting_is_exact():
    prompt = Prompt("counting", "two foxes", scene(FOX, FOX, composition="count"))
    assert shows(prompt, seen(found("fox"), found("fox", x=150)))
    assert not shows(prompt, seen(found("fox")))
    assert not shows(prompt, seen(found("fox"), found("fox", x=100), found("fox", x=180)))


def test_a_colour_is_the_objects_own():
    prompt = Prompt("colours", "a red fox", scene(Placement("fox", 96, 0, 0, "red"), composition="single"))
    assert shows(prompt, seen(found("fox", color="red")))
    assert not shows(prompt, seen(found("fox", color="blue"), found("lion", color="red")))


def test_position_is_read_off_the_right_answer_and_asked_of_the_picture():
    left = Prompt("position", "a fox left of a cat", scene(FOX, CAT, composition="sided"), relation_of(scene(FOX, CAT, composition="sided")))
    assert left.relation == "fox|left|cat face"
    assert shows(left, seen(found("fox", x=40), found("cat face", x=160)))
    assert not shows(left, seen(found("fox", x=160), found("cat face", x=40)))
    stacked = scene(Placement("cat face", 128, 64, 112), Placement("fox", 96, 64, 32), composition="stacked")  # painted below first: a fox on top of a cat
    assert relation_of(stacked) == "fox|over|cat face"


def test_background_and_style_are_asked_of_the_whole_picture():
    assert shows(Prompt("background", "", scene(FOX)), seen(background="beach"))
    assert not shows(Prompt("background", "", scene(FOX)), seen(background="snow"))
    assert not shows(Prompt("style", "", scene(FOX)), seen(style="flat"))


def test_prompts_are_held_out_ask_only_for_what_may_be_judged_and_repeat():
    judged = {c.label for c in all_concepts()} - {"fox"}
    prompts = make_prompts(AnySprite(), 8, 30, judged)
    assert prompts == make_prompts(AnySprite(), 8, 30, judged)
    assert {p.category for p in prompts} == set(CATEGORIES)
    concepts = {c.label: c for c in all_concepts()}
    for p in prompts:
        labels = list(dict.fromkeys(q.label for q in p.scene.placements))
        assert "fox" not in labels
        if p.category == "two objects":
            assert held_out(pair_key(*(concepts[label] for label in labels)))
        if p.category == "colours":
            assert any(q.color and held_out(f"color:{q.color}|{q.label}") for q in p.scene.placements)


def test_a_place_that_goes_unsaid_is_not_asked_for():
    said, unsaid = Scene("a fox at the beach", "beach", "3d", [FOX]), Scene("a fox", "beach", "3d", [FOX])
    assert fits("background", said) and not fits("background", unsaid)


def test_the_versioned_prompts_are_at_least_six_hundred_and_read_back():
    prompts = read_prompts()
    assert len([p for p in prompts if p.category in CATEGORIES[:7]]) >= 600
    assert all(p.text == p.scene.caption for p in prompts)


def test_unseen_words_stand_in_no_caption():
    said = {word for c in all_concepts() for name in c.words for word in (*name.split(), *c.plural(name).split())}
    said |= {word for places in grammar()["places"].values() for place in places for word in place.split()}
    known = {c.label for c in all_concepts()} | set(grammar()["places"])
    for word, meaning in unseen_words():
        assert meaning in known, word
        assert not set(word.split()) <= said, word
