from dewpoint_training.data.concepts import all_concepts, parse_concepts, pluralise, with_article


def test_there_are_at_least_three_hundred_concepts_each_named_once():
    concepts = all_concepts()
    assert len(concepts) >= 300
    assert len({c.label for c in concepts}) == len(concepts)
    assert len({c.name for c in concepts}) == len(concepts)


def test_a_line_gives_label_words_plural_and_flags():
    (mouse,) = parse_concepts("[animal]\n*mouse face | mouse; rodent | mice | r")
    assert (mouse.label, mouse.category, mouse.words, mouse.flags) == ("mouse face", "animal", ("mouse", "rodent"), "r")
    assert mouse.plural("mouse") == "mice"
    assert mouse.plural("rodent") == "rodents"
    assert mouse.weight > 1


def test_plurals_follow_english():
    assert [pluralise(w) for w in ("cat", "fox", "butterfly", "donkey", "slice of pizza", "fireman")] == ["cats", "foxes", "butterflies", "donkeys", "slices of pizza", "firemen"]


def test_articles_follow_the_sound_not_the_letter():
    assert [with_article(w) for w in ("apple", "unicorn", "ufo", "red apple")] == ["an apple", "a unicorn", "a ufo", "a red apple"]
