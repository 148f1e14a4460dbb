import re

from dewpoint_training.data.concepts import DATA, all_concepts, parse_concepts, pluralise, with_article


def test_there_are_at_least_a_thousand_concepts_each_named_once():
    concepts = all_concepts()
    assert len(concepts) >= 1000
    assert len({c.label for c in concepts}) == len(concepts)
    assert len({c.name for c in concepts}) == len(concepts)


def test_a_word_names_one_thing_and_is_made_of_plain_letters():
    things: dict[str, str] = {}
    for concept in all_concepts():
        for word in concept.words:
            assert things.setdefault(word, concept.label) == concept.label, word
            assert re.fullmatch("[a-z0-9' -]+", word), word


def test_words_that_examine_what_is_unknown_name_nothing():
    lines = [line.split("|")[0].strip() for line in (DATA / "unseen-words.txt").read_text().splitlines() if "|" in line]
    names = {part for concept in all_concepts() for word in concept.words for part in word.split()}
    assert not names & {line for line in lines if " " not in line}


def test_a_line_gives_label_words_plural_and_flags():
    (mouse,) = parse_concepts("[animal]\n*mouse face | mouse; rodent | mice | r")
    assert (mouse.label, mouse.category, mouse.words, mouse.flags) == ("mouse face", "animal", ("mouse", "rodent"), "r")
    assert mouse.plural("mouse") == "mice"
    assert mouse.plural("rodent") == "rodents"
    assert mouse.weight > 1


def test_plurals_follow_english():
    assert [pluralise(w) for w in ("cat", "fox", "butterfly", "donkey", "slice of pizza", "fireman")] == [
        "cats",
        "foxes",
        "butterflies",
        "donkeys",
        "slices of pizza",
        "firemen",
    ]


def test_articles_follow_the_sound_not_the_letter():
    assert [with_article(w) for w in ("apple", "unicorn", "ufo", "red apple")] == ["an apple", "a unicorn", "a ufo", "a red apple"]
