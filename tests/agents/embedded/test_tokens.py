"""The byte-pair encoding: nothing is lost, and training is the textbook's."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agents.embedded.corpus import corpus
from agents.embedded.tokens import SPECIAL, Tokenizer, byte_symbols, train_tokenizer, words

TEXTS = [prompt + page for prompt, page in corpus(5, 0, 300)]
TOKENIZER = train_tokenizer(TEXTS, 500)


def decoded(tokenizer: Tokenizer, numbers: list[int]) -> str:
    byte = {symbol: value for value, symbol in enumerate(byte_symbols())}
    return bytes(byte[letter] for number in numbers for letter in tokenizer.vocabulary[number]).decode()


def test_every_byte_has_a_symbol_of_its_own():
    assert len(set(byte_symbols())) == 256


@given(st.text(st.characters(max_codepoint=126)))
def test_words_put_together_are_the_text_and_it_comes_back_from_its_tokens(text):
    assert "".join(words(text)) == text
    assert decoded(TOKENIZER, TOKENIZER.encode(text)) == text


def test_tokens_are_whole_words_where_they_are_frequent_and_digits_stand_alone():
    tokens = [TOKENIZER.vocabulary[number] for number in TOKENIZER.encode("hypertension 120")]

    assert tokens == ["hypertension", "Ġ", "1", "2", "0"]


def test_the_vocabulary_is_no_larger_than_asked_and_its_tokens_are_different():
    assert len(TOKENIZER.vocabulary) == len(set(TOKENIZER.vocabulary)) == 500
    assert TOKENIZER.vocabulary[: len(SPECIAL)] == list(SPECIAL)


def test_each_merge_is_the_most_frequent_pair_at_its_time():
    """Against the definition, counted anew at every step."""
    count = Counter(word for text in TEXTS for word in words(text))
    symbols = byte_symbols()
    spelled = {word: [symbols[byte] for byte in word.encode()] for word in count}
    for merge in TOKENIZER.merges[:60]:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, parts in spelled.items():
            for pair in pairwise(parts):
                pairs[pair] += count[word]
        assert merge == min(pairs, key=lambda pair: (-pairs[pair], pair))
        for parts in spelled.values():
            k = 0
            while k + 1 < len(parts):
                if (parts[k], parts[k + 1]) == merge:
                    parts[k : k + 2] = [merge[0] + merge[1]]
                k += 1


def test_training_gives_the_same_merges_again():
    assert train_tokenizer(TEXTS, 500) == TOKENIZER
